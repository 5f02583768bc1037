/* Y = W X where the columns of X are lines of unfolded images, read in place.
 *
 * A line is a row of the output. In the copies of an image it is followed by a gap, the border that horizontal taps
 * reach into, so a panel is not one run of columns but some lines with the same number of vectors. Neither X nor Y is
 * copied once more, and one copy of the image serves all horizontal taps.
 */
#include "pool.h"
#include "spmm.h"

struct product {
    const struct weights *w;
    const struct unfolding *u;
    const float *x;
    const int32_t *offset;
    float *y;
    const struct layout *out;
    int64_t line;         /* vectors */
    int64_t parts, part;  /* of a line, where it has more vectors than a panel, and vectors in each but the last */
    int64_t groups, most; /* of lines, and lines in each but the last */
    int64_t index;        /* of the panel whose stripes are shared out */
};

/* Multiplies the stripes [from, to) with panel `index` of those that the images are cut into. */
static void multiply_panel(const struct product *p, int64_t index, int64_t from, int64_t to)
{
    const struct weights *w = p->w;
    const struct unfolding *u = p->u;
    const struct isa *isa = secateur_isa(w->isa);
    const int64_t part = index % p->parts, group = index / p->parts % p->groups, image = index / p->parts / p->groups;
    const int64_t line = group * p->most, column = part * p->part * isa->lanes;
    const int64_t lines = least(p->most, p->out->run / u->line - line), vectors = least(p->part, p->line - part * p->part);
    const int64_t tail = least(u->line - column - (vectors - 1) * isa->lanes, isa->lanes);
    const int64_t classes = w->kind == GROUPS ? (1 << w->R) - 1 : 0;
    struct panel x = {.data = p->x + image * u->channels * u->copies * u->rows * u->columns + line * u->columns + column,
                      .line = vectors,
                      .x_pitch = u->columns,
                      .y_pitch = u->line};
    for (int64_t b = 0; b < w->blocks; b++) {
        const int64_t at = b * w->stripes + from;
        const struct part stripes = {.stripes = to - from,
                                     .row = w->row + from * w->R,
                                     .entry = w->entry + at,
                                     .first = w->first + at,
                                     .count = w->count != NULL ? w->count + at * classes : NULL,
                                     .column = w->column,
                                     .value = w->value,
                                     .bias = w->bias,
                                     .begins = b == 0};
        x.offset = p->offset + b * w->block;
        isa->multiply(w->kind, w->R, w->C, lines * vectors, &stripes, x,
                      p->y + image * p->out->image + line * u->line + column, p->out->row, tail);
    }
}

static int64_t panels(const struct product *p)
{
    return p->out->runs * p->groups * p->parts;
}

static void by_panels(void *context, int part, int parts)
{
    const struct product *p = context;
    for (int64_t i = panels(p) * part / parts; i < panels(p) * (part + 1) / parts; i++)
        multiply_panel(p, i, 0, p->w->stripes);
}

static void by_stripes(void *context, int part, int parts)
{
    const struct product *p = context;
    const int64_t from = secateur_share_begins(p->w, part, parts);
    const int64_t to = part + 1 == parts ? p->w->stripes : secateur_share_begins(p->w, part + 1, parts);
    if (from < to)
        multiply_panel(p, p->index, from, to);
}

/* Cuts lines, or what there is of one, so that all panels have nearly the same size. */
static void cut(struct product *p, int64_t vectors)
{
    const struct isa *isa = secateur_isa(p->w->isa);
    const int64_t lines = p->out->run / p->u->line;
    vectors = least(vectors, isa->most_vectors(p->w->kind, p->w->R));
    p->line = (p->u->line + isa->lanes - 1) / isa->lanes;
    p->parts = (p->line + vectors - 1) / vectors;
    p->part = (p->line + p->parts - 1) / p->parts;
    p->parts = (p->line + p->part - 1) / p->part;
    p->most = isa->most_lines(p->w->kind, p->w->R, p->line, vectors);
    p->groups = (lines + p->most - 1) / p->most;
    p->most = (lines + p->groups - 1) / p->groups;
    p->groups = (lines + p->most - 1) / p->most;
}

/* Y = W X + bias for images X that were unfolded as `u` says, with row k of X at `offset[k]` of each; `out` has one run
 * for each image. The last vector of the last line may be read beyond the end of X, without a use for what is there. */
void secateur_lines(const struct weights *w, const struct unfolding *u, const float *x, const int32_t *offset, float *y,
                    const struct layout *out, int64_t vectors, int32_t threads)
{
    struct product p = {.w = w, .u = u, .x = x, .offset = offset, .y = y, .out = out};
    cut(&p, vectors);
    if (panels(&p) >= threads) {
        secateur_in_parallel(threads, panels(&p), by_panels, &p);
        return;
    }
    for (p.index = 0; p.index < panels(&p); p.index++)
        secateur_in_parallel(threads, threads, by_stripes, &p);
}
