/* The loops of SpMM for one instruction set. Each micro_*.c defines LANES, how many sums its registers hold,
 * load_some, load_between and store_some, which leave the other lanes unread and unwritten, and includes this file, so
 * that one source is compiled once for each width of vector.
 *
 * Why these loops: a fused multiply-add needs one vector of X, and a core loads no more vectors from its first-level
 * cache than it multiplies. So sums stay in registers over a whole row of W (V of them for each row), X comes from a
 * panel small enough for that cache, and where several rows have a weight in one column, one load serves them all
 * (GROUPS, BLOCKS).
 */
#define UNROLL _Pragma("GCC unroll 16")

/* Where column k of the block lies in the panel. Packed rows are V vectors apart, which is a shift or two. */
INLINE const float *panel_row(struct panel x, const int direct, const int V, uint16_t k)
{
    return direct ? x.data + x.offset[k] : x.data + (int64_t)k * (V * LANES);
}

INLINE vector load(const float *from)
{
    return *(const loose_vector *)from;
}

INLINE void store(float *to, vector values)
{
    *(loose_vector *)to = values;
}

/* Of the last vector of a row, which may not be full. */
INLINE vector load_tail(const float *from, int64_t tail)
{
    return tail == LANES ? load(from) : load_some(from, tail);
}

/* Packed rows are aligned, and the compiler may then read them as an operand of the multiplication on every x86. */
INLINE vector load_x(const float *x, const int direct)
{
    if (direct)
        return load(x);
    return *(const vector *)x;
}

/* Sums of one row begin with its bias, or with what earlier blocks of K left in Y. */
INLINE void begin(const int V, const struct part *w, int32_t row, const float *y, int64_t tail, vector *sum)
{
    if (w->begins) {
        const float bias = w->bias != NULL && row >= 0 ? w->bias[row] : 0.0f;
        UNROLL for (int i = 0; i < V; i++)
            sum[i] = (vector){0} + bias;
        return;
    }
    UNROLL for (int i = 0; i < V - 1; i++)
        sum[i] = load(y + i * LANES);
    sum[V - 1] = load_tail(y + (V - 1) * LANES, tail);
}

INLINE void end(const int V, float *y, int64_t tail, const vector *sum)
{
    UNROLL for (int i = 0; i < V - 1; i++)
        store(y + i * LANES, sum[i]);
    if (tail == LANES)
        store(y + (V - 1) * LANES, sum[V - 1]);
    else
        store_some(y + (V - 1) * LANES, tail, sum[V - 1]);
}

/* The sums of V vectors that are lines of P vectors each: a line of Y does not begin where the one before ended. */
INLINE void begin_lines(const int V, const int P, const struct part *w, int32_t row, const float *y, int64_t pitch,
                        int64_t tail, vector *sum)
{
    UNROLL for (int i = 0; i < V; i += P)
        begin(P, w, row, y + i / P * pitch, tail, sum + i);
}

INLINE void end_lines(const int V, const int P, float *y, int64_t pitch, int64_t tail, const vector *sum)
{
    UNROLL for (int i = 0; i < V; i += P)
        end(P, y + i / P * pitch, tail, sum + i);
}

/* Vector i of a row of the panel. */
INLINE vector load_line(const float *from, const int direct, const int P, int i, struct panel x)
{
    return load_x(from + i / P * x.x_pitch + i % P * LANES, direct);
}

INLINE void multiply_rows(const int direct, const int V, const int P, const struct part *w, struct panel x, float *y,
                          int64_t stride, int64_t tail)
{
    for (int64_t s = 0; s < w->stripes; s++) {
        uint32_t j = w->entry[s];
        const uint32_t last = w->entry[s + 1];
        if (j == last && !w->begins)
            continue;
        float *out = y + w->row[s] * stride;
        vector sum[MOST_VECTORS];
        begin_lines(V, P, w, w->row[s], out, x.y_pitch, tail, sum);
        for (; j < last; j++) {
            const float *from = panel_row(x, direct, V, w->column[j]);
            const float weight = w->value[j];
            UNROLL for (int i = 0; i < V; i++)
                sum[i] += weight * load_line(from, direct, P, i, x);
        }
        end_lines(V, P, out, x.y_pitch, tail, sum);
    }
}

/* Where the sums of each row of a stripe go; rows that a last stripe lacks go to `nowhere`. */
INLINE void rows_of_stripe(const int R, const int32_t *row, float *y, int64_t stride, float *nowhere, float **out)
{
    UNROLL for (int r = 0; r < R; r++)
        out[r] = row[r] < 0 ? nowhere : y + row[r] * stride;
}

/* The entries of one class: the same rows have a weight in each of these columns. */
INLINE void multiply_class(const int subset, const int R, const int direct, const int V, const int P, uint32_t entries,
                           struct panel x, const uint16_t **column, const float **value,
                           vector sum[MOST_ROWS][MOST_VECTORS])
{
    const uint16_t *k = *column;
    const float *weight = *value;
    for (uint32_t j = 0; j < entries; j++) {
        const float *from = panel_row(x, direct, V, *k++);
        vector loaded[MOST_VECTORS];
        UNROLL for (int i = 0; i < V; i++)
            loaded[i] = load_line(from, direct, P, i, x);
        UNROLL for (int r = 0; r < R; r++) {
            if (!(subset >> r & 1))
                continue;
            const float w = *weight++;
            UNROLL for (int i = 0; i < V; i++)
                sum[r][i] += w * loaded[i];
        }
    }
    *column = k;
    *value = weight;
}

INLINE void multiply_groups(const int R, const int direct, const int V, const int P, const struct part *w,
                            struct panel x, float *y, int64_t stride, int64_t tail)
{
    float nowhere[MOST_VECTORS * LANES] = {0};
    const int classes = (1 << R) - 1;
    for (int64_t s = 0; s < w->stripes; s++) {
        if (w->entry[s] == w->entry[s + 1] && !w->begins)
            continue;
        const uint16_t *column = w->column + w->entry[s], *count = w->count + s * classes;
        const float *value = w->value + w->first[s];
        float *out[MOST_ROWS];
        vector sum[MOST_ROWS][MOST_VECTORS];
        rows_of_stripe(R, w->row + s * R, y, stride, nowhere, out);
        UNROLL for (int r = 0; r < R; r++)
            begin_lines(V, P, w, w->row[s * R + r], out[r], x.y_pitch, tail, sum[r]);
#define CLASS(subset)                \
    if (subset <= classes)           \
        multiply_class(subset, R, direct, V, P, count[subset - 1], x, &column, &value, sum);
        CLASS(1) CLASS(2) CLASS(3) CLASS(4) CLASS(5) CLASS(6) CLASS(7) CLASS(8)
        CLASS(9) CLASS(10) CLASS(11) CLASS(12) CLASS(13) CLASS(14) CLASS(15)
#undef CLASS
        UNROLL for (int r = 0; r < R; r++)
            end_lines(V, P, out[r], x.y_pitch, tail, sum[r]);
    }
}

INLINE void multiply_blocks(const int R, const int C, const int direct, const int V, const struct part *w,
                            struct panel x, float *y, int64_t stride, int64_t tail)
{
    float nowhere[MOST_VECTORS * LANES] = {0};
    for (int64_t s = 0; s < w->stripes; s++) {
        uint32_t j = w->entry[s];
        const uint32_t last = w->entry[s + 1];
        if (j == last && !w->begins)
            continue;
        const float *weight = w->value + w->first[s];
        float *out[MOST_ROWS];
        vector sum[MOST_ROWS][MOST_VECTORS];
        rows_of_stripe(R, w->row + s * R, y, stride, nowhere, out);
        UNROLL for (int r = 0; r < R; r++)
            begin(V, w, w->row[s * R + r], out[r], tail, sum[r]);
        for (; j < last; j++) {
            UNROLL for (int c = 0; c < C; c++) {
                const float *from = panel_row(x, direct, V, (uint16_t)(w->column[j] + c));
                vector loaded[MOST_VECTORS];
                UNROLL for (int i = 0; i < V; i++)
                    loaded[i] = load_x(from + i * LANES, direct);
                UNROLL for (int r = 0; r < R; r++) {
                    const float value = *weight++;
                    UNROLL for (int i = 0; i < V; i++)
                        sum[r][i] += value * loaded[i];
                }
            }
        }
        UNROLL for (int r = 0; r < R; r++)
            end(V, out[r], tail, sum[r]);
    }
}

/* Rows of V sums that fit into the registers beside the vectors of X that they are made of. */
static int64_t most_vectors(int32_t kind, int32_t R)
{
    if (kind == ROWS)
        return ROW_VECTORS;
    return R == 2 ? PAIR_VECTORS : R == 3 ? TRIPLE_VECTORS : R == 4 ? QUAD_VECTORS : EIGHT_VECTORS;
}

/* A loop as a function that turns the width of the panel into the constant V: only then are the sums registers. Widths
 * that the registers of this instruction set do not hold are never asked for, and not compiled. */
#define CASE(width, most, call) \
    case width: {               \
        enum { V = width };     \
        if (V <= (most))        \
            call;               \
        break;                  \
    }
#define LOOP(name, most, call)                                                                               \
    static __attribute__((noinline)) void name(int64_t vectors, const struct part *w, struct panel x, float *y, \
                                               int64_t stride, int64_t tail)                                 \
    {                                                                                                        \
        switch (vectors) {                                                                                   \
            CASE(1, most, call) CASE(2, most, call) CASE(3, most, call) CASE(4, most, call)                  \
            CASE(5, most, call) CASE(6, most, call) CASE(7, most, call) CASE(8, most, call)                  \
            CASE(9, most, call) CASE(10, most, call) CASE(11, most, call) CASE(12, most, call)               \
        }                                                                                                    \
    }

LOOP(packed_rows, ROW_VECTORS, multiply_rows(0, V, V, w, x, y, stride, tail))
LOOP(direct_rows, ROW_VECTORS, multiply_rows(1, V, V, w, x, y, stride, tail))
LOOP(packed_pairs, PAIR_VECTORS, multiply_groups(2, 0, V, V, w, x, y, stride, tail))
LOOP(direct_pairs, PAIR_VECTORS, multiply_groups(2, 1, V, V, w, x, y, stride, tail))
LOOP(packed_triples, TRIPLE_VECTORS, multiply_groups(3, 0, V, V, w, x, y, stride, tail))
LOOP(direct_triples, TRIPLE_VECTORS, multiply_groups(3, 1, V, V, w, x, y, stride, tail))
LOOP(packed_quads, QUAD_VECTORS, multiply_groups(4, 0, V, V, w, x, y, stride, tail))
LOOP(direct_quads, QUAD_VECTORS, multiply_groups(4, 1, V, V, w, x, y, stride, tail))
LOOP(packed_4x1, QUAD_VECTORS, multiply_blocks(4, 1, 0, V, w, x, y, stride, tail))
LOOP(direct_4x1, QUAD_VECTORS, multiply_blocks(4, 1, 1, V, w, x, y, stride, tail))
LOOP(packed_8x1, EIGHT_VECTORS, multiply_blocks(8, 1, 0, V, w, x, y, stride, tail))
LOOP(direct_8x1, EIGHT_VECTORS, multiply_blocks(8, 1, 1, V, w, x, y, stride, tail))
LOOP(packed_4x4, QUAD_VECTORS, multiply_blocks(4, 4, 0, V, w, x, y, stride, tail))
LOOP(direct_4x4, QUAD_VECTORS, multiply_blocks(4, 4, 1, V, w, x, y, stride, tail))

/* Lines of P vectors, read in place: whole lines, so V is a multiple of P. */
#define LINES(name, P, most, call) LOOP(name, V % (P) != 0 || V == (P) ? 0 : (most), call)
LINES(rows_in_ones, 1, ROW_VECTORS, multiply_rows(1, V, 1, w, x, y, stride, tail))
LINES(rows_in_twos, 2, ROW_VECTORS, multiply_rows(1, V, 2, w, x, y, stride, tail))
LINES(rows_in_fours, 4, ROW_VECTORS, multiply_rows(1, V, 4, w, x, y, stride, tail))
LINES(pairs_in_ones, 1, PAIR_VECTORS, multiply_groups(2, 1, V, 1, w, x, y, stride, tail))
LINES(pairs_in_twos, 2, PAIR_VECTORS, multiply_groups(2, 1, V, 2, w, x, y, stride, tail))
LINES(pairs_in_fours, 4, PAIR_VECTORS, multiply_groups(2, 1, V, 4, w, x, y, stride, tail))
LINES(triples_in_ones, 1, TRIPLE_VECTORS, multiply_groups(3, 1, V, 1, w, x, y, stride, tail))
LINES(triples_in_twos, 2, TRIPLE_VECTORS, multiply_groups(3, 1, V, 2, w, x, y, stride, tail))
LINES(quads_in_ones, 1, QUAD_VECTORS, multiply_groups(4, 1, V, 1, w, x, y, stride, tail))
LINES(quads_in_twos, 2, QUAD_VECTORS, multiply_groups(4, 1, V, 2, w, x, y, stride, tail))

typedef void loop(int64_t, const struct part *, struct panel, float *, int64_t, int64_t);

/* The loop for more lines than one, of which each is so many vectors; NULL where there is none. */
static loop *loop_of_lines(int32_t kind, int32_t R, int64_t line)
{
    static loop *const loops[4][3] = {{rows_in_ones, rows_in_twos, rows_in_fours},
                                      {pairs_in_ones, pairs_in_twos, pairs_in_fours},
                                      {triples_in_ones, triples_in_twos, NULL},
                                      {quads_in_ones, quads_in_twos, NULL}};
    if (kind == BLOCKS || (line != 1 && line != 2 && line != 4))
        return NULL;
    return loops[kind == ROWS ? 0 : R - 1][line / 2];
}

/* Lines of so many vectors that a panel takes: as many as its sums allow where there is a loop for them, else one. */
static int64_t most_lines(int32_t kind, int32_t R, int64_t line, int64_t vectors)
{
    return line <= vectors && loop_of_lines(kind, R, line) != NULL ? vectors / line : 1;
}

static void multiply(int32_t kind, int32_t R, int32_t C, int64_t V, const struct part *w, struct panel x, float *y,
                     int64_t stride, int64_t tail)
{
    static loop *const groups[2][3] = {{packed_pairs, packed_triples, packed_quads},
                                       {direct_pairs, direct_triples, direct_quads}};
    static loop *const blocks[2][3] = {{packed_4x1, packed_8x1, packed_4x4}, {direct_4x1, direct_8x1, direct_4x4}};
    const int direct = x.offset != NULL;
    if (x.line < V)
        loop_of_lines(kind, R, x.line)(V, w, x, y, stride, tail);
    else if (kind == ROWS)
        (direct ? direct_rows : packed_rows)(V, w, x, y, stride, tail);
    else if (kind == GROUPS)
        groups[direct][R - 2](V, w, x, y, stride, tail);
    else
        blocks[direct][C == 4 ? 2 : R == 8](V, w, x, y, stride, tail);
}

/* Copies rows of V vectors side by side into aligned memory. */
INLINE void pack_rows(const int V, const float *x, int64_t stride, const int32_t *offset, int64_t rows, int64_t tail,
                      float *panel)
{
    for (int64_t k = 0; k < rows; k++) {
        const float *from = x + (offset != NULL ? offset[k] : k * stride);
        vector *to = (vector *)(panel + k * V * LANES);
        UNROLL for (int i = 0; i < V - 1; i++)
            to[i] = load(from + i * LANES);
        to[V - 1] = load_tail(from + (V - 1) * LANES, tail);
    }
}

static void pack(int64_t vectors, const float *x, int64_t stride, const int32_t *offset, int64_t rows, int64_t tail,
                 float *panel)
{
#define PACK pack_rows(V, x, stride, offset, rows, tail, panel)
    switch (vectors) {
        CASE(1, ROW_VECTORS, PACK) CASE(2, ROW_VECTORS, PACK) CASE(3, ROW_VECTORS, PACK)
        CASE(4, ROW_VECTORS, PACK) CASE(5, ROW_VECTORS, PACK) CASE(6, ROW_VECTORS, PACK)
        CASE(7, ROW_VECTORS, PACK) CASE(8, ROW_VECTORS, PACK) CASE(9, ROW_VECTORS, PACK)
        CASE(10, ROW_VECTORS, PACK) CASE(11, ROW_VECTORS, PACK) CASE(12, ROW_VECTORS, PACK)
    }
#undef PACK
}

/* Multiply-adds on registers alone: what no loop over memory exceeds. Twelve sums, because each waits for itself. */
static float peak(int64_t rounds)
{
    vector sum[12];
    vector factor = (vector){0} + 0.5f;
    UNROLL for (int i = 0; i < 12; i++)
        sum[i] = (vector){0} + (float)i;
    for (int64_t r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < 12; i++)
            sum[i] = sum[i] * factor + factor;
    }
    UNROLL for (int i = 1; i < 12; i++)
        sum[0] += sum[i];
    return sum[0][0];
}

/* Squares of four by four: four loads, eight shuffles, four stores, on every instruction set alike. */
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

static void transpose(const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *to,
                      int64_t to_stride)
{
    const int64_t whole_rows = rows & ~(int64_t)3, whole_columns = columns & ~(int64_t)3;
    for (int64_t i = 0; i < whole_rows; i += 4)
        for (int64_t j = 0; j < whole_columns; j += 4) {
            const float *f = from + i * from_stride + j;
            float *t = to + j * to_stride + i;
            const four a = *(const four *)f, b = *(const four *)(f + from_stride);
            const four c = *(const four *)(f + 2 * from_stride), d = *(const four *)(f + 3 * from_stride);
            const four ab_low = {a[0], b[0], a[1], b[1]}, ab_high = {a[2], b[2], a[3], b[3]};
            const four cd_low = {c[0], d[0], c[1], d[1]}, cd_high = {c[2], d[2], c[3], d[3]};
            *(four *)t = (four){ab_low[0], ab_low[1], cd_low[0], cd_low[1]};
            *(four *)(t + to_stride) = (four){ab_low[2], ab_low[3], cd_low[2], cd_low[3]};
            *(four *)(t + 2 * to_stride) = (four){ab_high[0], ab_high[1], cd_high[0], cd_high[1]};
            *(four *)(t + 3 * to_stride) = (four){ab_high[2], ab_high[3], cd_high[2], cd_high[3]};
        }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}
