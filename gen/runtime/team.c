/* Several processes: what they agree on, and their triangles, gathered. */
#ifndef EQML__TEAM_C
#define EQML__TEAM_C
#include "team.h"
#include "lsq.c"
#include "status.c"

/* The tree: a rank's parent is the rank without its lowest bit; its children have one lower bit more. Returns that bit, or
 * for rank 0 the first power of two that is not below the size. */
static int eqml__team_bit(const eqml_team *team)
{
    int bit = 1;
    while (bit < team->size && !(team->rank & bit))
        bit *= 2;
    return bit;
}

static eqml_status eqml__unreachable(int rank, eqml_message *message)
{
    return eqml__fail(message, EQML_ERROR_FILE, "rank %d cannot be reached any more", rank);
}

/* Bytes of rank 0 to all. */
static eqml_status eqml__broadcast(const eqml_team *team, void *bytes, size_t size, eqml_message *message)
{
    const int bit = eqml__team_bit(team), parent = team->rank - bit;
    if (team->rank && team->receive(team->context, parent, bytes, size))
        return eqml__unreachable(parent, message);
    for (int step = bit / 2; step > 0; step /= 2) {
        const int child = team->rank + step;
        if (child < team->size && team->send(team->context, child, bytes, size))
            return eqml__unreachable(child, message);
    }
    return EQML_OK;
}

/* What a rank says of itself and of those below it. */
typedef struct eqml__said {
    int status, ncols, nrhs;
    eqml_message message;
} eqml__said;

/*
 * Whether all ranks are as they should be: each gives its status, and where that is none of success its message. All get
 * the status and the message of the first rank that failed. Work of which a rank may fail alone stands before such a call.
 */
static eqml_status eqml__agree(const eqml_team *team, eqml_status status, int ncols, int nrhs,
                               eqml_message *message)
{
    const int bit = eqml__team_bit(team);
    eqml__said own, other;
    memset(&own, 0, sizeof own);
    own.status = (int)status, own.ncols = ncols, own.nrhs = nrhs;
    if (status && team->rank)
        eqml__fail(&own.message, status, "rank %d: %.480s", team->rank,
                   message ? message->text : eqml_status_text(status));
    else if (status)
        eqml__fail(&own.message, status, "%s", message ? message->text : eqml_status_text(status));
    for (int step = 1; step < bit; step *= 2) {
        const int child = team->rank + step;
        if (child >= team->size)
            continue;
        if (team->receive(team->context, child, &other, sizeof other))
            return eqml__unreachable(child, message);
        if (!own.status && other.status)
            own = other;
        else if (!own.status && (own.ncols != other.ncols || own.nrhs != other.nrhs))
            own.status = (int)eqml__fail(&own.message, EQML_ERROR_ARGUMENT,
                                         "rank %d has %d columns, and rank %d has %d", team->rank, own.ncols,
                                         child, other.ncols);
    }
    if (team->rank && team->send(team->context, team->rank - bit, &own, sizeof own))
        return eqml__unreachable(team->rank - bit, message);
    const eqml_status passed = eqml__broadcast(team, &own, sizeof own, message);
    if (passed || !own.status)
        return passed;
    return eqml__fail(message, (eqml_status)own.status, "%s", own.message.text);
}

/* What goes before a triangle. */
typedef struct eqml__triangle_head {
    uint64_t rows;
    double tolerance;
} eqml__triangle_head;

/* Sends the triangle row by row, without the zeros, and what columns are scaled by. */
static eqml_status eqml__send_triangle(const eqml_team *team, int to, eqml_lsq *lsq)
{
    const size_t width = (size_t)lsq->width;
    const eqml__triangle_head head = {lsq->rows, lsq->tolerance};
    eqml_status status = team->send(team->context, to, &head, sizeof head);
    if (!status)
        status = team->send(team->context, to, lsq->least, width * sizeof(double));
    for (int i = 0; i < lsq->width && head.rows && !status; i++) {
        eqml__lsq_triangle_row(lsq, i, 1);
        status = team->send(team->context, to, lsq->row + i, (width - (size_t)i) * sizeof(double));
    }
    return status;
}

/* Adds the triangle that arrives. */
static eqml_status eqml__receive_triangle(const eqml_team *team, int from, eqml_lsq *lsq)
{
    const size_t width = (size_t)lsq->width;
    eqml__triangle_head head;
    eqml_status status = team->receive(team->context, from, &head, sizeof head);
    if (!status)
        status = team->receive(team->context, from, lsq->row, width * sizeof(double));
    if (status)
        return status;
    eqml__lsq_note_merged(lsq, (size_t)head.rows, lsq->row, head.tolerance);
    for (int i = 0; i < lsq->width && head.rows && !status; i++) {
        status = team->receive(team->context, from, lsq->row + i, (width - (size_t)i) * sizeof(double));
        eqml__lsq_add_merged(lsq, i);
    }
    return status;
}

EQML_API eqml_status eqml_lsq_gather(const eqml_team *team, eqml_lsq *lsq, eqml_message *message)
{
    eqml_status status = EQML_OK;
    eqml__lsq_fold(lsq);
    if (!eqml__lsq_is_finite(lsq))
        status = eqml__fail(message, EQML_ERROR_VALUE, "%s", eqml_status_text(EQML_ERROR_VALUE));
    status = eqml__agree(team, status, lsq->ncols, lsq->nrhs, message);
    const int bit = eqml__team_bit(team);
    for (int step = 1; step < bit && !status; step *= 2) {
        const int child = team->rank + step;
        if (child < team->size && eqml__receive_triangle(team, child, lsq))
            status = eqml__unreachable(child, message);
    }
    if (!status && team->rank && eqml__send_triangle(team, team->rank - bit, lsq))
        status = eqml__unreachable(team->rank - bit, message);
    return status;
}

#endif /* EQML__TEAM_C */
