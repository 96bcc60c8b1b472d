#define _POSIX_C_SOURCE 200809L
#include "stream.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

/* Connects, or closes the socket and keeps errno. */
static int connect_to(int socket, const struct sockaddr *address, socklen_t size)
{
    if (socket < 0 || !connect(socket, address, size))
        return socket;
    const int why = errno;
    close(socket);
    errno = why;
    return -1;
}

int stream_open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&address, sizeof address);
}

int stream_open_network(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &wanted, &found))
        return -2;
    int opened = -1;
    for (const struct addrinfo *a = found; a && opened < 0; a = a->ai_next)
        opened = connect_to(socket(a->ai_family, a->ai_socktype, a->ai_protocol), a->ai_addr, a->ai_addrlen);
    freeaddrinfo(found);
    /* Messages are short, and each is waited for. */
    if (opened >= 0)
        setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return opened;
}

int stream_read(int socket, void *bytes, size_t n)
{
    char *at = bytes;
    for (size_t done = 0; done < n;) {
        const ssize_t got = recv(socket, at + done, n - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0)
            return done ? STREAM_BROKEN : STREAM_CLOSED;
        else if (errno != EINTR)
            return STREAM_BROKEN;
    }
    return STREAM_OK;
}

int stream_write(int socket, const void *bytes, size_t n)
{
    const char *at = bytes;
    for (size_t done = 0; done < n;) {
        const ssize_t put = send(socket, at + done, n - done, MSG_NOSIGNAL);
        if (put >= 0)
            done += (size_t)put;
        else if (errno != EINTR)
            return STREAM_BROKEN;
    }
    return STREAM_OK;
}
