/* What was computed: one file that grows by whole frames. */
#define _POSIX_C_SOURCE 200809L
#include "learn/learn.h"
#include "common/atoms.h"
#include "common/modes.h"
#include "common/whole.h"
#include <fcntl.h>
#include <sys/stat.h>

#define SAME 1e-6 /* bohr: geometries that are the same but for the digits in files */

static size_t size_of_geometry(void)
{
    return 3 * (size_t)basis->natoms;
}

/* ---- frames ----------------------------------------------------------------------------------------------- */

/* The end of the frame that begins here; NULL where it is not whole. */
static char *end_of_frame(char *text)
{
    char *end;
    long lines = strtol(text, &end, 10);
    if (end == text || lines < 1 || lines > 1000000)
        return NULL;
    for (lines += 2; lines > 0 && text; lines--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text;
}

/* The name in the comment line of a frame, "" where it has none. */
static void id_of_frame(const char *frame, char id[ID_LENGTH])
{
    const char *comment = strchr(frame, '\n') + 1, *end = strchr(comment, '\n'),
               *at = strstr(comment, " id=");
    const size_t length = at && at < end ? strcspn(at + 4, " \n") : 0;
    snprintf(id, ID_LENGTH, "%.*s", (int)(length < ID_LENGTH ? length : 0), at ? at + 4 : "");
}

static char *read_text(int file, size_t *size)
{
    struct stat known;
    if (fstat(file, &known) || lseek(file, 0, SEEK_SET) < 0)
        return NULL;
    char *text = malloc((size_t)known.st_size + 1);
    *size = 0;
    for (ssize_t got; text && (got = read(file, text + *size, (size_t)known.st_size - *size)) > 0;)
        *size += (size_t)got;
    if (text)
        text[*size] = 0;
    return text;
}

/* (*id)[*n] <- the names of the frames of a file, whose end is cut off where it is half a frame. */
static int read_ids(const char *path, int file, char (**id)[ID_LENGTH], size_t *n)
{
    size_t size, count = 0;
    char *text = read_text(file, &size), *frame, *end;
    if (!text)
        return fail(path, strerror(errno));
    for (frame = text; (end = end_of_frame(frame)) != NULL; frame = end)
        count++;
    if (frame < text + size) {
        fprintf(stderr, "learn: %s: %zu bytes at its end are no whole frame, and were cut off\n", path,
                (size_t)(text + size - frame));
        if (ftruncate(file, frame - text)) {
            free(text);
            return fail(path, strerror(errno));
        }
    }
    *id = calloc(count + 1, sizeof **id);
    if (!*id) {
        free(text);
        return fail("", "out of memory");
    }
    *n = 0;
    for (frame = text; *n < count; frame = end_of_frame(frame))
        id_of_frame(frame, (*id)[(*n)++]);
    free(text);
    return 0;
}

static int open_file(const settings *s, const char *name, char path[PATH_LENGTH], int *file)
{
    snprintf(path, PATH_LENGTH, "%s/%s", s->folder, name);
    *file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return *file < 0 ? fail(path, strerror(errno)) : 0;
}

static int lock(const settings *s, int file)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (!fcntl(file, F_SETLK, &all))
        return 0;
    return fail(s->folder,
                errno == EACCES || errno == EAGAIN ? "another run works in this folder" : strerror(errno));
}

/* Geometries of a file whose frames have these names. */
static int read_frames(const char *path, size_t n, eqml_data *data)
{
    eqml_message message;
    if (n == 0)
        return 0;
    if (eqml_data_read(path, data, &message))
        return fail("", message.text);
    if (match_basis(data, basis, NULL, &message))
        return fail(path, message.text);
    return data->n == n ? 0 : fail(path, "changed while it was read");
}

int points_open(points *p, const settings *s)
{
    char path[PATH_LENGTH];
    eqml_data data = {0}, failed = {0};
    p->file = p->failed_file = -1;
    int bad = open_file(s, "points.xyz", path, &p->file) || lock(s, p->file) ||
              read_ids(path, p->file, &p->id, &p->n) || read_frames(path, p->n, &data);
    for (size_t g = 0; !bad && g < data.n; g++)
        if (!(data.has[g] & EQML_HAS_ENERGY) || !(data.has[g] & EQML_HAS_GRADIENT))
            bad = fail(path, "a frame without energy or forces: it is no file of this program");
    bad = bad || open_file(s, "failures.xyz", path, &p->failed_file) ||
          read_ids(path, p->failed_file, &p->failed, &p->failures) || read_frames(path, p->failures, &failed);
    if (!bad) {
        p->room = data.n, p->failures_room = failed.n;
        p->xyz = data.xyz, p->energy = data.energy, p->gradient = data.gradient;
        p->failed_xyz = failed.xyz;
        data.xyz = data.energy = data.gradient = failed.xyz = NULL;
    }
    eqml_data_free(&data);
    eqml_data_free(&failed);
    return bad;
}

void points_close(points *p)
{
    if (p->file >= 0)
        close(p->file);
    if (p->failed_file >= 0)
        close(p->failed_file);
    free(p->id);
    free(p->xyz);
    free(p->gradient);
    free(p->energy);
    free(p->failed);
    free(p->failed_xyz);
    *p = (points){.file = -1, .failed_file = -1};
}

/* ---- looking up --------------------------------------------------------------------------------------------- */

static int find_in(size_t n, char (*ids)[ID_LENGTH], const double *all, const char *id, const double *xyz,
                   size_t *at)
{
    const size_t size = size_of_geometry();
    for (size_t g = 0; g < n; g++) {
        size_t k = 0;
        while (!strcmp(ids[g], id) && k < size && fabs(all[g * size + k] - xyz[k]) < SAME)
            k++;
        *at = g;
        if (k == size)
            return 1;
    }
    return 0;
}

long points_find(const points *p, const char *id, const double *xyz)
{
    size_t at;
    if (find_in(p->n, p->id, p->xyz, id, xyz, &at))
        return (long)at;
    return find_in(p->failures, p->failed, p->failed_xyz, id, xyz, &at) ? FAILED : NOT_COMPUTED;
}

size_t points_count(const points *p, const char *prefix)
{
    size_t count = 0;
    for (size_t g = 0; g < p->n; g++)
        count += !strncmp(p->id[g], prefix, strlen(prefix));
    return count;
}

static int last_of(size_t n, char (*ids)[ID_LENGTH], const char *prefix)
{
    int last = 0;
    for (size_t g = 0; g < n; g++)
        if (!strncmp(ids[g], prefix, strlen(prefix))) {
            const int round = atoi(ids[g] + strlen(prefix));
            last = round > last ? round : last;
        }
    return last;
}

int points_last_round(const points *p, const char *prefix)
{
    const int computed = last_of(p->n, p->id, prefix), failed = last_of(p->failures, p->failed, prefix);
    return computed > failed ? computed : failed;
}

double points_lowest(const points *p)
{
    double lowest = INFINITY;
    for (size_t g = 0; g < p->n; g++)
        lowest = fmin(lowest, p->energy[g]);
    return lowest;
}

/* ---- appending ---------------------------------------------------------------------------------------------- */

/* Prints a frame. The digits are enough for the same numbers to come back. */
static void print_frame(FILE *out, const settings *s, const char *comment, const double *xyz,
                        const double *gradient)
{
    const char *symbols = s->symbols;
    fprintf(out, "%d\nProperties=species:S:1:pos:R:3:forces:R:3 %s\n", basis->natoms, comment);
    for (int i = 0; i < basis->natoms; i++) {
        symbols += strspn(symbols, " ");
        const int length = (int)strcspn(symbols, " ");
        fprintf(out, "%-2.*s", length, symbols);
        symbols += length;
        for (int k = 3 * i; k < 3 * i + 3; k++)
            fprintf(out, " %18.12f", xyz[k] / EQML_ANGSTROM);
        for (int k = 3 * i; k < 3 * i + 3; k++)
            fprintf(out, " %16.10f", -gradient[k] / EQML_EV * EQML_ANGSTROM);
        fputc('\n', out);
    }
}

/* Writes a frame at the end of a file: all of it, or nothing. */
static int append(const char *name, int file, const settings *s, const char *comment, const double *xyz,
                  const double *gradient)
{
    char *text = NULL, path[PATH_LENGTH];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return fail("", "out of memory");
    if (gradient)
        print_frame(out, s, comment, xyz, gradient);
    else
        census_put_frame(out, basis->natoms, s->symbols, xyz, comment);
    if (fclose(out)) {
        free(text);
        return fail("", "out of memory");
    }
    const off_t before = lseek(file, 0, SEEK_END);
    const ssize_t written = write(file, text, size);
    const int why = errno;
    free(text);
    if (written == (ssize_t)size)
        return 0;
    if (written > 0 && ftruncate(file, before))
        return fail(path, strerror(errno));
    return fail(path, written < 0 ? strerror(why) : "no space is left");
}

/* Room for one more in an array; 0 where there is none. */
static int grow(void *array, size_t room, size_t size)
{
    void **at = array, *more = realloc(*at, room * size);
    if (!more)
        return 0;
    *at = more;
    return 1;
}

int points_add(points *p, const settings *s, const char *id, const double *xyz, double energy,
               const double *gradient, const double *dipole)
{
    const size_t size = size_of_geometry(), bytes = size * sizeof *xyz;
    char comment[256], moment[128] = "";
    if (p->n >= p->room) {
        const size_t room = 2 * p->room + 64;
        if (!grow(&p->id, room, sizeof *p->id) || !grow(&p->xyz, room, bytes) ||
            !grow(&p->gradient, room, bytes) || !grow(&p->energy, room, sizeof *p->energy))
            return fail("", "out of memory");
        p->room = room;
    }
    if (dipole)
        snprintf(moment, sizeof moment, " dipole=\"%.9f %.9f %.9f\"", dipole[0] / EQML_ANGSTROM,
                 dipole[1] / EQML_ANGSTROM, dipole[2] / EQML_ANGSTROM);
    snprintf(comment, sizeof comment, "energy=%.11f%s id=%s pbc=\"F F F\"", energy / EQML_EV, moment, id);
    if (append("points.xyz", p->file, s, comment, xyz, gradient))
        return 1;
    snprintf(p->id[p->n], ID_LENGTH, "%s", id);
    memcpy(p->xyz + p->n * size, xyz, bytes);
    memcpy(p->gradient + p->n * size, gradient, bytes);
    p->energy[p->n++] = energy;
    return 0;
}

int points_add_failure(points *p, const settings *s, const char *id, const double *xyz, const char *reason)
{
    const size_t bytes = size_of_geometry() * sizeof *xyz;
    char comment[512], clean[256];
    if (p->failures >= p->failures_room) {
        const size_t room = 2 * p->failures_room + 64;
        if (!grow(&p->failed, room, sizeof *p->failed) || !grow(&p->failed_xyz, room, bytes))
            return fail("", "out of memory");
        p->failures_room = room;
    }
    snprintf(clean, sizeof clean, "%s", reason);
    for (char *c = clean; *c; c++)
        *c = *c == '"' || *c == '\\' || (unsigned char)*c < ' ' ? '\'' : *c;
    snprintf(comment, sizeof comment, "id=%s reason=\"%s\" pbc=\"F F F\"", id, clean);
    if (append("failures.xyz", p->failed_file, s, comment, xyz, NULL))
        return 1;
    snprintf(p->failed[p->failures], ID_LENGTH, "%s", id);
    memcpy((char *)p->failed_xyz + p->failures++ * bytes, xyz, bytes);
    return 0;
}

/* ---- train and test ----------------------------------------------------------------------------------------- */

typedef struct named {
    const char *id;
    size_t point;
} named;

static int by_id(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->id, y->id);
    return order ? order : (x->point > y->point) - (x->point < y->point);
}

/* Copies the frames of points to a file: their text in points.xyz, which has all that was computed. */
static int write_frames(const settings *s, const char *name, const char *text, const size_t *begin,
                        const named *order, size_t n, const unsigned char *take)
{
    char path[PATH_LENGTH];
    whole w;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    whole_open(&w, path);
    for (size_t k = 0; k < n && w.out; k++) {
        const size_t g = order[k].point;
        if (take[g])
            fwrite(text + begin[g], 1, begin[g + 1] - begin[g], w.out);
    }
    return whole_close(&w, 0) ? fail(path, strerror(errno)) : 0;
}

size_t points_up_to(const points *p, const settings *s, const char *prefix, unsigned char *marks)
{
    const double highest = points_lowest(p) + s->up_to / PER_CM;
    size_t count = 0;
    for (size_t g = 0; g < p->n; g++) {
        const unsigned char is = !strncmp(p->id[g], prefix, strlen(prefix)) && p->energy[g] <= highest;
        count += is;
        if (marks)
            marks[g] = is;
    }
    return count;
}

/* Is this a point of a sample that has not been spent? */
static int is_fresh(const char *id, int spent)
{
    static const char prefix[] = "confirm-";
    return !strncmp(id, prefix, sizeof prefix - 1) && atoi(id + sizeof prefix - 1) >= spent;
}

int points_split(const points *p, const settings *s, int spent, size_t *trained, size_t *tested)
{
    size_t size = 0, *begin = calloc(p->n + 1, sizeof *begin);
    named *order = calloc(p->n + 1, sizeof *order);
    unsigned char *train = calloc(2, p->n + 1), *test = train ? train + p->n + 1 : NULL;
    char *text = read_text(p->file, &size);
    int bad = !begin || !order || !train || !text;
    *trained = *tested = 0;
    if (bad)
        fail("", "out of memory");
    else
        *tested = points_up_to(p, s, "test-", test);
    for (size_t g = 0; !bad && g < p->n; g++) {
        char *end = end_of_frame(text + begin[g]);
        if (!end) {
            bad = fail(s->folder, "points.xyz: was changed by another program");
            break;
        }
        begin[g + 1] = (size_t)(end - text);
        order[g] = (named){p->id[g], g};
        train[g] = !test[g] && strncmp(p->id[g], "start-", 6) && !is_fresh(p->id[g], spent);
        *trained += train[g];
    }
    if (!bad)
        qsort(order, p->n, sizeof *order, by_id);
    bad = bad || write_frames(s, "train.xyz", text, begin, order, p->n, train) ||
          write_frames(s, "test.xyz", text, begin, order, p->n, test);
    free(begin);
    free(order);
    free(train);
    free(text);
    return bad;
}
