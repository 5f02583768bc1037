/* Y = W X for sparse W: cuts the work into panels of X and shares them out over threads.
 *
 * A panel is a strip of X a few vectors wide. For every block of K it is copied side by side (or read in place,
 * where the plan found that faster), and then all stripes of W pass over it while it is in the first-level cache.
 * What is not a plain matrix (transposed, or images with few columns each) is turned into one panel by panel on the
 * way in and out.
 */
#include <string.h>

#include "pool.h"
#include "spmm.h"

struct product {
    const struct weights *w;
    const struct isa *isa;
    const float *x;
    float *y;
    const struct layout *in, *out;
    int64_t vectors; /* most in a panel */
    int32_t direct;  /* read X in place where a panel is full */
    int status;
};

/* Some columns of X, and where they are. `straddles` means that they belong to more than one image. */
struct strip {
    int64_t column, width, vectors, tail;
    int straddles;
};

static int64_t place(const struct layout *layout, int64_t column)
{
    return column / layout->run * layout->image + column % layout->run;
}

/* Like memcpy, whose call would take longer than the few floats of a small image. */
static inline void copy_few(float *to, const float *from, int64_t count)
{
    for (; count >= 4; count -= 4, to += 4, from += 4)
        memcpy(to, from, 4 * sizeof *to);
    for (; count > 0; count--)
        *to++ = *from++;
}

/* Copies `width` columns of one row, image by image, beginning `before` columns into the image at `row`. */
static inline void gather_columns(const struct layout *layout, const float *row, int64_t before, int64_t width,
                                  float *to)
{
    while (width > 0) {
        const int64_t some = least(width, layout->run - before);
        copy_few(to, row + before, some);
        to += some;
        width -= some;
        row += layout->image;
        before = 0;
    }
}

static inline void spread_columns(const struct layout *layout, float *row, int64_t before, int64_t width,
                                  const float *from)
{
    while (width > 0) {
        const int64_t some = least(width, layout->run - before);
        copy_few(row + before, from, some);
        from += some;
        width -= some;
        row += layout->image;
        before = 0;
    }
}

static void pack(const struct product *p, const struct strip *s, int64_t first, int64_t rows, float *panel)
{
    const struct layout *in = p->in;
    const int64_t padded = s->vectors * p->isa->lanes;
    if (in->transposed) {
        p->isa->transpose(p->x + s->column * in->row + first, in->row, s->width, rows, panel, padded);
        if (s->width < padded)
            for (int64_t k = 0; k < rows; k++)
                memset(panel + k * padded + s->width, 0, (size_t)(padded - s->width) * sizeof *panel);
    } else if (s->straddles) {
        const int64_t before = s->column % in->run;
        const float *image = p->x + s->column / in->run * in->image;
        for (int64_t k = 0; k < rows; k++) {
            const float *row = image + (in->offset != NULL ? in->offset[first + k] : (first + k) * in->row);
            gather_columns(in, row, before, s->width, panel + k * padded);
            memset(panel + k * padded + s->width, 0, (size_t)(padded - s->width) * sizeof *panel);
        }
    } else {
        const int32_t *offset = in->offset != NULL ? in->offset + first : NULL;
        const float *x = p->x + place(in, s->column) + (offset != NULL ? 0 : first * in->row);
        p->isa->pack(s->vectors, x, in->row, offset, rows, s->tail, panel);
    }
    /* The last block of a format with C columns in an entry may reach beyond K. */
    memset(panel + rows * padded, 0, (size_t)((p->w->C - 1) * padded) * sizeof *panel);
}

static void unpack(const struct product *p, const struct strip *s, int64_t first, int64_t rows, const float *sums)
{
    const struct layout *out = p->out;
    const int64_t padded = s->vectors * p->isa->lanes;
    if (out->transposed) {
        p->isa->transpose(sums, padded, rows, s->width, p->y + s->column * out->row + first, out->row);
        return;
    }
    const int64_t before = s->column % out->run;
    float *image = p->y + s->column / out->run * out->image;
    for (int64_t m = 0; m < rows; m++)
        spread_columns(out, image + (first + m) * out->row, before, s->width, sums + m * padded);
}

/* Multiplies the stripes [from, to) with one strip. The sums go to Y, or to `sums` (M rows of packed vectors). */
static int multiply_strip(const struct product *p, const struct strip *s, int64_t from, int64_t to, float *sums)
{
    const struct weights *w = p->w;
    const int64_t padded = s->vectors * p->isa->lanes;
    const int64_t classes = w->kind == GROUPS ? (1 << w->R) - 1 : 0;
    const int direct = p->direct && !p->in->transposed && !s->straddles && s->tail == p->isa->lanes &&
                       p->in->offset != NULL && (w->C == 1 || w->K % w->C == 0);
    float *panel = NULL;
    if (!direct) {
        panel = secateur_scratch(PANEL, (size_t)((least(w->block, w->K) + w->C) * padded) * sizeof *panel);
        if (panel == NULL)
            return NO_MEMORY;
    }
    float *y = sums != NULL ? sums : p->y + place(p->out, s->column);
    const int64_t stride = sums != NULL ? padded : p->out->row;
    const int64_t tail = sums != NULL ? p->isa->lanes : s->tail;
    for (int64_t b = 0; b < w->blocks; b++) {
        const int64_t first = b * w->block, at = b * w->stripes + from;
        struct panel x = {.data = panel, .line = s->vectors};
        if (direct)
            x = (struct panel){.data = p->x + place(p->in, s->column),
                               .offset = p->in->offset + first,
                               .line = s->vectors};
        else
            pack(p, s, first, least(w->block, w->K - first), panel);
        const struct part part = {.stripes = to - from,
                                  .row = w->row + from * w->R,
                                  .entry = w->entry + at,
                                  .first = w->first + at,
                                  .count = w->count != NULL ? w->count + at * classes : NULL,
                                  .column = w->column,
                                  .value = w->value,
                                  .bias = w->bias,
                                  .begins = b == 0};
        p->isa->multiply(w->kind, w->R, w->C, s->vectors, &part, x, y, stride, tail);
    }
    return OK;
}

/* Strips are cut so that all have nearly the same width, and as many for every thread. */
struct cut {
    const struct product *product;
    int64_t runs, run, strips; /* strips in a run */
    int straddles;
    /* Where the stripes of one strip are shared out instead of the strips: */
    struct strip strip;
    float *sums;
};

static struct strip strip_at(const struct cut *cut, int64_t index)
{
    const int64_t lanes = cut->product->isa->lanes, in_run = index % cut->strips;
    const int64_t vectors = (cut->run + lanes - 1) / lanes, base = vectors / cut->strips, extra = vectors % cut->strips;
    const int64_t before = in_run * base + least(in_run, extra), own = base + (in_run < extra);
    const int64_t width = least(own * lanes, cut->run - before * lanes);
    return (struct strip){.column = index / cut->strips * cut->run + before * lanes,
                          .width = width,
                          .vectors = own,
                          .tail = width - (own - 1) * lanes,
                          .straddles = cut->straddles};
}

static int needs_sums(const struct cut *cut)
{
    return cut->straddles || cut->product->out->transposed;
}

static void fail(struct product *p)
{
    __atomic_store_n(&p->status, NO_MEMORY, __ATOMIC_RELAXED);
}

static void by_strips(void *context, int part, int parts)
{
    const struct cut *cut = context;
    struct product *p = (struct product *)cut->product;
    const int64_t all = cut->runs * cut->strips;
    for (int64_t i = all * part / parts; i < all * (part + 1) / parts; i++) {
        const struct strip s = strip_at(cut, i);
        float *sums = NULL;
        if (needs_sums(cut)) {
            sums = secateur_scratch(SUMS, (size_t)(p->w->M * s.vectors * p->isa->lanes) * sizeof *sums);
            if (sums == NULL) {
                fail(p);
                return;
            }
        }
        if (multiply_strip(p, &s, 0, p->w->stripes, sums) != OK) {
            fail(p);
            return;
        }
        if (sums != NULL)
            unpack(p, &s, 0, p->w->M, sums);
    }
}

static void by_stripes(void *context, int part, int parts)
{
    const struct cut *cut = context;
    struct product *p = (struct product *)cut->product;
    const int64_t from = secateur_share_begins(p->w, part, parts);
    const int64_t to = part + 1 == parts ? p->w->stripes : secateur_share_begins(p->w, part + 1, parts);
    if (from < to && multiply_strip(p, &cut->strip, from, to, cut->sums) != OK)
        fail(p);
}

static void unpack_rows(void *context, int part, int parts)
{
    const struct cut *cut = context;
    const int64_t M = cut->product->w->M, from = M * part / parts & ~(int64_t)3;
    const int64_t to = part + 1 == parts ? M : M * (part + 1) / parts & ~(int64_t)3;
    const int64_t padded = cut->strip.vectors * cut->product->isa->lanes;
    unpack(cut->product, &cut->strip, from, to - from, cut->sums + from * padded);
}

/* With fewer strips than threads, the threads share out the stripes of one strip after the other. */
static void strip_by_strip(struct cut *cut, int threads)
{
    struct product *p = (struct product *)cut->product;
    for (int64_t i = 0; i < cut->runs * cut->strips; i++) {
        cut->strip = strip_at(cut, i);
        cut->sums = NULL;
        if (needs_sums(cut)) {
            const int64_t floats = p->w->M * cut->strip.vectors * p->isa->lanes;
            cut->sums = secateur_scratch(SUMS, (size_t)floats * sizeof(float));
            if (cut->sums == NULL) {
                fail(p);
                return;
            }
        }
        secateur_in_parallel(threads, threads, by_stripes, cut);
        if (cut->sums != NULL)
            secateur_in_parallel(threads, threads, unpack_rows, cut);
    }
}

/* Images with few columns fill vectors badly one by one; then a strip goes on from one image to the next. */
static int should_straddle(const struct layout *out, int64_t lanes)
{
    const int64_t padded = (out->run + lanes - 1) / lanes * lanes;
    return out->runs > 1 && (padded <= 2 * lanes || out->run * 5 < padded * 4);
}

/* Y = W X + bias. `vectors` is the most a panel may be wide (the instruction set may hold less), `direct` reads X in
 * place where it can. X and Y have the same runs. Returns 0, or 1 when there is no memory. */
EXPORT int secateur_spmm(const struct weights *w, const float *x, const struct layout *in, float *y,
                         const struct layout *out, int64_t vectors, int32_t direct, int32_t threads)
{
    if (w->M == 0 || in->runs * in->run == 0)
        return OK;
    const struct isa *isa = secateur_isa(w->isa);
    struct product p = {.w = w, .isa = isa, .x = x, .y = y, .in = in, .out = out, .direct = direct};
    p.vectors = least(vectors, isa->most_vectors(w->kind, w->R));
    struct cut cut = {.product = &p, .runs = in->runs, .run = in->run, .straddles = should_straddle(out, isa->lanes)};
    if (cut.straddles) {
        cut.run *= cut.runs;
        cut.runs = 1;
    }
    const int64_t in_run = (cut.run + isa->lanes - 1) / isa->lanes;
    cut.strips = (in_run + p.vectors - 1) / p.vectors;
    if (cut.runs == 1 && cut.strips >= threads)
        cut.strips = least((cut.strips + threads - 1) / threads * threads, in_run);
    if (cut.runs * cut.strips >= threads)
        secateur_in_parallel(threads, cut.runs * cut.strips, by_strips, &cut);
    else
        strip_by_strip(&cut, threads);
    return p.status;
}
