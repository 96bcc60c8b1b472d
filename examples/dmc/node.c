/* Nodes. */
#include "dmc/node.h"
#include "common/molecule.h"
#include <math.h>

int node_read(const char *program, const char *text, int natoms, node *s)
{
    char rest = 0, why[256];
    int *a = s->atom;
    *s = (node){NODE_NONE, {0}};
    if (!text)
        return 0;
    if (sscanf(text, "%d-%d,%d-%d%c", a, a + 1, a + 2, a + 3, &rest) == 4)
        s->kind = NODE_DISTANCES;
    else if (sscanf(text, "%d,%d,%d,%d%c", a, a + 1, a + 2, a + 3, &rest) == 4)
        s->kind = NODE_VOLUME;
    for (int k = 0; k < 4; k++)
        if (a[k]-- < 1 || a[k] + 1 > natoms)
            s->kind = NODE_NONE;
    if (a[0] == a[1] || a[2] == a[3])
        s->kind = NODE_NONE;
    if (s->kind != NODE_NONE)
        return 0;
    snprintf(why, sizeof why,
             "--node %.100s: expected two distances, 1-3,2-3, or four atoms, 1,2,3,4, of 1 to %d", text,
             natoms);
    return complain(program, "", why);
}

/* The distance of two atoms; its gradient is +-direction. */
static double distance(const double *a, const double *b, double *direction)
{
    double square = 0;
    for (int k = 0; k < 3; k++) {
        direction[k] = a[k] - b[k];
        square += direction[k] * direction[k];
    }
    const double r = sqrt(square);
    for (int k = 0; k < 3; k++)
        direction[k] /= r > 0 ? r : 1;
    return r;
}

static void cross(const double *a, const double *b, double *c)
{
    for (int k = 0; k < 3; k++)
        c[k] = a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
}

double node_value(const node *s, const double *xyz, const double *root, double *spread)
{
    double slope[4][3] = {{0}}, value = 0;
    const int *a = s->atom;
    if (s->kind == NODE_DISTANCES) {
        double first[3], second[3];
        value = distance(xyz + 3 * a[0], xyz + 3 * a[1], first) -
                distance(xyz + 3 * a[2], xyz + 3 * a[3], second);
        for (int k = 0; k < 3; k++)
            slope[0][k] = first[k], slope[1][k] = -first[k], slope[2][k] = -second[k],
            slope[3][k] = second[k];
    } else {
        double edge[3][3];
        for (int e = 0; e < 3; e++)
            for (int k = 0; k < 3; k++)
                edge[e][k] = xyz[3 * a[e + 1] + k] - xyz[3 * a[0] + k];
        for (int e = 0; e < 3; e++)
            cross(edge[(e + 1) % 3], edge[(e + 2) % 3], slope[e + 1]);
        for (int k = 0; k < 3; k++) {
            value += edge[0][k] * slope[1][k];
            slope[0][k] = -slope[1][k] - slope[2][k] - slope[3][k];
        }
    }
    *spread = 0;
    for (int i = 0; i < 4; i++) {
        /* An atom that both distances share moves with the sum of its slopes: once. */
        int seen = 0;
        double sum[3] = {0};
        for (int j = 0; j < 4; j++) {
            seen |= j < i && a[j] == a[i];
            for (int k = 0; k < 3 && a[j] == a[i]; k++)
                sum[k] += slope[j][k];
        }
        for (int k = 0; k < 3 && !seen; k++)
            *spread += sum[k] * sum[k] / (root[3 * a[i]] * root[3 * a[i]]);
    }
    return value;
}
