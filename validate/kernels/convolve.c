/* Convolutions as Y = W X, without copying each element of an image once for every tap of the kernel.
 *
 * Copies of an image are made with zeros around it. A vertical tap is then only an offset into a copy, so a 3x3 kernel
 * never needs 9 of them. How many there are is what the caller chose (convolution.py):
 * one for each horizontal tap (and each phase of the vertical stride), shifted and as wide as the output: row k of the
 * unfolded matrix is then a run of contiguous floats, and SpMM packs it like any other X;
 * or one alone (for each phase of the stride in both directions), wider than the output: a horizontal tap is an offset
 * too, and lines.c reads it in place.
 * Images are done a few at a time, so that what was unfolded is still in the cache when it is multiplied.
 */
#include "pool.h"
#include "spmm.h"

#define ENOUGH_COLUMNS 128 /* small images are put together until a panel is full */
#define PARTS_EACH 4       /* for a thread, where none is late */

struct convolution {
    const struct weights *w;
    const struct unfolding *u;
    const float *x;
    float *y;
    const struct layout *in, *out; /* of all images; `in` of the unfolded ones */
    int64_t vectors, at_a_time;    /* images */
    int32_t direct, inner_threads;
    int status;
};

/* Planes of some images that several threads unfold. */
struct unfolded {
    const struct unfolding *u;
    const struct isa *isa;
    const float *from;
    float *to;
    int64_t planes;
};

static void by_planes(void *context, int part, int parts)
{
    const struct unfolded *job = context;
    const struct unfolding *u = job->u;
    const struct isa *isa = job->isa;
    for (int64_t plane = job->planes * part / parts; plane < job->planes * (part + 1) / parts; plane++)
        for (int64_t copy = 0; copy < u->copies; copy++)
            isa->copy_plane(u, job->from + plane * u->height * u->width, copy,
                            job->to + (plane * u->copies + copy) * u->rows * u->columns);
}

/* Unfolds and multiplies `images` images from the one at `first` on. */
static int convolve_some(const struct convolution *c, int64_t first, int64_t images)
{
    const struct unfolding *u = c->u;
    const struct isa *isa = secateur_isa(c->w->isa);
    const int64_t floats = images * c->in->image + isa->lanes; /* the last line may be read beyond its end */
    float *to = secateur_scratch(UNFOLDED, (size_t)floats * sizeof *to);
    if (to == NULL)
        return NO_MEMORY;
    const float *from = c->x + first * u->channels * u->height * u->width;
    struct unfolded job = {.u = u, .isa = isa, .from = from, .to = to, .planes = images * u->channels};
    secateur_in_parallel(c->inner_threads, PARTS_EACH * c->inner_threads, by_planes, &job);
    struct layout in = *c->in, out = *c->out;
    in.runs = out.runs = images;
    if (u->line > 0) {
        secateur_lines(c->w, u, to, in.offset, c->y + first * c->out->image, &out, c->vectors, c->inner_threads);
        return OK;
    }
    return secateur_spmm(c->w, to, &in, c->y + first * c->out->image, &out, c->vectors, c->direct, c->inner_threads);
}

static void by_images(void *context, int part, int parts)
{
    struct convolution *c = context;
    const int64_t steps = (c->in->runs + c->at_a_time - 1) / c->at_a_time;
    for (int64_t step = steps * part / parts; step < steps * (part + 1) / parts; step++) {
        const int64_t first = step * c->at_a_time, left = c->in->runs - first;
        if (convolve_some(c, first, left < c->at_a_time ? left : c->at_a_time) != OK)
            __atomic_store_n(&c->status, NO_MEMORY, __ATOMIC_RELAXED);
    }
}

/* Y = W * X + bias for images X[runs][channels][height][width] and Y[runs][M][out height * out width]. The rest is
 * as in secateur_spmm, with the offsets of `in` into the unfolded image. Returns 0, or 1 when there is no memory. */
EXPORT int secateur_convolve(const struct weights *w, const struct unfolding *u, const float *x,
                             const struct layout *in, float *y, const struct layout *out, int64_t vectors,
                             int32_t direct, int32_t threads)
{
    if (w->M == 0 || in->runs * in->run == 0)
        return OK;
    struct convolution c = {
        .w = w, .u = u, .x = x, .y = y, .in = in, .out = out, .vectors = vectors, .direct = direct};
    c.at_a_time = (ENOUGH_COLUMNS + in->run - 1) / in->run;
    const int64_t steps = (in->runs + c.at_a_time - 1) / c.at_a_time;
    c.inner_threads = steps < threads ? threads : 1;
    if (steps < threads)
        by_images(&c, 0, 1);
    else
        secateur_in_parallel(threads, steps, by_images, &c);
    return c.status;
}
