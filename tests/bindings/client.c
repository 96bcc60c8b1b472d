/*
 * What libeqml promises, for check-bindings: client A.pes B.pes libA.so. Two surfaces in one process, evaluated by
 * several threads, and the library of the first one beside its file; errors by status and message. Prints a line of numbers
 * that must be the same whatever the vectors.
 */
#define _POSIX_C_SOURCE 200809L
#include "eqml_library.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDS(...)                                                                                           \
    do {                                                                                                     \
        if (!(__VA_ARGS__)) {                                                                                \
            fprintf(stderr, "client.c:%d: %s: %s\n", __LINE__, #__VA_ARGS__, why);                            \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

enum { N = 37, SIZE = 12, THREADS = 4 };
static char why[EQML_WHY];

typedef struct work {
    const eqml_handle *handle;
    double xyz[N * SIZE], energy[N], gradient[N * SIZE];
} work;

static void *evaluate(void *context)
{
    work *w = context;
    for (int k = 0; k < 50; k++)
        if (eqml_energies(w->handle, N, w->xyz, w->energy, w->gradient, NULL, 0))
            return w;
    return NULL;
}

/* The lowest training geometry, moved here and there. */
static void fill(const eqml_record *r, double *xyz, unsigned seed)
{
    for (int k = 0; k < N * 3 * r->natoms; k++) {
        seed = seed * 1664525u + 1013904223u;
        xyz[k] = r->lowest_xyz[k % (3 * r->natoms)] + 0.3 * ((seed >> 8) / 16777216.0 - 0.5);
    }
}

static double differ(int n, const double *a, const double *b)
{
    double most = 0;
    for (int k = 0; k < n; k++)
        most = fmax(most, fabs(a[k] - b[k]));
    return most;
}

/* Threads share two surfaces, and find what one of them finds alone. */
static void share(eqml_handle *const handle[2])
{
    static work alone[2], w[THREADS];
    pthread_t thread[THREADS];
    for (int k = 0; k < 2; k++) {
        alone[k].handle = handle[k];
        fill(eqml_get(handle[k]), alone[k].xyz, (unsigned)k);
        HOLDS(!evaluate(&alone[k]));
    }
    for (int k = 0; k < THREADS; k++) {
        w[k] = alone[k % 2];
        memset(w[k].gradient, 0, sizeof w[k].gradient);
        HOLDS(!pthread_create(&thread[k], NULL, evaluate, &w[k]));
    }
    for (int k = 0; k < THREADS; k++) {
        void *failed;
        HOLDS(!pthread_join(thread[k], &failed) && !failed);
        HOLDS(!memcmp(w[k].gradient, alone[k % 2].gradient, sizeof w[k].gradient));
    }
}

/* Two routes to the same surface: from its tables, and from compiled code. */
static void compare(const eqml_handle *a, const eqml_handle *b)
{
    const eqml_record *p = eqml_get(a), *q = eqml_get(b);
    static double xyz[N * SIZE], e[2][N], g[2][N * SIZE], h[2][SIZE * SIZE], d[2][3 * N], j[2][3 * N * SIZE];
    const int n = 3 * p->natoms;
    HOLDS(p->natoms == q->natoms && !strcmp(p->symbols, q->symbols) && !strcmp(p->composition, q->composition));
    HOLDS(p->charge == q->charge && p->ntrain == q->ntrain && p->lowest == q->lowest && p->highest == q->highest);
    HOLDS(differ(n, p->lowest_xyz, q->lowest_xyz) == 0);
    HOLDS(differ(2 * p->natoms * p->natoms, p->ranges, q->ranges) == 0);
    HOLDS(!memcmp(p->numbers, q->numbers, (size_t)p->natoms * sizeof(int)));
    HOLDS((p->fits & 15) == (q->fits & 15));
    HOLDS(eqml_inside(a, p->lowest_xyz) == 1 && eqml_inside(b, p->lowest_xyz) == 1);
    fill(p, xyz, 7);
    for (int k = 0; k < 2; k++) {
        const eqml_handle *x = k ? b : a;
        HOLDS(!eqml_energies(x, N, xyz, e[k], g[k], why, sizeof why));
        HOLDS(!eqml_hessian(x, xyz, &e[k][0], g[k], h[k], why, sizeof why));
        HOLDS(!eqml_tensors(x, EQML_OF_DIPOLE, N, xyz, d[k], j[k], why, sizeof why));
        HOLDS(eqml_tensors(x, EQML_OF_POLARIZABILITY, N, xyz, d[k], NULL, why, sizeof why) == 1 &&
              strstr(why, "polarizability"));
    }
    HOLDS(differ(N, e[0], e[1]) < 1e-10 && differ(N * n, g[0], g[1]) < 1e-10);
    HOLDS(differ(n * n, h[0], h[1]) < 1e-9 && differ(3 * N, d[0], d[1]) < 1e-10 && differ(3 * N * n, j[0], j[1]) < 1e-9);
    printf("%.9f %.8f %.7f %.8f %.7f\n", e[0][3], g[0][4], h[0][5], d[0][6], j[0][7]);
}

/* The dipole is that of the charges, which add up to the total charge. */
static void check_charges(const eqml_handle *handle)
{
    const eqml_record *r = eqml_get(handle);
    double q[SIZE], d[3], sum[4] = {0};
    HOLDS(!eqml_charges(handle, 1, r->lowest_xyz, q, why, sizeof why));
    HOLDS(!eqml_tensors(handle, EQML_OF_DIPOLE, 1, r->lowest_xyz, d, NULL, why, sizeof why));
    for (int i = 0; i < r->natoms; i++)
        for (int k = 0; k < 4; k++)
            sum[k] += q[i] * (k < 3 ? r->lowest_xyz[3 * i + k] : 1);
    HOLDS(differ(3, d, sum) < 1e-12 && fabs(sum[3] - r->charge) < 1e-12);
}

static void check_match(const eqml_handle *handle)
{
    static const int other[] = {8, 1, 1}, wrong[] = {8, 1, 7}, more[] = {1, 1, 8, 8};
    int order[4];
    HOLDS(!eqml_match(handle, 3, other, order, why, sizeof why) && order[0] == 1 && order[1] == 2 && order[2] == 0);
    HOLDS(eqml_match(handle, 3, wrong, order, why, sizeof why) == 6 && strstr(why, "H H O"));
    HOLDS(eqml_match(handle, 4, more, order, why, sizeof why) == 6 && strstr(why, "4 atoms"));
}

int main(int argc, char **argv)
{
    eqml_handle *a, *b, *library, *none;
    HOLDS(argc == 4);
    HOLDS(!eqml_open(argv[1], &a, why, sizeof why));
    HOLDS(!eqml_open(argv[2], &b, why, sizeof why));
    HOLDS(!eqml_open(argv[3], &library, why, sizeof why));
    HOLDS(eqml_open("no such.pes", &none, why, sizeof why) == 3 && !none && strstr(why, "no such.pes"));
    HOLDS(eqml_open("no such.so", &none, why, sizeof why) == 3 && !none);
    HOLDS(eqml_open(argv[0], &none, NULL, 0) && !none);
    HOLDS(eqml_energies(a, 1, NULL, NULL, NULL, why, sizeof why) == 1);
    share((eqml_handle *[2]){a, b});
    share((eqml_handle *[2]){library, b});
    compare(a, library);
    check_charges(a);
    check_match(a);
    eqml_close(a);
    eqml_close(b);
    eqml_close(library);
    eqml_close(NULL);
    return 0;
}
