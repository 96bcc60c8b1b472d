/* Linear least squares on a stream of rows. */
#ifndef EQML__LSQ_H
#define EQML__LSQ_H
#include "status.h"

/*
 * A linear least-squares problem whose rows arrive one by one:
 *
 *     minimise |A x - b|^2,    A has any number of rows; only a triangle of ncols^2 / 2 numbers is kept.
 *
 *     eqml_lsq *lsq;
 *     eqml_lsq_create(&lsq, 3, 1);
 *     for (each observation) {
 *         double *row = eqml_lsq_row(lsq);
 *         row[0] = 1, row[1] = t, row[2] = t * t;    the ncols entries of A ...
 *         row[3] = y;                                ... then the nrhs entries of b
 *         eqml_lsq_add(lsq);
 *     }
 *     eqml_lsq_solve(lsq, NULL, x, NULL);
 *     eqml_lsq_free(lsq);
 *
 * A weighted observation is a row multiplied by the square root of its weight. Numbers should be zero or of
 * magnitude 1e-140 to 1e140, because their squares are summed. One system belongs to one thread at a time;
 * the same calls in the same order give the same bits.
 *
 * Method. Rows are collected in blocks. Householder reflections fold each block into the triangular factor R
 * of A = Q R [1], panel by panel in compact WY form [2]. This is backward stable and forms no normal equations; a row
 * takes 2 ncols^2 floating-point operations, nearly all of them in matrix products.
 *
 * With -fopenmp a block is folded by all threads (OMP_NUM_THREADS), strips of columns side by side, while one makes the
 * reflectors of the next panel. Every number is computed alike by whichever thread takes it: the bits are those of
 * one thread. Where other programs want the cores too, OMP_WAIT_POLICY=passive keeps threads from waiting busily.
 *
 * Compile with -O2 -march=native -ffp-contract=fast: the products want wide vectors and fused multiply-adds.
 * With EQML_USE_LAPACK blocks are folded by LAPACK's dtpqrt, which is slower except where LAPACK is threaded.
 *
 * [1] Demmel, Grigori, Hoemmen, Langou, SIAM J. Sci. Comput. 34, A206 (2012).
 * [2] Schreiber, Van Loan, SIAM J. Sci. Stat. Comput. 10, 53 (1989).
 * [3] Golub, Van Loan, Matrix Computations, 4th ed. (2013), sections 5.4 and 5.5.
 */
typedef struct eqml_lsq eqml_lsq;

/* How a system is solved. Zero in every field is the default. */
typedef struct eqml_lsq_options {
    double tolerance; /* relative rank tolerance in [0, 1); 0: 2^-52 * (20 + 2 ncols + sqrt(rows)) */
    double ridge;     /* L >= 0: minimise |A x - b|^2 + L sum_j |a_j|^2 x_j^2, a_j the columns of A */
    int free_first;   /* nonzero: no penalty on column 0, the constant */
} eqml_lsq_options;

typedef struct eqml_lsq_result {
    size_t rows;      /* rows added so far */
    int rank;         /* numerical rank of the system that was solved, ridge included; at most ncols */
    double condition; /* its 2-norm condition number, see eqml_lsq_solve; 0 when the rank is 0 */
    double residual;  /* |A x - b|^2 without the ridge term, summed over the right-hand sides */
} eqml_lsq_result;

EQML_API eqml_status eqml_lsq_create(eqml_lsq **lsq, int ncols, int nrhs);
/*
 * Makes an empty system with ncols >= 1 columns and nrhs >= 1 right-hand sides. Release it with
 * eqml_lsq_free(). On failure *lsq is NULL. The memory of a first solution without ridge is taken too, so
 * that a solution that has no room fails here and not behind all the rows; solving gives it back.
 */

EQML_API size_t eqml_lsq_memory(int ncols, int nrhs, int ridge);
/*
 * Bytes of such a system and of its solution, with a ridge (nonzero) or without: about 12 ncols^2, or 16
 * ncols^2 with a ridge (16 and 24 with EQML_USE_LAPACK).
 */

EQML_API double *eqml_lsq_row(eqml_lsq *lsq);
/* Where to write the next row: ncols entries of A, then nrhs of b. Valid until the system is freed. */

EQML_API eqml_status eqml_lsq_add(eqml_lsq *lsq);
/* Adds the row that was written. EQML_ERROR_VALUE: an entry is not finite; the system is then as before. */

EQML_API eqml_status eqml_lsq_solve(eqml_lsq *lsq, const eqml_lsq_options *options, double *x,
                                    eqml_lsq_result *result);
/*
 * Solves for x[nrhs][ncols]. options and result may be NULL. The system stays: solve again with another
 * ridge, or add rows and solve again. There may be fewer rows than columns.
 *
 * Columns are first scaled to unit norm. In the scaled variables QR with column pivoting decides the rank: it
 * ends where |R_kk| <= tolerance * |R_11|. Of all minimisers the one of least norm is returned (complete
 * orthogonal factorisation [3]); a zero column gets the coefficient zero. `condition` is the ratio of the
 * extreme singular values of the scaled, truncated factor. Power and inverse iteration find it: a lower
 * bound, good to about 1 %.
 *
 * EQML_ERROR_EMPTY: no rows. EQML_ERROR_VALUE: squares overflowed. EQML_ERROR_MEMORY. EQML_ERROR_ARGUMENT: a
 * tolerance or a ridge out of range, or a NULL where none is allowed.
 */

EQML_API eqml_status eqml_lsq_merge(eqml_lsq *lsq, eqml_lsq *other);
/*
 * Adds all rows of another system of the same ncols and nrhs, from its triangle [1]: as if they had been added one by
 * one, up to rounding (exactly where *lsq has no rows yet), for the price of ncols / 3 of them. So rows may be dealt
 * out to several systems, whose triangles are combined at the end, and new rows cost nothing but themselves. *other
 * keeps its rows. What eqml_lsq_row() points to is overwritten, in both.
 *
 * EQML_ERROR_ARGUMENT: the same system, or other sizes. EQML_ERROR_VALUE: squares of *other overflowed; *lsq is then
 * as before.
 */

EQML_API eqml_status eqml_lsq_save(const eqml_lsq *lsq, uint64_t key, const char *path,
                                   eqml_message *message);
EQML_API eqml_status eqml_lsq_load(eqml_lsq **lsq, uint64_t key, const char *path, eqml_message *message);
/*
 * Writes a system to a file, and makes the system of a file: the same to the bit, so that rows may be added as if
 * nothing had happened. `key` is the caller's word for what the columns are; a file with another key is refused. A
 * system takes 4 ncols^2 bytes. The file appears whole or not at all (a process that is killed while it writes leaves
 * PATH.0.new, and the old file as it was). All in 8-byte words in the order of this machine:
 *
 *     "eqml-lsq"                                          8 bytes
 *     0x0102030405060708, 1                               tells the order of bytes; the version
 *     key, ncols, nrhs, rows, waiting, notes              integers
 *     notes                                               of who wrote it, see eqml_fit_options.checkpoint
 *     tolerance, least[ncols + nrhs]                      doubles
 *     R[0][j], ..., R[j][j] for each column j             those of b are columns like others
 *     row[waiting][ncols + nrhs]                          rows that are not folded yet
 *     check                                               a digest of all that goes before
 *
 * Loading: release *lsq with eqml_lsq_free(). EQML_ERROR_FORMAT: no such file, or of a newer version, of a machine with
 * another order of bytes, cut off, or damaged. EQML_ERROR_MATCH: another key, or the checkpoint of a fit. On failure
 * *lsq is NULL.
 */

EQML_API void eqml_lsq_free(eqml_lsq *lsq);
/* NULL is allowed. */

#endif /* EQML__LSQ_H */
