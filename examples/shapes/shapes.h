/* Shapes learnt from their clouds of surface points: what the parts of the program share. */
#ifndef SHAPES_H
#define SHAPES_H
#include "common/random.h"
#include "eqml.h"

typedef enum family { HELIX, KNOT, PRISM, ELLIPSOID, TORUS, BOX, FAMILIES } family;
enum { HANDED = 3, CLASSES = 9 }; /* the first three families have a left and a right hand: nine classes */

/* A cloud of points on the surface of an object, as a scanner might give it. */
typedef struct cloud {
    family family;
    int hand; /* 1 right, -1 left, 0 none */
    size_t n;
    double *xyz, *weight; /* [n][3], [n] */
    double volume,
        gyration; /* of the object without noise: enclosed volume, radius of gyration of the surface */
} cloud;

/*
 * Draws an object of the family, turns it, and takes n points of its surface with noise of the relative size `noise`.
 * More points are taken on one side than on the other; the weights set that right. 0, or -1 where memory is short.
 */
int draw_cloud(cloud *c, family f, int hand, size_t n, double noise, generator *g);

void free_cloud(cloud *c);

/* helix L, helix R, knot L, ... , ellipsoid, torus, box */
int class_of(const cloud *c);
const char *class_name(int c);
const char *family_name(family f);

/* Rows of numbers that describe clouds; the first entry is 1. */
typedef struct features {
    size_t rows;
    int columns;
    double *value; /* [rows][columns] */
} features;

/*
 * The terms of a basis for all clouds: with `scaled`, of clouds that were brought to radius of gyration 1, else as they
 * are. Each column but the first is brought to mean 0 and deviation 1 over the even rows, which are for training. 0, or
 * nonzero after a message.
 */
int describe(const eqml_cloud_basis *basis, const cloud *c, size_t n, int scaled, features *f);

/*
 * x[targets][f->columns] <- the least-squares solution for target[rows][targets] over the rows k with k % 2 == 0 and
 * use[k] (NULL: all). 0, or nonzero after a message.
 */
int learn(const features *f, const unsigned char *use, int targets, const double *target, double ridge,
          double *x);

/* Row k of the features times x[columns]. */
double predict(const features *f, size_t k, const double *x);

/* Prints how far apart the pairs of environments are that low body orders cannot tell apart. Nonzero after a message. */
int tell_pairs(const eqml_cloud_basis *basis);

/* Pictures; 0, or -1 where the file could not be written. */
int draw_examples(const char *path, const cloud *c, size_t n);
int draw_confusion(const char *path, int plain[CLASSES][CLASSES], int chiral[CLASSES][CLASSES],
                   const char *title_plain, const char *title_chiral);

/* True and predicted numbers by family: radius of gyration, and enclosed volume. */
typedef struct parity {
    size_t n;
    const family *family;
    const double *truth[2], *guess[2];
    double r2[2][FAMILIES];
} parity;
int draw_parity(const char *path, const parity *p);

#endif
