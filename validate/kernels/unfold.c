/* Turns the sliding windows of a convolution into rows of a matrix without copying each element once for every tap.
 *
 * For each horizontal tap (and for each phase of the vertical stride) one copy of an image is made, shifted and with zeros
 * around it. A vertical tap is then only an offset into that copy: a 3x3 kernel needs 3 copies instead of 9, and row k of
 * the unfolded matrix is a run of contiguous floats, so that SpMM reads it like any other X.
 */
#include <string.h>

#include "pool.h"
#include "spmm.h"

struct unfolding {
    int64_t planes, height, width; /* of the input: images * channels */
    int64_t copies, rows, columns; /* of each copy; columns as in the output */
    int64_t stride_y, stride_x;
    const int32_t *y, *x; /* [copies] place in the input of the first row and column of a copy; negative in the border */
};

struct job {
    const struct unfolding *u;
    const float *from;
    float *to;
};

/* The columns of a copy that lie inside the input: those from `*first` up to `*last`. */
static void columns_inside(const struct unfolding *u, int64_t x, int64_t *first, int64_t *last)
{
    int64_t begin = x < 0 ? (-x + u->stride_x - 1) / u->stride_x : 0;
    int64_t end = x < u->width ? (u->width - x + u->stride_x - 1) / u->stride_x : 0;
    *last = end < u->columns ? end : u->columns;
    *first = begin < *last ? begin : *last;
}

static void copy_plane(const struct unfolding *u, const float *from, int64_t copy, float *to)
{
    int64_t first, last;
    columns_inside(u, u->x[copy], &first, &last);
    for (int64_t row = 0; row < u->rows; row++, to += u->columns) {
        const int64_t y = u->y[copy] + row * u->stride_y;
        if (y < 0 || y >= u->height || first >= last) {
            memset(to, 0, (size_t)u->columns * sizeof *to);
            continue;
        }
        const float *source = from + y * u->width + u->x[copy];
        for (int64_t i = 0; i < first; i++)
            to[i] = 0;
        if (u->stride_x == 1)
            for (int64_t i = first; i < last; i++)
                to[i] = source[i];
        else
            for (int64_t i = first; i < last; i++)
                to[i] = source[i * u->stride_x];
        for (int64_t i = last; i < u->columns; i++)
            to[i] = 0;
    }
}

static void by_planes(void *context, int t, int threads)
{
    const struct job *job = context;
    const struct unfolding *u = job->u;
    for (int64_t plane = u->planes * t / threads; plane < u->planes * (t + 1) / threads; plane++)
        for (int64_t copy = 0; copy < u->copies; copy++)
            copy_plane(u, job->from + plane * u->height * u->width, copy,
                       job->to + (plane * u->copies + copy) * u->rows * u->columns);
}

/* to[planes][copies][rows][columns] from the images from[planes][height][width]. */
EXPORT void secateur_unfold(const struct unfolding *u, const float *from, float *to, int32_t threads)
{
    struct job job = {.u = u, .from = from, .to = to};
    secateur_in_parallel(threads, by_planes, &job);
}
