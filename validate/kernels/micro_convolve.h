/* The copies of an image that convolve.c multiplies, for one instruction set; included after micro.h. */

INLINE void copy_floats(const float *from, int64_t count, float *to)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        store(to + i, load(from + i));
    if (i < count)
        store_some(to + i, count - i, load_some(from + i, count - i));
}

INLINE void clear_floats(int64_t count, float *to)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        store(to + i, (vector){0});
    if (i < count)
        store_some(to + i, count - i, (vector){0});
}

INLINE int64_t lane(int64_t column)
{
    return column < 0 ? 0 : column > LANES ? LANES : column;
}

/* LANES floats that are `step` (1 or 2) apart, with zeros outside of [first, last). */
INLINE vector load_stepped(const int step, const float *from, int64_t first, int64_t last)
{
    if (step == 1)
        return load_between(from, first, last);
    if (first >= last)
        return (vector){0};
    const int64_t begin = 2 * first, end = 2 * last - 1;
    return EVERY_SECOND(load_between(from, lane(begin), lane(end)),
                        load_between(from + LANES, lane(begin - LANES), lane(end - LANES)));
}

/* Rows of a copy that lie inside the image but for their ends, a vector of columns after the other. The columns to the
 * right come first: what the last vector of a row writes beyond it is the begin of the next row, which comes later. */
INLINE void copy_stepped(const int step, const struct unfolding *u, const float *from, int64_t rows, int64_t first,
                         int64_t last, float *to)
{
    const int64_t from_pitch = u->stride_y * u->width, to_pitch = u->columns;
    for (int64_t column = (to_pitch - 1) / LANES * LANES; column >= 0; column -= LANES) {
        const int64_t begin = lane(first - column), end = lane(last - column), left = to_pitch - column;
        const float *source = from + step * column;
        float *target = to + column;
        for (int64_t row = 0; row < rows; row++) {
            const vector values = load_stepped(step, source + row * from_pitch, begin, end);
            if (left < LANES && (row + 1 == rows || to_pitch < LANES))
                store_some(target + row * to_pitch, left, values);
            else
                store(target + row * to_pitch, values);
        }
    }
}

/* Rows as long as those of the image follow each other in the copy as they do there: all are copied at once, and where
 * the shift brought the end of one row to the begin of the next, zeros are put. */
static void copy_rows(const struct unfolding *u, const float *from, int64_t rows, int64_t first, int64_t last,
                      float *to)
{
    const int64_t width = u->columns;
    copy_floats(from + first, rows * width - first - (width - last), to + first);
    for (int64_t row = 0; row < rows; row++, to += width) {
        for (int64_t i = 0; i < first; i++)
            to[i] = 0;
        for (int64_t i = last; i < width; i++)
            to[i] = 0;
    }
}

static void copy_any(const struct unfolding *u, const float *from, int64_t rows, int64_t first, int64_t last, float *to)
{
    for (int64_t row = 0; row < rows; row++, from += u->stride_y * u->width, to += u->columns) {
        clear_floats(first, to);
        for (int64_t i = first; i < last; i++)
            to[i] = from[i * u->stride_x];
        clear_floats(u->columns - last, to + last);
    }
}

static void copy_plane(const struct unfolding *u, const float *from, int64_t copy, float *to)
{
    const int64_t y = u->y[copy], first = u->first[copy], last = u->last[copy];
    const int64_t above = y < 0 ? least(u->rows, (-y + u->stride_y - 1) / u->stride_y) : 0;
    const int64_t below = y < u->height ? least(u->rows, (u->height - y + u->stride_y - 1) / u->stride_y) : 0;
    const int64_t rows = below > above ? below - above : 0;
    const float *source = from + (y + above * u->stride_y) * u->width + u->x[copy];
    float *inside = to + above * u->columns;
    clear_floats(above * u->columns, to);
    if (u->stride_y == 1 && u->stride_x == 1 && u->columns == u->width && first < last)
        copy_rows(u, source, rows, first, last, inside);
    else if (u->stride_x == 1)
        copy_stepped(1, u, source, rows, first, last, inside);
    else if (u->stride_x == 2)
        copy_stepped(2, u, source, rows, first, last, inside);
    else
        copy_any(u, source, rows, first, last, inside);
    clear_floats((u->rows - above - rows) * u->columns, inside + rows * u->columns);
}
