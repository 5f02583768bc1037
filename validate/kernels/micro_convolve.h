/* The shifted copies of an image that convolve.c multiplies, for one instruction set; included after micro.h. */

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

/* Every second float, of which `count` are wanted, two vectors into one. */
INLINE void copy_every_second(const float *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t left = count - i, floats = 2 * left - 1;
        const float *source = from + 2 * i;
        const vector low = floats < LANES ? load_some(source, floats) : load(source);
        const vector high = floats <= LANES         ? (vector){0}
                            : floats < 2 * LANES ? load_some(source + LANES, floats - LANES)
                                                 : load(source + LANES);
        if (left < LANES)
            store_some(to + i, left, EVERY_SECOND(low, high));
        else
            store(to + i, EVERY_SECOND(low, high));
    }
}

static void copy_row(const struct unfolding *u, const float *from, int64_t first, int64_t last, float *to)
{
    clear_floats(first, to);
    if (u->stride_x == 1)
        copy_floats(from + first, last - first, to + first);
    else if (u->stride_x == 2)
        copy_every_second(from + 2 * first, last - first, to + first);
    else
        for (int64_t i = first; i < last; i++)
            to[i] = from[i * u->stride_x];
    clear_floats(u->columns - last, to + last);
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

static void copy_plane(const struct unfolding *u, const float *from, int64_t copy, float *to)
{
    const int64_t y = u->y[copy], first = u->first[copy], last = u->last[copy];
    int64_t row = 0;
    for (; row < u->rows && y + row * u->stride_y < 0; row++)
        clear_floats(u->columns, to + row * u->columns);
    const float *source = from + u->x[copy];
    if (u->stride_y == 1 && u->stride_x == 1 && u->columns == u->width && first < last) {
        const int64_t inside = (u->height - y < u->rows ? u->height - y : u->rows) - row;
        if (inside > 0) {
            copy_rows(u, source + (y + row) * u->width, inside, first, last, to + row * u->columns);
            row += inside;
        }
    }
    for (; row < u->rows && y + row * u->stride_y < u->height; row++)
        copy_row(u, source + (y + row * u->stride_y) * u->width, first, last, to + row * u->columns);
    clear_floats((u->rows - row) * u->columns, to + row * u->columns);
}
