/* Convolutions of many small images, one output pixel at a time with the images of the batch side by side.
 *
 * In a 4x4 image with a border a third of a 3x3 kernel's taps fall outside. Here each pixel is multiplied by the
 * weights of those taps alone that fall inside: pixels that have the same ones share a packed matrix. With the images
 * innermost the rows of X are runs of floats for any image size, so there is nothing to unfold, and the loops are those
 * of the product. Images are turned to that order and back some at a time.
 */
#include "pool.h"
#include "spmm.h"

#define TURNED_COLUMNS 64 /* a turned tile stays in the first-level cache */
#define TURNED_ROWS 16    /* floats of a cache line */

struct batch {
    const struct pixels *p;
    const float *x;
    float *y;
    int64_t images, vectors;
    int32_t direct, inner_threads;
    int status;
};

/* [images][inputs] to [inputs][inside]. */
static void turn_in(const struct isa *isa, const struct pixels *p, const float *x, int64_t images, float *to)
{
    for (int64_t i = 0; i < p->inputs; i += TURNED_COLUMNS)
        isa->transpose(x + i, p->inputs, images, least(TURNED_COLUMNS, p->inputs - i), to + i * p->inside, p->inside);
}

/* [outputs][inside] to [images][outputs], so that every line of the result is filled at once. */
static void turn_out(const struct isa *isa, const struct pixels *p, const float *from, int64_t images, float *y)
{
    for (int64_t i = 0; i < p->outputs; i += TURNED_ROWS)
        for (int64_t n = 0; n < images; n += 4)
            isa->transpose(from + i * p->inside + n, p->inside, least(TURNED_ROWS, p->outputs - i),
                           least(4, images - n), y + n * p->outputs + i, p->outputs);
}

static int multiply_stretch(const struct batch *b, const struct stretch *s, int64_t images, const float *in, float *out)
{
    const struct pixels *p = b->p;
    struct layout columns = {.runs = s->pixels, .run = images, .image = p->step * p->inside};
    struct layout result = {.runs = s->pixels, .run = images, .image = p->inside};
    if (images == p->inside && p->step == 1)
        columns = result = (struct layout){.runs = 1, .run = s->pixels * images, .image = s->pixels * images};
    columns.offset = s->offset;
    result.row = p->output_pixels * p->inside;
    return secateur_spmm(s->w, in + s->from * p->inside, &columns, out + s->to * p->inside, &result, b->vectors,
                         b->direct, b->inner_threads);
}

static int convolve_some(const struct batch *b, int64_t first, int64_t images)
{
    const struct pixels *p = b->p;
    const struct isa *isa = secateur_isa(p->stretch[0].w->isa);
    float *in = secateur_scratch(UNFOLDED, (size_t)(p->inputs * p->inside) * sizeof *in);
    float *out = secateur_scratch(TURNED, (size_t)(p->outputs * p->inside) * sizeof *out);
    if (in == NULL || out == NULL)
        return NO_MEMORY;
    turn_in(isa, p, b->x + first * p->inputs, images, in);
    for (int64_t i = 0; i < p->stretches; i++)
        if (multiply_stretch(b, &p->stretch[i], images, in, out) != OK)
            return NO_MEMORY;
    turn_out(isa, p, out, images, b->y + first * p->outputs);
    return OK;
}

static void by_images(void *context, int part, int parts)
{
    struct batch *b = context;
    const int64_t inside = b->p->inside, steps = (b->images + inside - 1) / inside;
    for (int64_t step = steps * part / parts; step < steps * (part + 1) / parts; step++)
        if (convolve_some(b, step * inside, least(inside, b->images - step * inside)) != OK)
            __atomic_store_n(&b->status, NO_MEMORY, __ATOMIC_RELAXED);
}

/* Y = W * X + bias for images X[images][inputs] and Y[images][outputs]; `vectors` and `direct` are as in secateur_spmm.
 * Returns 0, or 1 when there is no memory. */
EXPORT int secateur_convolve_pixels(const struct pixels *p, const float *x, float *y, int64_t images, int64_t vectors,
                                    int32_t direct, int32_t threads)
{
    if (p->stretches == 0 || p->outputs == 0 || images == 0)
        return OK;
    struct batch b = {.p = p, .x = x, .y = y, .images = images, .vectors = vectors, .direct = direct};
    const int64_t steps = (images + p->inside - 1) / p->inside;
    b.inner_threads = steps < threads ? threads : 1;
    if (steps < threads)
        by_images(&b, 0, 1);
    else
        secateur_in_parallel(threads, steps, by_images, &b);
    return b.status;
}
