#include "image.h"
#include <math.h>

/* The rows of the inverse of the cell; its volume, or 0 where there is none. */
static double invert(const double h[9], double inverse[3][3])
{
    double volume = 0, lengths = 1;
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        for (int d = 0; d < 3; d++) {
            const int e = (d + 1) % 3, f = (d + 2) % 3;
            inverse[i][d] = h[3 * e + j] * h[3 * f + k] - h[3 * f + j] * h[3 * e + k];
        }
        lengths *= sqrt(h[i] * h[i] + h[3 + i] * h[3 + i] + h[6 + i] * h[6 + i]);
    }
    for (int d = 0; d < 3; d++)
        volume += h[3 * d] * inverse[0][d];
    if (!(fabs(volume) > 1e-9 * lengths))
        return 0;
    for (int i = 0; i < 3; i++)
        for (int d = 0; d < 3; d++)
            inverse[i][d] /= volume;
    return volume;
}

static double longest_distance(int n, const double *xyz)
{
    double longest = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++) {
            double square = 0;
            for (int d = 0; d < 3; d++)
                square += (xyz[3 * a + d] - xyz[3 * b + d]) * (xyz[3 * a + d] - xyz[3 * b + d]);
            longest = fmax(longest, square);
        }
    return sqrt(longest);
}

int make_whole(const double cell[9], int n, double *xyz)
{
    double inverse[3][3], least = HUGE_VAL;
    if (invert(cell, inverse) == 0)
        return 0;
    for (int i = 0; i < 3; i++) {
        const double *row = inverse[i];
        least = fmin(least, 1 / sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]));
    }
    for (int a = 1; a < n; a++) {
        double *x = xyz + 3 * a, step[3];
        for (int i = 0; i < 3; i++) {
            step[i] = 0;
            for (int d = 0; d < 3; d++)
                step[i] += inverse[i][d] * (x[d] - xyz[d]);
            step[i] = round(step[i]);
        }
        for (int d = 0; d < 3; d++)
            for (int i = 0; i < 3; i++)
                x[d] -= cell[3 * d + i] * step[i];
    }
    return 2 * longest_distance(n, xyz) >= least ? -1 : 0;
}
