/* The tiles of a form from its runs. */
#ifndef EQML__TILES_C
#define EQML__TILES_C
#include "basis.h"

/* Tiles in the making: room for as many rows as there are runs, and as many tiles as products. */
typedef struct eqml__tiling {
    eqml_rows *rows;
    eqml_tile *tiles;
    int nrows, ntiles;
} eqml__tiling;

/*
 * Arranges the tiles of runs that ascend by their rows. Four rows stand together, the next four that there are, or where
 * `aligned` those that are equal but for their last two bits.
 */
static void eqml__arrange_tiles(int nruns, const unsigned short (*runs)[3], int ncolumns, int unused,
                                int aligned, unsigned char *column, eqml__tiling *to)
{
    to->nrows = to->ntiles = 0;
    for (int first = 0, next = 0; first < nruns; first = next) {
        eqml_rows *r = &to->rows[to->nrows++];
        int nrows = 0;
        r->ntiles = 0;
        memset(column, 0, (size_t)ncolumns);
        for (; next < nruns; next++) {
            if (nrows == 0 || r->row[nrows - 1] != runs[next][0]) {
                if (nrows == 4 || (nrows && aligned && r->row[0] / 4 != runs[next][0] / 4))
                    break;
                r->row[nrows++] = runs[next][0];
            }
            memset(column + runs[next][1], 1, runs[next][2]);
        }
        for (int k = nrows; k < 4; k++)
            r->row[k] = (unsigned short)unused;
        for (int k = 0; k < ncolumns; k += 4) {
            eqml_tile t = {(unsigned short)k, 0};
            for (int i = 0; i < 4 && k + i < ncolumns; i++)
                t.columns |= (unsigned short)(column[k + i] << i);
            if (!t.columns)
                continue;
            to->tiles[to->ntiles++] = t;
            r->ntiles++;
        }
    }
}

/* Takes the arrangement with fewer tiles. `unused` fills up rows of which there are none; column: room for [ncolumns]. */
static void eqml__find_tiles(int nruns, const unsigned short (*runs)[3], int ncolumns, int unused,
                             unsigned char *column, eqml__tiling *to)
{
    eqml__arrange_tiles(nruns, runs, ncolumns, unused, 0, column, to);
    const int ntiles = to->ntiles;
    eqml__arrange_tiles(nruns, runs, ncolumns, unused, 1, column, to);
    if (to->ntiles > ntiles)
        eqml__arrange_tiles(nruns, runs, ncolumns, unused, 0, column, to);
}

#endif /* EQML__TILES_C */
