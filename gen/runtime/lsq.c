/* Least squares on a stream of rows: the triangle, folded block by block. */
#ifndef EQML__LSQ_C
#define EQML__LSQ_C
#include "lsq.h"
#include "lanes.h"
#include "memory.c"
#include "threads.h"
#include <stdbool.h>
#include <stdlib.h>

/* --- Householder reflections ---------------------------------------------------------------------------- */

/* H = I - tau [1; v] [1; v]^T with v = scale * tail maps [alpha; tail] to [beta; 0]. */
typedef struct eqml__reflector {
    double beta, tau, scale;
} eqml__reflector;

/* The sign of beta is opposite to alpha's, so that alpha - beta cannot cancel. tail2 = |tail|^2. */
static eqml__reflector eqml__reflect(double alpha, double tail2)
{
    eqml__reflector h = {alpha, 0.0, 0.0};
    if (tail2 > 0.0) {
        h.beta = -copysign(sqrt(alpha * alpha + tail2), alpha);
        h.tau = (h.beta - alpha) / h.beta;
        h.scale = 1.0 / (alpha - h.beta);
    }
    return h;
}

/* --- The streaming factorisation ------------------------------------------------------------------------ */

struct eqml_lsq {
    int ncols, nrhs;
    int width;        /* ncols + nrhs: the right-hand sides are columns like the others */
    int padded;       /* width, rounded up to whole panels; the rest stays zero */
    int filled;       /* rows waiting in the block */
    size_t rows;      /* rows added */
    double *row;      /* [padded]: the row being written */
    double *least;    /* [padded]: columns are scaled by no less than this; zero where nothing is asked for */
    double tolerance; /* the rank is decided with no less than this */
    double *r;        /* upper triangular [width][width], see eqml__lsq_r */
    double *block;    /* [EQML__LSQ_BLOCK][padded], see eqml__lsq_put */
    double *work;
    void *room;             /* for the next solution, see eqml__lsq_reserve; or null */
    struct eqml_lsq *spare; /* likewise, where it has a ridge; or null */
};

#define EQML__LSQ_BLOCK 384 /* rows folded at once: enough to hide the traffic of R, a panel stays in L2 */
#define EQML__LSQ_PANEL 48  /* reflectors applied at once */

#ifdef EQML_USE_LAPACK

/* R and the block are column-major squares and rectangles, as dtpqrt wants them. */

#define EQML__LSQ_WORK(padded) (2 * (size_t)EQML__LSQ_PANEL * (size_t)(padded))

#ifdef __cplusplus
#define EQML__FORTRAN extern "C"
#else
#define EQML__FORTRAN extern
#endif
EQML__FORTRAN void dtpqrt_(const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda,
                           double *b, const int *ldb, double *t, const int *ldt, double *work, int *info);

static size_t eqml__lsq_r_size(int padded)
{
    return (size_t)padded * (size_t)padded;
}

static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + (size_t)j * (size_t)lsq->padded + i;
}

/* The element of row i of the block, column j. */
static double *eqml__lsq_waiting(const eqml_lsq *lsq, int i, int j)
{
    return lsq->block + (size_t)j * EQML__LSQ_BLOCK + (size_t)i;
}

static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->width; j++)
        *eqml__lsq_waiting(lsq, i, j) = row ? row[j] : 0.0;
}

static void eqml__lsq_fold(eqml_lsq *lsq)
{
    const int none = 0, ldb = EQML__LSQ_BLOCK;
    const int nb = lsq->width < EQML__LSQ_PANEL ? lsq->width : EQML__LSQ_PANEL;
    double *t = lsq->work, *work = t + (size_t)EQML__LSQ_PANEL * (size_t)lsq->padded;
    int info; /* cannot fail: it only reports illegal arguments */
    if (lsq->filled)
        dtpqrt_(&lsq->filled, &lsq->width, &none, &nb, lsq->r, &lsq->padded, lsq->block, &ldb, t, &nb, work,
                &info);
    lsq->filled = 0;
}

#else

/* Matrices are kept as strips, two vectors wide and row-major, so that the tile below finds its operands in
 * consecutive memory and nothing is ever packed. A tile of 6 by 2 vectors fills the 16 registers of SSE and
 * AVX with accumulators and operands, and has chains enough to hide the latency of AVX-512. */
#define EQML__TILE 6                 /* rows; divides PANEL and BLOCK */
#define EQML__STRIP (2 * EQML_LANES) /* columns; divides PANEL */

/* The reflectors of one panel. */
typedef struct eqml__panel {
    int rows; /* of the block, rounded up to whole tiles; 0: it had nothing to eliminate */
    double *
        v; /* [PANEL / TILE][rows][TILE]: both products with it read it in this order, or nearly, so that there is
                  one copy, which stays in the second cache */
    double *t; /* [PANEL][PANEL] upper triangular, see eqml__lsq_factor */
} eqml__panel;

/* Two panels, since the reflectors of one are made while those of the other are applied; what makes them works on
 * d[PANEL][PANEL] and v[BLOCK][PANEL]. */
#define EQML__LSQ_WORK_PANEL ((size_t)EQML__LSQ_PANEL * (EQML__LSQ_BLOCK + EQML__LSQ_PANEL))
#define EQML__LSQ_WORK(padded) (3 * EQML__LSQ_WORK_PANEL)

/* sum[TILE][2] <-> c[TILE][STRIP] */
EQML_INLINE void eqml__tile_load(const double *c, eqml_lanes sum[EQML__TILE][2])
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        sum[i][0] = eqml__load(c + i * EQML__STRIP);
        sum[i][1] = eqml__load(c + i * EQML__STRIP + EQML_LANES);
    }
}

EQML_INLINE void eqml__tile_store(eqml_lanes sum[EQML__TILE][2], double *c)
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        eqml__store(c + i * EQML__STRIP, sum[i][0]);
        eqml__store(c + i * EQML__STRIP + EQML_LANES, sum[i][1]);
    }
}

/* sum += a b for one column a[TILE], elements `stride` apart, and one row b[STRIP]. */
EQML_INLINE void eqml__tile_step(const double *a, int stride, const double *b, eqml_lanes sum[EQML__TILE][2])
{
    EQML__UNROLL_ALL
    for (int i = 0; i < EQML__TILE; i++) {
        sum[i][0] += a[i * stride] * eqml__load(b);
        sum[i][1] += a[i * stride] * eqml__load(b + EQML_LANES);
    }
}

/* c += a b for c[TILE][STRIP], b[depth][STRIP] and columns a[k stride + (0 .. TILE - 1)]. */
EQML_FUNCTION void eqml__tile(int depth, const double *a, ptrdiff_t stride, const double *b, double *c)
{
    eqml_lanes sum[EQML__TILE][2];
    eqml__tile_load(c, sum);
    for (int k = 0; k < depth; k++, a += stride, b += EQML__STRIP)
        eqml__tile_step(a, 1, b, sum);
    eqml__tile_store(sum, c);
}

/* c += v y for c[TILE][STRIP], y[PANEL][STRIP] and TILE rows of a panel's v, of `rows` in all. */
EQML_FUNCTION void eqml__tile_back(int rows, const double *v, const double *y, double *c)
{
    eqml_lanes sum[EQML__TILE][2];
    eqml__tile_load(c, sum);
    for (int k = 0; k < EQML__LSQ_PANEL; k += EQML__TILE, v += rows * EQML__TILE) {
        EQML__UNROLL_ALL
        for (int j = 0; j < EQML__TILE; j++, y += EQML__STRIP)
            eqml__tile_step(v + j, EQML__TILE, y, sum);
    }
    eqml__tile_store(sum, c);
}

/* R ends at the last row of its diagonal panel: all strips of panel p have (p + 1) PANEL rows. */
static size_t eqml__lsq_r_offset(int column)
{
    size_t p = (size_t)(column / EQML__LSQ_PANEL), within = (size_t)(column % EQML__LSQ_PANEL);
    size_t above = EQML__LSQ_PANEL * (p * (p + 1) / 2), strip = within / EQML__STRIP;
    return EQML__LSQ_PANEL * (above + (p + 1) * strip * EQML__STRIP) + within % EQML__STRIP;
}

static size_t eqml__lsq_r_size(int padded)
{
    return eqml__lsq_r_offset(padded);
}

/* The element R_ij, i <= j. */
static double *eqml__lsq_r(const eqml_lsq *lsq, int i, int j)
{
    return lsq->r + eqml__lsq_r_offset(j) + (size_t)i * EQML__STRIP;
}

static double *eqml__lsq_block_strip(const eqml_lsq *lsq, int column)
{
    return lsq->block + (size_t)column * EQML__LSQ_BLOCK;
}

/* The element of row i of the block, column j. */
static double *eqml__lsq_waiting(const eqml_lsq *lsq, int i, int j)
{
    return eqml__lsq_block_strip(lsq, j / EQML__STRIP * EQML__STRIP) + i * EQML__STRIP + j % EQML__STRIP;
}

/* Row i of the block; a null row is zero. */
static void eqml__lsq_put(eqml_lsq *lsq, int i, const double *row)
{
    for (int j = 0; j < lsq->padded; j += EQML__STRIP) {
        double *to = eqml__lsq_block_strip(lsq, j) + i * EQML__STRIP;
        if (row)
            memcpy(to, row + j, EQML__STRIP * sizeof(double));
        else
            memset(to, 0, EQML__STRIP * sizeof(double));
    }
}

/* Copies rows of STRIP columns between matrices whose rows have the given lengths. */
EQML_FUNCTION void eqml__strip_copy(int rows, double *to, int to_length, const double *from, int from_length)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + i * to_length, from + i * from_length, EQML__STRIP * sizeof(double));
}

/* Copies the columns of one panel: the diagonal of R to d[PANEL][PANEL], the block to v[rows][PANEL]. Returns
 * 0 where the block has nothing to eliminate: so rows that begin with zeros cost less. */
EQML_FUNCTION int eqml__lsq_gather(const eqml_lsq *lsq, int column, int rows, double *d, double *v)
{
    int nonzero = 0;
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP) {
        const double *b = eqml__lsq_block_strip(lsq, column + j);
        eqml__strip_copy(EQML__LSQ_PANEL, d + j, EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j),
                         EQML__STRIP);
        eqml__strip_copy(rows, v + j, EQML__LSQ_PANEL, b, EQML__STRIP);
        for (int i = 0; i < rows * EQML__STRIP; i++)
            nonzero |= b[i] != 0.0;
    }
    return nonzero;
}

EQML_FUNCTION void eqml__lsq_scatter(eqml_lsq *lsq, int column, const double *d)
{
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__STRIP)
        eqml__strip_copy(EQML__LSQ_PANEL, eqml__lsq_r(lsq, column, column + j), EQML__STRIP, d + j,
                         EQML__LSQ_PANEL);
}

/* One pass over v[rows][PANEL]: v -= (scale v_j) w^T, then g = v^T v_next. w is zero in columns up to j, so
 * the vectors left of column j need no store. */
EQML_FUNCTION void eqml__lsq_eliminate(int rows, double *v, int j, double scale, const double *w, int next,
                                       double *g)
{
    const int first = j / EQML_LANES * EQML_LANES;
    memset(g, 0, EQML__LSQ_PANEL * sizeof(double));
    for (int i = 0; i < rows; i += EQML__TILE, v += EQML__TILE * EQML__LSQ_PANEL) {
        double t[EQML__TILE], s[EQML__TILE];
        for (int k = 0; k < EQML__TILE; k++) {
            t[k] = scale * v[k * EQML__LSQ_PANEL + j];
            s[k] = v[k * EQML__LSQ_PANEL + next] - t[k] * w[next];
        }
        for (int q = 0; q < first; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++)
                sum += s[k] * eqml__load(v + k * EQML__LSQ_PANEL + q);
            eqml__store(g + q, sum);
        }
        for (int q = first; q < EQML__LSQ_PANEL; q += EQML_LANES) {
            eqml_lanes sum = eqml__load(g + q), wq = eqml__load(w + q);
            EQML__UNROLL_ALL
            for (int k = 0; k < EQML__TILE; k++) {
                double *at = v + k * EQML__LSQ_PANEL + q;
                const eqml_lanes left = eqml__load(at) - t[k] * wq;
                eqml__store(at, left);
                sum += s[k] * left;
            }
            eqml__store(g + q, sum);
        }
    }
}

/* Factors the panel d[PANEL][PANEL] (upper triangular) above v[rows][PANEL]. On return d is the new triangle,
 * and the product of the reflectors is I - [I; v] T [I; v]^T with upper triangular T; t = -T. */
EQML_FUNCTION void eqml__lsq_factor(int rows, double *d, double *v, double *t)
{
    double scale[EQML__LSQ_PANEL], w[EQML__LSQ_PANEL] = {0}, g[EQML__LSQ_PANEL];
    memset(t, 0, EQML__LSQ_PANEL * EQML__LSQ_PANEL * sizeof(double));
    eqml__lsq_eliminate(rows, v, 0, 0.0, w, 0, g);
    for (int j = 0; j < EQML__LSQ_PANEL; j++, d += EQML__LSQ_PANEL) {
        eqml__reflector h = eqml__reflect(d[j], g[j]);
        scale[j] = h.scale;
        for (int k = 0; k < j; k++) {
            double sum = 0.0;
            for (int l = k; l < j; l++)
                sum += t[k * EQML__LSQ_PANEL + l] * scale[l] * g[l];
            t[k * EQML__LSQ_PANEL + j] = -h.tau * h.scale * sum;
        }
        t[j * EQML__LSQ_PANEL + j] = -h.tau;
        d[j] = h.beta;
        w[j] = 0.0;
        for (int k = j + 1; k < EQML__LSQ_PANEL; k++) {
            w[k] = h.tau * (d[k] + h.scale * g[k]);
            d[k] -= w[k];
        }
        if (j + 1 < EQML__LSQ_PANEL)
            eqml__lsq_eliminate(rows, v, j, h.scale, w, j + 1, g);
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < EQML__LSQ_PANEL; j++)
            v[i * EQML__LSQ_PANEL + j] *= scale[j];
}

/* Makes the reflectors of the panel that begins at a column, and puts its new diagonal into R. */
static void eqml__lsq_reflect_panel(eqml_lsq *lsq, int column, int rows, eqml__panel *p)
{
    double *d = lsq->work, *v = d + EQML__LSQ_PANEL * EQML__LSQ_PANEL, *to = p->v;
    p->rows = eqml__lsq_gather(lsq, column, rows, d, v) ? rows : 0;
    if (!p->rows)
        return;
    eqml__lsq_factor(rows, d, v, p->t);
    eqml__lsq_scatter(lsq, column, d);
    for (int j = 0; j < EQML__LSQ_PANEL; j += EQML__TILE)
        for (int i = 0; i < rows; i++, to += EQML__TILE)
            memcpy(to, v + i * EQML__LSQ_PANEL + j, EQML__TILE * sizeof(double));
}

/* Asks for memory that is soon read. 14,752 columns are folded at 33 GFLOP/s with it, at 30 without. */
#ifdef __GNUC__
#define EQML__PREFETCH(address) __builtin_prefetch(address)
#else
#define EQML__PREFETCH(address) ((void)(address))
#endif

/* Applies the transposed product of a panel's reflectors to one strip of the columns behind it:
 * [r; b] += [I; v] t^T (r + v^T b). */
EQML_FUNCTION void eqml__lsq_apply(const eqml__panel *p, double *r, double *b)
{
    enum { SIZE = EQML__LSQ_PANEL * EQML__STRIP };
    double w[SIZE] EQML_ALIGNED, y[SIZE] EQML_ALIGNED;
    const double *next = b + EQML__LSQ_BLOCK * EQML__STRIP; /* the strip behind; past the last, R */
    memcpy(w, r, sizeof w);
    memset(y, 0, sizeof y);
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(p->rows, p->v + i * p->rows, EQML__TILE, b, w + i * EQML__STRIP);
    for (int i = 0; i < EQML__LSQ_PANEL; i += EQML__TILE)
        eqml__tile(i + EQML__TILE, p->t + i, EQML__LSQ_PANEL, w, y + i * EQML__STRIP);
    for (int k = 0; k < SIZE; k++)
        r[k] += y[k];
    for (int i = 0; i < p->rows; i += EQML__TILE) {
        for (int k = i; k < i + EQML__TILE; k++)
            EQML__PREFETCH(next + k * EQML__STRIP);
        eqml__tile_back(p->rows, p->v + i * EQML__TILE, y, b + i * EQML__STRIP);
    }
}

/* Applies a panel, which begins at `column`, to the strips from column `from` to `to`. */
static void eqml__lsq_apply_strips(eqml_lsq *lsq, const eqml__panel *p, int column, int from, int to)
{
    for (int j = from; j < to; j += EQML__STRIP)
        eqml__lsq_apply(p, eqml__lsq_r(lsq, column, j), eqml__lsq_block_strip(lsq, j));
}

/* Columns that a thread takes at a time, a tenth of a millisecond of work; and the fewest such shares for which
 * there are threads, which cost some microseconds. */
#define EQML__LSQ_SHARE EQML__LSQ_PANEL
#define EQML__LSQ_FEW 3

/* R <- triangular factor of [R; block]; the block is empty afterwards. A panel is applied to the next panel first,
 * whose reflectors are then made while other threads apply it to the columns behind. Each strip is changed by one
 * thread, in the same order of panels: the bits do not depend on the threads. */
static void eqml__lsq_fold(eqml_lsq *lsq)
{
    eqml__panel panels[2];
    int rows = lsq->filled, last = (lsq->width - 1) / EQML__LSQ_PANEL;
    for (int k = 0; k < 2; k++) {
        panels[k].v = lsq->work + (size_t)(k + 1) * EQML__LSQ_WORK_PANEL;
        panels[k].t = panels[k].v + EQML__LSQ_BLOCK * EQML__LSQ_PANEL;
    }
    for (; rows % EQML__TILE; rows++)
        eqml__lsq_put(lsq, rows, NULL);
    if (rows)
        eqml__lsq_reflect_panel(lsq, 0, rows, &panels[0]);
    for (int k = 0; k < last && rows; k++) {
        const int column = k * EQML__LSQ_PANEL, next = column + EQML__LSQ_PANEL;
        eqml__panel *p = &panels[k % 2], *ahead = &panels[(k + 1) % 2];
        EQML__OMP(parallel for schedule(dynamic) if (last - k >= EQML__LSQ_FEW))
        for (int share = next; share < lsq->width; share += EQML__LSQ_SHARE) {
            const int end = share + EQML__LSQ_SHARE < lsq->width ? share + EQML__LSQ_SHARE : lsq->width;
            if (p->rows)
                eqml__lsq_apply_strips(lsq, p, column, share, end);
            if (share == next)
                eqml__lsq_reflect_panel(lsq, next, rows, ahead);
        }
    }
    lsq->filled = 0;
}

#endif

static int eqml__lsq_padded(int width)
{
    return (width + EQML__LSQ_PANEL - 1) / EQML__LSQ_PANEL * EQML__LSQ_PANEL;
}

/* Numbers in the one allocation of a system. */
static size_t eqml__lsq_count(int padded)
{
    return (size_t)padded * (EQML__LSQ_BLOCK + 2) + eqml__lsq_r_size(padded) + EQML__LSQ_WORK(padded);
}

/* Bytes of an eqml__system. */
static size_t eqml__system_size(int n, int nrhs)
{
    const size_t size = (size_t)n, ld = size + (size_t)nrhs;
    return (size * ld + 5 * size + ld) * sizeof(double) + size * sizeof(int);
}

/* A system without room for its solution. Everything lives in one allocation; the matrices begin on a cache
 * line. */
static eqml_status eqml__lsq_open(eqml_lsq **lsq, int ncols, int nrhs)
{
    *lsq = NULL;
    if (ncols < 1 || nrhs < 1 || ncols > (1 << 24) || nrhs > (1 << 24))
        return EQML_ERROR_ARGUMENT;
    const int width = ncols + nrhs, padded = eqml__lsq_padded(width);
    if ((double)padded * padded * sizeof(double) > 0.25 * (double)SIZE_MAX)
        return EQML_ERROR_MEMORY;
    const size_t nrow = (size_t)padded, nblock = nrow * EQML__LSQ_BLOCK, nr = eqml__lsq_r_size(padded);
    const size_t count = eqml__lsq_count(padded), line = 64;
    eqml_lsq *s = (eqml_lsq *)EQML_MALLOC(sizeof(eqml_lsq) + line + count * sizeof(double));
    if (!s)
        return EQML_ERROR_MEMORY;
    memset(s, 0, sizeof(eqml_lsq));
    s->ncols = ncols, s->nrhs = nrhs, s->width = width, s->padded = padded;
    s->block = (double *)(((uintptr_t)(s + 1) + line - 1) / line * line);
    memset(s->block, 0, count * sizeof(double));
    s->r = s->block + nblock;
    s->work = s->r + nr;
    s->row = s->work + EQML__LSQ_WORK(padded);
    s->least = s->row + nrow;
    *lsq = s;
    return EQML_OK;
}

/* Takes what the next solution needs, so that one for which memory is short fails before the work. */
static eqml_status eqml__lsq_reserve(eqml_lsq *lsq, int ridge)
{
    if (!lsq->room)
        lsq->room = EQML_MALLOC(eqml__system_size(lsq->ncols, lsq->nrhs));
    if (!lsq->room)
        return EQML_ERROR_MEMORY;
    return ridge && !lsq->spare ? eqml__lsq_open(&lsq->spare, lsq->ncols, lsq->nrhs) : EQML_OK;
}

static void eqml__lsq_release(eqml_lsq *lsq)
{
    EQML_FREE(lsq->room);
    EQML_FREE(lsq->spare);
    lsq->room = NULL;
    lsq->spare = NULL;
}

/* An empty system with the room of its first solution, which may have a ridge. */
static eqml_status eqml__lsq_start(eqml_lsq **lsq, int ncols, int nrhs, int ridge)
{
    eqml_status status = eqml__lsq_open(lsq, ncols, nrhs);
    if (status == EQML_OK)
        status = eqml__lsq_reserve(*lsq, ridge);
    if (status != EQML_OK) {
        eqml_lsq_free(*lsq);
        *lsq = NULL;
    }
    return status;
}

eqml_status eqml_lsq_create(eqml_lsq **lsq, int ncols, int nrhs)
{
    return lsq ? eqml__lsq_start(lsq, ncols, nrhs, 0) : EQML_ERROR_ARGUMENT;
}

size_t eqml_lsq_memory(int ncols, int nrhs, int ridge)
{
    const size_t stream = eqml__lsq_count(eqml__lsq_padded(ncols + nrhs)) * sizeof(double);
    return (ridge ? 2 : 1) * stream + eqml__system_size(ncols, nrhs);
}

void eqml_lsq_free(eqml_lsq *lsq)
{
    if (lsq)
        eqml__lsq_release(lsq);
    EQML_FREE(lsq);
}

double *eqml_lsq_row(eqml_lsq *lsq)
{
    return lsq->row;
}

eqml_status eqml_lsq_add(eqml_lsq *lsq)
{
    for (int j = 0; j < lsq->width; j++)
        if (!isfinite(lsq->row[j]))
            return EQML_ERROR_VALUE;
    eqml__lsq_put(lsq, lsq->filled++, lsq->row);
    lsq->rows++;
    if (lsq->filled == EQML__LSQ_BLOCK)
        eqml__lsq_fold(lsq);
    return EQML_OK;
}

/* Whether no square has overflowed. */
static bool eqml__lsq_is_finite(const eqml_lsq *lsq)
{
    bool finite = true;
    for (int j = 0; j < lsq->width; j++)
        for (int i = 0; i <= j; i++)
            finite = finite && isfinite(*eqml__lsq_r(lsq, i, j));
    return finite;
}

/* lsq->row <- row i of the triangle times a factor; what stands before its diagonal is left as it was. */
static void eqml__lsq_triangle_row(eqml_lsq *lsq, int i, double factor)
{
    for (int j = i; j < lsq->width; j++)
        lsq->row[j] = factor * *eqml__lsq_r(lsq, i, j);
}

/* Adds lsq->row as row i of another triangle, of which row 0 must be the first and the last one the last. */
static void eqml__lsq_add_merged(eqml_lsq *lsq, int i)
{
    memset(lsq->row, 0, (size_t)i * sizeof(double));
    eqml__lsq_put(lsq, lsq->filled++, lsq->row);
    if (lsq->filled == EQML__LSQ_BLOCK || i + 1 == lsq->width)
        eqml__lsq_fold(lsq);
}

/* What another triangle brings beside its rows. */
static void eqml__lsq_note_merged(eqml_lsq *lsq, size_t rows, const double *least, double tolerance)
{
    lsq->rows += rows;
    for (int j = 0; j < lsq->width; j++)
        lsq->least[j] = lsq->least[j] < least[j] ? least[j] : lsq->least[j];
    lsq->tolerance = lsq->tolerance < tolerance ? tolerance : lsq->tolerance;
}

/* Takes all rows out; what columns are scaled by stays. */
static void eqml__lsq_empty(eqml_lsq *lsq)
{
    memset(lsq->r, 0, eqml__lsq_r_size(lsq->padded) * sizeof(double));
    lsq->rows = 0;
    lsq->filled = 0;
}

/* Adds the rows of another system times a factor: those of its triangle, whose leading zeros make them cheap. */
static eqml_status eqml__lsq_merge_times(eqml_lsq *lsq, eqml_lsq *other, double factor)
{
    if (!lsq || !other || lsq == other || lsq->ncols != other->ncols || lsq->nrhs != other->nrhs)
        return EQML_ERROR_ARGUMENT;
    eqml__lsq_fold(lsq);
    eqml__lsq_fold(other);
    if (!eqml__lsq_is_finite(other))
        return EQML_ERROR_VALUE;
    for (size_t k = 0; k < eqml__lsq_r_size(lsq->padded) && lsq->rows == 0; k++)
        lsq->r[k] = factor * other->r[k];
    for (int i = 0; i < lsq->width && lsq->rows > 0; i++) {
        eqml__lsq_triangle_row(other, i, factor);
        memcpy(lsq->row + i, other->row + i, (size_t)(lsq->width - i) * sizeof(double));
        eqml__lsq_add_merged(lsq, i);
    }
    eqml__lsq_note_merged(lsq, other->rows, other->least, other->tolerance);
    return EQML_OK;
}

eqml_status eqml_lsq_merge(eqml_lsq *lsq, eqml_lsq *other)
{
    return eqml__lsq_merge_times(lsq, other, 1);
}

#endif /* EQML__LSQ_C */
