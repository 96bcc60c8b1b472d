/*
 * The BKMP2 surface of H3. It is the sum of
 *
 *   the equation of London with the curves of the singlet and of the triplet of H2;
 *   a term that is zero in isosceles triangles;
 *   two terms for bent geometries, in B1 = 1 - sum of cosines and in one with the cosines of three times the angles, which are
 *   both zero in collinear ones;
 *   and the same kinds of terms where a distance is shorter than 1.15 bohr.
 *
 * The numbers are those of the paper; R is the sum of the distances, A their antisymmetric product.
 */
#include "scatter/bkmp2.h"
#include <math.h>

#define SHORT 1.15 /* bohr: below, the terms of compact geometries act */

/* c[0] + c[1] x + ... + c[n-1] x^(n-1) */
static double polynomial(int n, const double *c, double x)
{
    double sum = 0;
    while (n-- > 0)
        sum = sum * x + c[n];
    return sum;
}

/* ---- two atoms ---- */

double bkmp2_h2(double r)
{
    static const double a[] = {0.03537359271649620,   2.013977588700072,     -2.827452449964767,
                               2.713257715593500,     -2.792039234205731,    2.166542078766724,
                               -1.272679684173909,    0.5630423099212294,    -0.1879397372273814,
                               0.04719891893374140,   -0.008851622656489644, 0.001224998776243630,
                               -1.227820520228028e-4, 8.638783190083473e-6,  -4.036967926499151e-7,
                               1.123286608335365e-8,  -1.406619156782167e-10};
    const double depth = 0.160979391, r0 = 3.5284882, s = r * r, s0 = r0 * r0;
    const double swing = exp(polynomial(17, a, r) / r) - 1;
    return depth * (swing * swing - 1) - 6.499027 / (s * s * s + s0 * s0 * s0) -
           124.3991 / pow(s * s + s0 * s0, 2) - 3285.828 / pow(s + s0, 5);
}

/* The triplet; at short distances it follows the singlet. */
static double triplet(double r)
{
    if (r >= SHORT)
        return -0.0298546962 *
               (-23.9604445036 + r - 42.5185569474 * r * r - 11.5214861455 * pow(r, -1.5309487826)) *
               exp(-2.0382390988 * r);
    const double d = r - 0.95;
    return bkmp2_h2(r) - 0.0770355790707090 * d + 0.4303193846943223 -
           (d > 0 ? 0.4106358351531854 * d * d * d : 0);
}

static double london(const double r[3])
{
    double coulomb = 0, j[3];
    for (int k = 0; k < 3; k++) {
        const double singlet = bkmp2_h2(r[k]), other = triplet(r[k]);
        coulomb += 0.5 * (singlet + other);
        j[k] = 0.5 * (singlet - other);
    }
    return coulomb - sqrt(0.5 * (pow(j[1] - j[0], 2) + pow(j[2] - j[1], 2) + pow(j[0] - j[2], 2)) + 1e-12);
}

/* ---- three atoms ---- */

/* What the terms are made of. */
typedef struct triangle {
    double sum, product, antisymmetric; /* of the distances */
    double inverse, spread;             /* sum of 1/r; of squares of differences */
    double slow, fast, gauss;           /* exp(-0.52 R), exp(-0.79 R), exp(-0.052 R^2) */
    double bend[2];                     /* of cosines, and of those of three times the angles */
} triangle;

static triangle triangle_of(const double r[3])
{
    triangle t = {0};
    double cosines = 0, threefold = 0;
    for (int k = 0; k < 3; k++) {
        const double a = r[k], b = r[(k + 1) % 3], c = r[(k + 2) % 3];
        const double cosine = (b * b + c * c - a * a) / (2 * b * c);
        cosines += cosine, threefold += cosine * (4 * cosine * cosine - 3);
        t.inverse += 1 / a, t.spread += (a - b) * (a - b);
    }
    t.sum = r[0] + r[1] + r[2];
    t.product = r[0] * r[1] * r[2];
    t.antisymmetric = fabs((r[0] - r[1]) * (r[1] - r[2]) * (r[2] - r[0]));
    t.slow = exp(-0.52 * t.sum), t.fast = exp(-0.79 * t.sum), t.gauss = exp(-0.052 * t.sum * t.sum);
    t.bend[0] = 1 - cosines, t.bend[1] = 1 - (0.625 * threefold + 0.375 * cosines);
    return t;
}

static double asymmetric(const triangle *t)
{
    static const double a[] = {0, 0, 0.1478100901E-02, -.1848513849E-03, 0.9230803609E-05, -.1293180255E-06};
    const double R = t->sum, A = t->antisymmetric;
    return polynomial(6, a, A) * exp(-0.3788951192E-02 * R * R * R) -
           0.1112326215E-02 * A * A * exp(-0.5237179303 * R) / R;
}

/* The parts that bent geometries, compact or not, have in common: powers of B1, B2 B1, and B3. b[4], c[2], d[4]. */
static double common_bend(const triangle *t, double B, const double *b, const double *c, const double *d)
{
    return B * B * polynomial(4, b, B) * t->gauss +
           t->inverse * (c[0] * B * t->slow + c[1] * B * B * t->gauss) +
           B * (t->spread * (d[0] * t->slow + d[1] * t->gauss) +
                sqrt(t->spread + 1e-12) * (d[2] * t->slow + d[3] * t->gauss));
}

static double bend(const triangle *t)
{
    static const struct {
        double a[3], b[4], c[2], d[4], e[3];
    } of[2] = {{{-.1838073394E+03, 0.1334593242E+02, -.2358129537E+00},
                {-.4668193478E+01, 0.7197506670E+01, 0.2162004275E+02, 0.2106294028E+02},
                {0.4242962586E+01, 0.4453505045E+01},
                {-.1456918088E+00, -.1692657366E-01, 0.1279520698E+01, -.4898940075E+00},
                {0.1742295219E+03, 0.3142175348E+02, 0.5152903406E+01}},
               {{-.4765732725E+02, 0.3648933563E+01, -.7141145244E-01},
                {0.1002349176E-01, 0.9989856329E-02, -.4161953634E-02, 0.9075807910E-03},
                {-.2693628729E+00, -.1399065763E-01},
                {-.1417634346E-01, -.4870024792E-03, 0.1312231847E+00, -.4409850519E-01},
                {0.5382970863E+02, 0.4587102824E+01, 0.1768550515E+01}}};
    double sum = 0;
    for (int k = 0; k < 2; k++) {
        const double B = t->bend[k];
        sum += B * (polynomial(3, of[k].a, t->sum) * t->slow + polynomial(3, of[k].e, t->sum) * t->fast) +
               common_bend(t, B, of[k].b, of[k].c, of[k].d);
    }
    return sum;
}

/* ---- compact geometries ---- */

static double compact_bend(const triangle *t)
{
    static const struct {
        double a[5]; /* 1/R^2 to R^2 */
        double b[4], c[2], d[4], e[3], g[3];
        double aa[5];                          /* 1/P^2 to P^2 */
        double inverse_square, linear, square; /* in P */
    } of[2] = {{{0.1344099415E+04, -.2676717625E+04, 0.1860299931E+04, -.6134458037E+03, 0.7337207161E+02},
                {0.1538913137E+03, 0.4348007369E+02, 0.1719720677E+03, 0.2115963042E+03},
                {-.7026089414E+02, -.1300938992E+03},
                {0.1310273564E+01, -.6175149574E+00, -.2679089358E+02, 0.5577477171E+01},
                {-.3543353539E+04 + 0.4024697252E+04, -.3740709591E+03, 0.7979303144E+02},
                {-.5593496634E+04, 0.4603572025E+04, -.1104230585E+04},
                {0.1751608567E+02, 0.4168542348E+02, -.1069406434E+02, 0.1021807153E+01, 0.6669828341E-01},
                -.2225159395E+02,
                0.9486883238E+02,
                -.1519334221E+02},
               {{0.1746726001E+03, -.3827423082E+03, 0.4203543357E+03, -.4922474096E+02, 0.3362942544E+00},
                {0.1699995737E-01, 0.1513036778E-01, 0.2659119354E-01, -.5760387483E-02},
                {0.1020622621E+02, 0.1050536271E-01},
                {0.6836172780E+00, -.1627858240E+00, -.6925485045E+01, 0.1632567385E+01},
                {0.1083595009E+04 - 0.1127439280E+04, 0.4641431791E+01, -.8233144461E+00},
                {-.3299631143E+03, 0.3094361471E+03, -.6157225942E+02},
                {0.2046097265E+01, -.5145757859E+02, 0.8866227120E+01, -.1382126854E+01, 0.7620770145E-01},
                -.2269932295E+01,
                0.2540775558E+01,
                -.4889246569E+00}};
    const double R = t->sum, P = t->product, steep = exp(-0.052 * R * R * R);
    double sum = 0;
    for (int k = 0; k < 2; k++) {
        const double B = t->bend[k];
        sum += B * (polynomial(5, of[k].a, R) / (R * R) * t->slow / P +
                    polynomial(3, of[k].e, R) * steep / P + polynomial(3, of[k].g, R) / (R * R) * steep +
                    polynomial(5, of[k].aa, P) / (P * P) * t->gauss +
                    (of[k].linear * P + of[k].square * P * P + of[k].inverse_square / (P * P)) * steep) +
               common_bend(t, B, of[k].b, of[k].c, of[k].d);
    }
    return sum;
}

static double compact_asymmetric(const triangle *t)
{
    static const double even[] = {0.1491096501E+01, 0.1602896673E+01, 1 - .2821747323E+01, 0.4948310833E+00,
                                  -.3540394679E-01};
    static const double odd[] = {-.3305809954E+01, 0.3644382172E+01, -.9997570970E+00, 0.7989919534E-01,
                                 -.1075807322E-02};
    const double P = t->product, A = t->antisymmetric, R = t->sum;
    return A * A * 0.2210243144 * pow(P, -0.4367417579) * exp(-0.6994985432E-02 * R * R * R) *
           (polynomial(5, even, P) + A * polynomial(5, odd, P)) / (P * P);
}

double bkmp2(double a, double b, double c)
{
    const double r[3] = {a, b, c};
    const triangle t = triangle_of(r);
    double weight = 0, symmetric = 0;
    for (int k = 0; k < 3; k++) {
        const double d = SHORT - r[k], part = d > 0 ? d * d * d / (d + 0.1) : 0;
        weight += part;
        symmetric += part * -.2071708868 * (1 - .5672350377 * r[k]);
    }
    double energy = london(r) + asymmetric(&t) + bend(&t);
    if (weight > 0)
        energy += symmetric * exp(-0.9058780367E-02 * t.sum * t.sum * t.sum) +
                  weight * (compact_asymmetric(&t) + compact_bend(&t));
    return energy;
}
