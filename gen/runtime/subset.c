/* Some terms of a basis as a basis. */
#ifndef EQML__SUBSET_C
#define EQML__SUBSET_C
#include "select.h"
#include "fit.c"
#include "select.c"
#include "tiles.c"

/* A product of two factors that the new basis takes over. */
typedef struct eqml__product {
    int left, right; /* factors of the new basis, left <= right */
    int term;        /* of the old one */
} eqml__product;

/* A subset in the making: what it needs of the old basis, in old and in new numbers. */
typedef struct eqml__selection {
    const eqml_basis *from;
    const unsigned char *keep; /* [nterms] */
    int *slot;                 /* [nslots] new number of a slot, -1 where nothing needs it */
    int *uses;                 /* [nfactors] products with each factor */
    int *order;                /* [nfactors] old numbers of the new factors */
    int *term;                 /* [nterms] old numbers of the new terms */
    int *term_of;              /* [nfactors] the term that an old factor is, or -1 */
    unsigned char *is_term;    /* [nfactors] of the new factors */
    eqml__product *product;    /* [products] */
    int npairs, factor0, nslots, nfactors, ncore, noperations, nproducts, nterms;
} eqml__selection;

static void eqml__mark_factors(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int k = 0;
    for (int i = 0; i < b->nslots; i++)
        s->slot[i] = -1;
    for (int f = 0; f < b->nfactors; f++) {
        s->term_of[f] = eqml__is_term(b, (size_t)f) ? k++ : -1;
        if (f == 0 || (s->term_of[f] >= 0 && s->keep[s->term_of[f]]))
            s->slot[b->factor0 + f] = 0;
    }
    for (int r = 0; r < b->nruns; r++)
        for (int c = 0; c < b->runs[r][2]; c++, k++) {
            const int left = b->runs[r][0], right = b->runs[r][1] + c;
            if (!s->keep[k])
                continue;
            s->uses[left]++;
            s->uses[right]++;
            s->slot[b->factor0 + left] = s->slot[b->factor0 + right] = 0;
            s->product[s->nproducts].left = left;
            s->product[s->nproducts].right = right;
            s->product[s->nproducts++].term = k;
        }
    for (int o = b->noperations - 1; o >= 0; o--)
        if (s->slot[b->operations[o][0]] == 0) {
            s->slot[b->operations[o][1]] = s->slot[b->operations[o][2]] = 0;
            s->noperations++;
        }
}

/* The constant, then the factors of products, the busiest first so that their products lie close together,
 * then the others. */
static void eqml__order_factors(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int most = 0;
    s->order[s->nfactors++] = 0;
    s->ncore = 1;
    for (int f = 1; f < b->nfactors; f++)
        most = s->uses[f] > most ? s->uses[f] : most;
    for (int uses = most; uses >= 0; uses--) {
        for (int f = 1; f < b->nfactors; f++)
            if (s->slot[b->factor0 + f] == 0 && s->uses[f] == uses)
                s->order[s->nfactors++] = f;
        if (uses == 1)
            s->ncore = s->nfactors;
    }
}

/* Intermediate values keep their places modulo four: the elements of a covariant lie side by side from a multiple
 * of four on, where eqml-gen, which writes the code, finds them. */
static void eqml__number_slots(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    int four = -1; /* the last four slots of the old basis that were given a place */
    for (int i = 0; i < b->npairs; i++)
        if (s->slot[i] >= 0)
            s->slot[i] = s->npairs++;
    s->factor0 = s->npairs;
    for (int i = b->npairs; i < b->factor0; i++) {
        if (s->slot[i] < 0)
            continue;
        if (i / 4 != four)
            s->factor0 = (s->factor0 + 3) / 4 * 4 + 4;
        four = i / 4;
        s->slot[i] = s->factor0 - 4 + i % 4;
    }
    s->factor0 = EQML_ROUND(s->factor0); /* factors begin on a vector boundary */
    for (int f = 0; f < s->nfactors; f++)
        s->slot[b->factor0 + s->order[f]] = s->factor0 + f;
    s->nslots = s->factor0 + s->nfactors;
}

static int eqml__compare_products(const void *x, const void *y)
{
    const eqml__product *a = (const eqml__product *)x, *b = (const eqml__product *)y;
    return a->left != b->left ? (a->left < b->left ? -1 : 1) : (a->right > b->right) - (a->right < b->right);
}

static void eqml__sort_products(eqml__selection *s)
{
    const eqml_basis *b = s->from;
    for (int k = 0; k < s->nproducts; k++) {
        eqml__product *p = &s->product[k];
        const int left = s->slot[b->factor0 + p->left] - s->factor0,
                  right = s->slot[b->factor0 + p->right] - s->factor0;
        p->left = left < right ? left : right;
        p->right = left < right ? right : left;
    }
    qsort(s->product, (size_t)s->nproducts, sizeof *s->product, eqml__compare_products);
    for (int f = 0; f < s->nfactors; f++) {
        const int k = s->term_of[s->order[f]];
        s->is_term[f] = k >= 0 && s->keep[k];
        if (s->is_term[f])
            s->term[s->nterms++] = k;
    }
    for (int k = 0; k < s->nproducts; k++)
        s->term[s->nterms++] = s->product[k].term;
}

static int eqml__find_runs(const eqml__selection *s, unsigned short (*runs)[3])
{
    int count = 0;
    for (int k = 0; k < s->nproducts; k++) {
        const eqml__product *p = &s->product[k];
        if (count && runs[count - 1][0] == p->left && runs[count - 1][1] + runs[count - 1][2] == p->right) {
            runs[count - 1][2]++;
        } else {
            runs[count][0] = (unsigned short)p->left;
            runs[count][1] = (unsigned short)p->right;
            runs[count++][2] = 1;
        }
    }
    return count;
}

/* A basis with its tables, in one allocation. */
typedef struct eqml__own_basis {
    eqml_basis basis;
    unsigned short (*pairs)[2], *pair_classes, *atom_classes, (*operations)[3], (*runs)[3];
    eqml_rows *rows;
    eqml_tile *tiles;
    unsigned char *degrees, *is_term;
    char *text;
} eqml__own_basis;

static char *eqml__put_text(char **at, const char *text)
{
    char *place = *at;
    strcpy(place, text);
    *at += strlen(text) + 1;
    return place;
}

static eqml__own_basis *eqml__own_basis_create(const eqml__selection *s, size_t text)
{
    const size_t entry = sizeof(unsigned short), products = (size_t)s->nproducts + 1;
    const size_t shorts =
        3 * (size_t)s->npairs + (size_t)s->from->natoms + 3 * (size_t)s->noperations + 3 * products + 4;
    const size_t size = sizeof(eqml__own_basis) + products * (sizeof(eqml_rows) + sizeof(eqml_tile)) +
                        shorts * entry + 2 * (size_t)s->nfactors + text;
    eqml__own_basis *own = (eqml__own_basis *)eqml__zeroed(1, size);
    if (!own)
        return NULL;
    own->rows = (eqml_rows *)(void *)(own + 1);
    own->tiles = (eqml_tile *)(void *)(own->rows + products);
    own->pairs = (unsigned short(*)[2])(void *)(own->tiles + products);
    own->operations = (unsigned short(*)[3])(void *)(own->pairs + s->npairs);
    own->runs = own->operations + s->noperations;
    own->pair_classes = (unsigned short *)(own->runs + products);
    own->atom_classes = own->pair_classes + s->npairs;
    own->degrees = (unsigned char *)(own->atom_classes + s->from->natoms);
    own->is_term = own->degrees + s->nfactors;
    own->text = (char *)own->is_term + s->nfactors;
    return own;
}

static void eqml__copy_tables(const eqml__selection *s, eqml__own_basis *own)
{
    const eqml_basis *b = s->from;
    int count = 0;
    for (int p = 0; p < b->npairs; p++)
        if (s->slot[p] >= 0) {
            memcpy(own->pairs[s->slot[p]], b->pairs[p], sizeof *own->pairs);
            own->pair_classes[s->slot[p]] = b->pair_classes[p];
        }
    memcpy(own->atom_classes, b->atom_classes, (size_t)b->natoms * sizeof(unsigned short));
    for (int o = 0; o < b->noperations; o++)
        if (s->slot[b->operations[o][0]] >= 0) {
            for (int side = 0; side < 3; side++)
                own->operations[count][side] = (unsigned short)s->slot[b->operations[o][side]];
            count++;
        }
    for (int f = 0; f < s->nfactors; f++)
        own->degrees[f] = b->degrees[s->order[f]];
}

static eqml_status eqml__build_basis(eqml__selection *s, const char *name, eqml_basis **basis)
{
    const eqml_basis *b = s->from;
    const size_t text = strlen(name) + strlen(b->composition) + strlen(b->symbols) + 3;
    unsigned char *column = (unsigned char *)eqml__zeroed((size_t)b->nfactors, 1);
    eqml_status status = EQML_ERROR_MEMORY;
    eqml__mark_factors(s);
    eqml__order_factors(s);
    eqml__number_slots(s);
    eqml__sort_products(s);
    eqml__own_basis *own = eqml__own_basis_create(s, text);
    if (own && column) {
        eqml_basis *to = &own->basis;
        char *at = own->text;
        eqml__copy_tables(s, own);
        to->natoms = b->natoms;
        to->npair_classes = b->npair_classes;
        to->degree = b->degree;
        to->name = eqml__put_text(&at, name);
        to->composition = eqml__put_text(&at, b->composition);
        to->symbols = eqml__put_text(&at, b->symbols);
        to->npairs = s->npairs;
        to->nterms = s->nterms;
        to->nfactors = s->nfactors;
        to->ncore = s->ncore;
        to->nvalues = s->nfactors;
        to->nslots = s->nslots;
        to->factor0 = s->factor0;
        to->noperations = s->noperations;
        to->nruns = eqml__find_runs(s, own->runs);
        to->pairs = (const unsigned short(*)[2])own->pairs;
        to->pair_classes = own->pair_classes;
        to->atom_classes = own->atom_classes;
        to->operations = (const unsigned short(*)[3])own->operations;
        to->runs = (const unsigned short(*)[3])own->runs;
        eqml__tiling tiling = {own->rows, own->tiles, 0, 0};
        eqml__find_tiles(to->nruns, to->runs, to->ncore, 0, column, &tiling);
        to->rows = tiling.rows;
        to->tiles = tiling.tiles;
        to->nrows = tiling.nrows;
        to->ntiles = tiling.ntiles;
        to->degrees = own->degrees;
        memcpy(own->is_term, s->is_term, (size_t)s->nfactors);
        to->is_term = memchr(own->is_term, 0, (size_t)s->nfactors) ? own->is_term : NULL;
        *basis = to;
        own = NULL;
        status = EQML_OK;
    }
    EQML_FREE(own);
    EQML_FREE(column);
    return status;
}

static void eqml__selection_free(eqml__selection *s)
{
    EQML_FREE(s->slot);
    EQML_FREE(s->uses);
    EQML_FREE(s->order);
    EQML_FREE(s->term);
    EQML_FREE(s->term_of);
    EQML_FREE(s->is_term);
    EQML_FREE(s->product);
}

/* Finds what the kept terms need. The caller frees the selection, also if this fails. */
static eqml_status eqml__selection_create(eqml__selection *s, const eqml_basis *from,
                                          const unsigned char *keep)
{
    memset(s, 0, sizeof *s);
    s->from = from;
    s->keep = keep;
    s->slot = (int *)eqml__zeroed((size_t)from->nslots, sizeof(int));
    s->uses = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->order = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->term = (int *)eqml__zeroed((size_t)from->nterms, sizeof(int));
    s->term_of = (int *)eqml__zeroed((size_t)from->nfactors, sizeof(int));
    s->is_term = (unsigned char *)eqml__zeroed((size_t)from->nfactors, 1);
    s->product = (eqml__product *)eqml__zeroed((size_t)from->nterms, sizeof(eqml__product));
    return s->slot && s->uses && s->order && s->term && s->term_of && s->is_term && s->product
               ? EQML_OK
               : EQML_ERROR_MEMORY;
}

/*
 * Fits terms[count] alone to the rows of R, which stand for the rows of data. x[nterms] <- the coefficients
 * of all terms, zero for the others.
 */
static eqml_status eqml__refit(const eqml_problem *p, const int *terms, int count, double *x,
                               eqml_subset *subset)
{
    const int n = p->basis->nterms;
    const int constant = eqml__is_term(p->basis, 0);
    eqml_lsq_options solve = {0, p->ridge, constant && terms[0] == 0};
    eqml_lsq_result solved;
    eqml_lsq *lsq;
    double *part = (double *)eqml__zeroed((size_t)count, sizeof(double));
    eqml_status status = eqml_lsq_create(&lsq, count, 1);
    if (!status && !part)
        status = EQML_ERROR_MEMORY;
    for (int k = 0; k < count && !status; k++)
        lsq->least[k] = p->lsq->least[terms[k]];
    if (!status)
        lsq->tolerance = p->lsq->tolerance;
    for (int i = 0; i <= n && !status; i++) {
        double *row = eqml_lsq_row(lsq);
        for (int k = 0; k < count; k++)
            row[k] = i <= terms[k] && i < n ? *eqml__lsq_r(p->lsq, i, terms[k]) : 0;
        row[count] = *eqml__lsq_r(p->lsq, i, n);
        status = eqml_lsq_add(lsq);
    }
    if (!status)
        status = eqml_lsq_solve(lsq, &solve, part, &solved);
    for (int k = 0; k < count && !status; k++)
        x[terms[k]] = part[k];
    if (!status) {
        subset->terms = count;
        subset->rank = solved.rank;
        subset->condition = solved.condition;
        subset->error = eqml__row_error(p, solved.residual);
    }
    if (constant)
        x[0] += p->shift;
    EQML_FREE(part);
    eqml_lsq_free(lsq);
    return status;
}

/* The surface over the new basis: offsets of its factors, coefficients x[nterms of the old one] of its terms.
 */
static eqml_status eqml__subset_surface(const eqml_problem *p, const eqml__selection *s, const double *x,
                                        eqml_subset *subset)
{
    double *coefficients = (double *)eqml__zeroed((size_t)subset->basis->nterms, sizeof(double));
    eqml_status status = coefficients ? EQML_OK : EQML_ERROR_MEMORY;
    if (!status)
        status = eqml_surface_create(subset->basis, p->surface.variables, &subset->surface);
    if (!status) {
        eqml__copy_classes(&subset->surface, &p->surface);
        for (int f = 0; f < s->nfactors; f++)
            subset->surface.offset[f] = p->surface.offset[s->order[f]];
        for (int k = 0; k < subset->basis->nterms; k++)
            coefficients[k] = x[s->term[k]];
        eqml_surface_set(&subset->surface, coefficients);
        subset->surface.standardised = 1;
    }
    EQML_FREE(coefficients);
    return status;
}

EQML_API void eqml_subset_free(eqml_subset *subset)
{
    eqml_surface_free(&subset->surface);
    EQML_FREE(subset->basis);
    memset(subset, 0, sizeof *subset);
}

EQML_API eqml_status eqml_keep(const eqml_problem *p, const eqml_ranking *ranking, int terms,
                               const char *name, eqml_subset *subset, eqml_message *message)
{
    const size_t n = (size_t)p->basis->nterms;
    memset(subset, 0, sizeof *subset);
    if (terms < 1 || terms > ranking->terms || !name || !*name) {
        return eqml__fail(message, EQML_ERROR_ARGUMENT,
                          "keeping %d terms: expected a name and 1 to %d, the number that was ranked", terms,
                          ranking->terms);
    }
    unsigned char *keep = (unsigned char *)eqml__zeroed(n, 1);
    double *x = (double *)eqml__zeroed(n, sizeof(double));
    eqml__selection s;
    memset(&s, 0, sizeof s);
    eqml_status status = keep && x ? eqml__refit(p, ranking->term, terms, x, subset) : EQML_ERROR_MEMORY;
    if (!status) {
        for (int k = 0; k < terms; k++)
            keep[ranking->term[k]] = 1;
        if (eqml__is_term(p->basis, 0))
            keep[0] = 1; /* holds the shift of the energies */
        status = eqml__selection_create(&s, p->basis, keep);
    }
    if (!status)
        status = eqml__build_basis(&s, name, &subset->basis);
    if (!status)
        status = eqml__subset_surface(p, &s, x, subset);
    eqml__selection_free(&s);
    EQML_FREE(keep);
    EQML_FREE(x);
    if (status) {
        eqml_subset_free(subset);
        eqml__fail(message, status, "keeping %d terms failed: %s", terms, eqml_status_text(status));
    }
    return status;
}

#endif /* EQML__SUBSET_C */
