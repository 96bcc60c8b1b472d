/* A stream of bytes from and to a server, over a socket of the file system or of a network. */
#ifndef EQML_IPI_STREAM_H
#define EQML_IPI_STREAM_H
#include <stddef.h>

/* Results of reading: all of it; nothing, as the other side has closed; or the stream is broken. */
enum { STREAM_OK, STREAM_CLOSED, STREAM_BROKEN };

int stream_open_unix(const char *path);
int stream_open_network(const char *host, const char *port);
/* A socket that is connected, or -1 with errno; -2 where the host or the port is not known. */

int stream_read(int socket, void *bytes, size_t n);
/* STREAM_CLOSED only where the stream ends before the first byte. */

int stream_write(int socket, const void *bytes, size_t n);
/* STREAM_OK or STREAM_BROKEN; a closed stream raises no signal. */

#endif
