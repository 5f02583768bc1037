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

static void copy_plane(const struct unfolding *u, const float *from, int64_t copy, float *to)
{
    const int64_t first = u->first[copy], last = u->last[copy];
    for (int64_t row = 0; row < u->rows; row++, to += u->columns) {
        const int64_t y = u->y[copy] + row * u->stride_y;
        if (y < 0 || y >= u->height) {
            clear_floats(u->columns, to);
            continue;
        }
        const float *source = from + y * u->width + u->x[copy];
        clear_floats(first, to);
        if (u->stride_x == 1)
            copy_floats(source + first, last - first, to + first);
        else
            for (int64_t i = first; i < last; i++)
                to[i] = source[i * u->stride_x];
        clear_floats(u->columns - last, to + last);
    }
}
