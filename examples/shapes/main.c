/*
 * Learns families, handedness, size and volume of objects from clouds of points on their surfaces, with the terms of
 * eqml-gen --environment as descriptors: `make shapes`. By hand:
 *
 *     build/eqml-gen --environment "P: P" --order 3 --level 12 --level-weight 0.7 --nmax 4 --lmax 6 -n plain -o plain.h
 *     build/eqml-gen --environment "P: P" --order 3 --level 12 --level-weight 0.7 --nmax 4 --lmax 6 --chiral -n chiral -o chiral.h
 *     cc -O2 -march=native -I. -Iexamples examples/shapes/[a-z]*.c -o shapes -lm
 *     ./shapes --directory .
 */
#include "chiral.h"
#include "plain.h"
#include "common/options.h"
#include "shapes.h"

static const char help[] =
    "options:\n"
    "  --directory DIR   for the pictures; default .\n"
    "  --each N          clouds of each family, default 334\n"
    "  --points N        points of a cloud, at least, default 800; at most twice as many\n"
    "  --noise S         of the points, in radii of gyration, default 0.02\n"
    "  --seed N          default 1\n";

typedef struct job {
    const char *directory;
    double each, points, noise, seed;
} job;

static int parse(int argc, char **argv, job *j)
{
    const struct {
        const char *name;
        double *number, least;
    } options[] = {{"--directory", NULL, 0},
                   {"--each", &j->each, 20},
                   {"--points", &j->points, 20},
                   {"--noise", &j->noise, 0},
                   {"--seed", &j->seed, 0}};
    for (int i = 1; i < argc; i++) {
        const int k = find_option("shapes", help, argc, argv, &i, options, sizeof options / sizeof *options,
                                  sizeof *options);
        if (k < 0)
            return 1;
        if (!options[k].number)
            j->directory = argv[i];
        else if (parse_number("shapes", options[k].name, argv[i], options[k].least, options[k].number))
            return 1;
    }
    if (j->each > 1e5 || j->points > 1e5 || j->noise > 1) {
        fprintf(stderr, "shapes: at most 100000 clouds of a family and points of a cloud, and noise 1\n");
        return 1;
    }
    return 0;
}

static cloud *draw_all(const job *j, size_t n)
{
    generator g;
    cloud *c = calloc(n, sizeof *c);
    random_start(&g, (uint64_t)j->seed, 0);
    for (size_t k = 0; k < n && c; k++) {
        const size_t points = (size_t)(j->points * (1 + random_uniform(&g)));
        /* hands alternate within training and test, which are the even and the odd ones */
        if (draw_cloud(&c[k], (family)(k / 2 % FAMILIES), k / (2 * FAMILIES) % 2 ? 1 : -1, points, j->noise,
                       &g)) {
            for (size_t i = 0; i <= k; i++)
                free_cloud(&c[i]);
            free(c);
            return NULL;
        }
    }
    return c;
}

/* What one set of descriptors can do; shares are those of the test clouds. */
typedef struct score {
    int table[CLASSES][CLASSES]; /* [true][said] */
    double family, hand, hand_train;
} score;

/* Takes out of the features, but for the constant, what is the same in mirror images; of what is left a hand is a sum. */
static int keep_chiral(const eqml_cloud_basis *basis, features *f)
{
    const size_t n = (size_t)basis->nterms, columns = (size_t)f->columns;
    int *kind = calloc(2 * n, sizeof *kind), kept = 1;
    if (!kind || eqml_cloud_term_kinds(basis->centres[0].program, kind, kind + n)) {
        free(kind);
        return 1;
    }
    for (size_t j = 0; j < n; j++)
        kept += kind[n + j] < 0;
    for (size_t k = 0; k < f->rows && kept > 1; k++) {
        size_t to = k * (size_t)kept;
        f->value[to++] = 1;
        for (size_t j = 0; j < n; j++)
            if (kind[n + j] < 0)
                f->value[to++] = f->value[k * columns + j + 1];
    }
    if (kept > 1)
        f->columns = kept;
    free(kind);
    return 0;
}

/* said[n] <- the best of some targets for each cloud. */
static int say(const features *f, const double *target, int targets, int *said)
{
    double *x = calloc((size_t)targets * (size_t)f->columns, sizeof *x);
    const int bad = !x || learn(f, NULL, targets, target, 1e-4, x);
    for (size_t k = 0; k < f->rows && !bad; k++) {
        double most = -DBL_MAX;
        for (int i = 0; i < targets; i++) {
            const double value = predict(f, k, x + (size_t)i * (size_t)f->columns);
            if (value > most)
                most = value, said[k] = i;
        }
    }
    free(x);
    return bad;
}

/* hand[n] <- 1 or -1, each by what was learnt from the family that the cloud is said to be of. */
static int say_hands(const features *f, const cloud *c, const int *said, int *hand)
{
    const size_t n = f->rows;
    double *truth = calloc(n, sizeof *truth), *x = calloc((size_t)f->columns, sizeof *x);
    unsigned char *use = calloc(n, 1);
    int bad = !truth || !x || !use;
    for (int m = 0; m < HANDED && !bad; m++) {
        for (size_t k = 0; k < n; k++) {
            truth[k] = c[k].hand;
            use[k] = (int)c[k].family == m;
        }
        bad = learn(f, use, 1, truth, 1e-3, x);
        for (size_t k = 0; k < n && !bad; k++)
            if (said[k] == m)
                hand[k] = predict(f, k, x) > 0 ? 1 : -1;
    }
    free(truth);
    free(x);
    free(use);
    return bad;
}

static void count(const cloud *c, size_t n, const int *said, const int *hand, score *s)
{
    double all = 0, handed[2] = {0, 0}, right[2] = {0, 0};
    *s = (score){0};
    for (size_t k = 0; k < n; k++) {
        const cloud guess = {.family = (family)said[k], .hand = hand[k]};
        if (c[k].hand) {
            handed[k % 2]++;
            right[k % 2] += hand[k] == c[k].hand;
        }
        if (k % 2) {
            all++;
            s->table[class_of(&c[k])][class_of(&guess)]++;
            s->family += said[k] == (int)c[k].family;
        }
    }
    s->family /= all;
    s->hand_train = right[0] / handed[0];
    s->hand = right[1] / handed[1];
}

static int classify(const eqml_cloud_basis *basis, const cloud *c, size_t n, score *s)
{
    features f;
    if (describe(basis, c, n, 1, &f))
        return 1;
    double *target = calloc(n * FAMILIES, sizeof *target);
    int *said = calloc(2 * n, sizeof *said);
    for (size_t k = 0; k < n && target; k++)
        target[k * FAMILIES + (size_t)c[k].family] = 1;
    const int bad = !target || !said || say(&f, target, FAMILIES, said) || keep_chiral(basis, &f) ||
                    say_hands(&f, c, said, said + n);
    if (!bad)
        count(c, n, said, said + n, s);
    free(f.value);
    free(target);
    free(said);
    return bad;
}

/* Radius of gyration and enclosed volume within each family, of clouds as they are. */
static int regress(const eqml_cloud_basis *basis, const cloud *c, size_t n, const char *path)
{
    features f;
    parity p = {0};
    if (describe(basis, c, n, 0, &f))
        return 1;
    double *number = calloc(4 * n, sizeof *number), *x = calloc((size_t)f.columns, sizeof *x);
    family *families = calloc(n, sizeof *families);
    unsigned char *use = calloc(n, 1);
    int bad = !number || !x || !use || !families;
    for (int t = 0; t < 2 && !bad; t++) {
        double *truth = number + 2 * (size_t)t * n, *guess = truth + n;
        for (size_t k = 0; k < n; k++) {
            truth[k] = t ? c[k].volume : c[k].gyration;
            families[k] = c[k].family;
        }
        for (int m = 0; m < FAMILIES && !bad; m++) {
            double mean = 0, count = 0, error = 0, spread = 0;
            for (size_t k = 0; k < n; k++)
                use[k] = c[k].family == (family)m;
            bad = learn(&f, use, 1, truth, 1e-4, x);
            for (size_t k = 1; k < n; k += 2)
                if (use[k]) {
                    guess[k] = predict(&f, k, x);
                    mean += truth[k];
                    count++;
                }
            mean /= count;
            for (size_t k = 1; k < n; k += 2)
                if (use[k]) {
                    error += (guess[k] - truth[k]) * (guess[k] - truth[k]);
                    spread += (truth[k] - mean) * (truth[k] - mean);
                }
            p.r2[t][m] = 1 - error / spread;
        }
        p.truth[t] = truth;
        p.guess[t] = guess;
    }
    p.n = n;
    p.family = families;
    if (!bad) {
        printf("  R^2 over the test clouds of a family:");
        for (int m = 0; m < FAMILIES; m++)
            printf(" %s", family_name((family)m));
        for (int t = 0; t < 2; t++) {
            printf("\n  %-37s", t ? "enclosed volume" : "radius of gyration");
            for (int m = 0; m < FAMILIES; m++)
                printf(" %*.4f", (int)strlen(family_name((family)m)), p.r2[t][m]);
        }
        printf("\n");
        bad = draw_parity(path, &p);
        if (bad)
            perror(path);
    }
    free(f.value);
    free(number);
    free(x);
    free(use);
    free(families);
    return bad;
}

static void title(char *text, size_t size, const char *what, const score *s)
{
    snprintf(text, size, "%s: family %.1f %%, hand %.1f %%", what, 100 * s->family, 100 * s->hand);
}

static int report(const job *j, const cloud *c, size_t n)
{
    const struct {
        const char *name;
        const eqml_cloud_basis *basis;
    } set[2] = {{"without chiral terms", &plain_basis}, {"with chiral terms", &chiral_basis}};
    char path[4096], text[2][100];
    score s[2];
    printf("%zu clouds of 6 families, every second one learnt from, the others asked about\n", n);
    for (int k = 0; k < 2; k++) {
        if (classify(set[k].basis, c, n, &s[k]))
            return 1;
        printf("  %-21s %4d terms: family %5.1f %%, hand %5.1f %% (training %5.1f %%)\n", set[k].name,
               set[k].basis->nterms, 100 * s[k].family, 100 * s[k].hand, 100 * s[k].hand_train);
        title(text[k], sizeof text[k], set[k].name, &s[k]);
    }
    snprintf(path, sizeof path, "%s/regression.svg", j->directory);
    if (regress(&plain_basis, c, n, path) || tell_pairs(&chiral_basis))
        return 1;
    snprintf(path, sizeof path, "%s/confusion.svg", j->directory);
    int bad = draw_confusion(path, s[0].table, s[1].table, text[0], text[1]);
    if (!bad) {
        snprintf(path, sizeof path, "%s/shapes.svg", j->directory);
        bad = draw_examples(path, c, n);
    }
    if (bad)
        perror(path);
    return bad;
}

int main(int argc, char **argv)
{
    job j = {".", 334, 800, 0.02, 1};
    if (parse(argc, argv, &j))
        return 1;
    const size_t n = FAMILIES * (size_t)j.each;
    cloud *c = draw_all(&j, n);
    if (!c) {
        fprintf(stderr, "shapes: out of memory\n");
        return 1;
    }
    const int bad = report(&j, c, n);
    for (size_t k = 0; k < n; k++)
        free_cloud(&c[k]);
    free(c);
    return bad != 0;
}
