/* The products with a single vector, y[M] = W x, for one instruction set; included after micro.h.
 *
 * Every weight is used once, so the time is that of reading W: fewer bytes a weight are worth more than fewer
 * operations. A 16-bit column beside its weight takes 6 bytes, a bit mask 4 bytes and a bit for every place, 2:4
 * takes 4.25. What is left are the reads of x, two of which a core does at a time; the columns of SLICED come four
 * to a read, for that reason.
 */

/* Eight running sums, because one would wait for itself at every step. */
INLINE float indexed_sum(const uint16_t *column, const float *value, uint32_t j, uint32_t last, const float *x)
{
    float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (; j + 8 <= last; j += 8) {
        a += value[j] * x[column[j]];
        b += value[j + 1] * x[column[j + 1]];
        c += value[j + 2] * x[column[j + 2]];
        d += value[j + 3] * x[column[j + 3]];
        e += value[j + 4] * x[column[j + 4]];
        f += value[j + 5] * x[column[j + 5]];
        g += value[j + 6] * x[column[j + 6]];
        h += value[j + 7] * x[column[j + 7]];
    }
    for (; j < last; j++)
        a += value[j] * x[column[j]];
    return ((a + b) + (c + d)) + ((e + f) + (g + h));
}

static void spmv_rows(const struct part *w, const float *x, float *y)
{
    for (int64_t s = 0; s < w->stripes; s++) {
        const int32_t row = w->row[s];
        const float before = w->begins ? (w->bias != NULL ? w->bias[row] : 0.0f) : y[row];
        y[row] = before + indexed_sum(w->column, w->value, w->entry[s], w->entry[s + 1], x);
    }
}

/* The R weights of a column are side by side: R sums are one vector, whatever the width of this instruction set. */
#define SPMV_BLOCKS(name, R, C)                                                                       \
    static void name(const struct part *w, const float *x, float *y)                                  \
    {                                                                                                 \
        typedef float sums __attribute__((vector_size(4 * R), may_alias));                            \
        typedef float loose_sums __attribute__((vector_size(4 * R), aligned(4), may_alias));          \
        for (int64_t s = 0; s < w->stripes; s++) {                                                    \
            sums even = {0}, odd = {0};                                                               \
            const loose_sums *value = (const loose_sums *)(w->value + w->first[s]);                   \
            uint32_t j = w->entry[s];                                                                 \
            const uint32_t last = w->entry[s + 1];                                                    \
            for (; j + 2 <= last; j += 2) {                                                           \
                UNROLL for (int c = 0; c < C; c++)                                                    \
                    even += x[w->column[j] + c] * *value++;                                           \
                UNROLL for (int c = 0; c < C; c++)                                                    \
                    odd += x[w->column[j + 1] + c] * *value++;                                        \
            }                                                                                         \
            if (j < last)                                                                             \
                UNROLL for (int c = 0; c < C; c++)                                                    \
                    even += x[w->column[j] + c] * *value++;                                           \
            even += odd;                                                                              \
            for (int r = 0; r < R && w->row[s * R + r] >= 0; r++) {                                   \
                const int32_t row = w->row[s * R + r];                                                \
                y[row] = even[r] + (w->begins ? (w->bias != NULL ? w->bias[row] : 0.0f) : y[row]);    \
            }                                                                                         \
        }                                                                                             \
    }

SPMV_BLOCKS(spmv_4x1, 4, 1)
SPMV_BLOCKS(spmv_8x1, 8, 1)
SPMV_BLOCKS(spmv_4x4, 4, 4)

static void spmv(int32_t kind, int32_t R, int32_t C, const struct part *w, const float *x, float *y)
{
    if (kind == ROWS)
        spmv_rows(w, x, y);
    else
        (C == 4 ? spmv_4x4 : R == 8 ? spmv_8x1 : spmv_4x1)(w, x, y);
}

/* A word of mask stands for 64 columns. Weights spread to the lanes of their columns, which then meet 16 of x at once;
 * a lane without a weight keeps its sum, so that NaN in x does not reach it. */
#ifdef HAS_EXPAND
INLINE __m512 expanded_sum(__m512 sum, uint64_t mask, const float *value, const float *x)
{
    const __mmask16 lanes = (__mmask16)mask;
    return _mm512_mask3_fmadd_ps(_mm512_maskz_expand_ps(lanes, _mm512_loadu_ps(value)), _mm512_loadu_ps(x), sum, lanes);
}

static void spmv_bitmask(int64_t rows, int64_t words, const uint64_t *mask, const uint32_t *first, const float *value,
                         const float *bias, const float *x, float *y)
{
    for (int64_t row = 0; row < rows; row++) {
        __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
        const float *v = value + first[row];
        for (int64_t i = 0; i < words; i++) {
            const uint64_t m = mask[row * words + i];
            a = expanded_sum(a, m, v, x + i * 64);
            b = expanded_sum(b, m >> 16, v + __builtin_popcountll(m & 0xffff), x + i * 64 + 16);
            c = expanded_sum(c, m >> 32, v + __builtin_popcountll(m & 0xffffffff), x + i * 64 + 32);
            d = expanded_sum(d, m >> 48, v + __builtin_popcountll(m & 0xffffffffffff), x + i * 64 + 48);
            v += __builtin_popcountll(m);
        }
        y[row] = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d))) +
                 (bias != NULL ? bias[row] : 0.0f);
    }
}
#else
static void spmv_bitmask(int64_t rows, int64_t words, const uint64_t *mask, const uint32_t *first, const float *value,
                         const float *bias, const float *x, float *y)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *v = value + first[row];
        float sum = bias != NULL ? bias[row] : 0.0f;
        for (int64_t i = 0; i < words; i++)
            for (uint64_t m = mask[row * words + i]; m != 0; m &= m - 1)
                sum += *v++ * x[i * 64 + __builtin_ctzll(m)];
        y[row] = sum;
    }
}
#endif

typedef float slice __attribute__((vector_size(4 * SLICE), may_alias));
typedef float loose_slice __attribute__((vector_size(4 * SLICE), aligned(4), may_alias));

/* One of four columns that were read as a word. */
INLINE uint16_t column_in(uint64_t four, int i)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (uint16_t)(four >> 16 * i);
#else
    return (uint16_t)(four >> 16 * (3 - i));
#endif
}

static void spmv_sliced(int64_t slices, const uint16_t *column, const uint32_t *first, const int32_t *row,
                        const float *value, const float *bias, const float *x, float *y)
{
    for (int64_t s = 0; s < slices; s++, row += SLICE) {
        slice sum = {0};
        for (uint32_t j = first[s]; j < first[s + 1]; j += SLICE) {
            uint64_t a, b;
            memcpy(&a, column + j, sizeof a);
            memcpy(&b, column + j + 4, sizeof b);
            const slice gathered = {x[column_in(a, 0)], x[column_in(a, 1)], x[column_in(a, 2)], x[column_in(a, 3)],
                                    x[column_in(b, 0)], x[column_in(b, 1)], x[column_in(b, 2)], x[column_in(b, 3)]};
            sum += *(const loose_slice *)(value + j) * gathered;
        }
        for (int i = 0; i < SLICE && row[i] >= 0; i++)
            y[row[i]] = sum[i] + (bias != NULL ? bias[row[i]] : 0.0f);
    }
}

/* A code has two bits for each of 16 weights: which column of its group of four. Eight groups, 32 columns, to a
 * word. */
#ifdef HAS_EXPAND
INLINE __m512 coded_sum(__m512 sum, uint32_t code, const float *value, const float *x)
{
    const __m512i shift = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i group = _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
    const __m512i shifted = _mm512_srlv_epi32(_mm512_set1_epi32((int)code), shift);
    const __m512i column = _mm512_or_si512(_mm512_and_si512(shifted, _mm512_set1_epi32(3)), group);
    const __m512 chosen = _mm512_permutex2var_ps(_mm512_loadu_ps(x), column, _mm512_loadu_ps(x + 16));
    return _mm512_fmadd_ps(_mm512_loadu_ps(value), chosen, sum);
}

static void spmv_two_four(int64_t rows, int64_t words, const uint32_t *code, const float *value, const float *bias,
                          const float *x, float *y)
{
    for (int64_t row = 0; row < rows; row++) {
        __m512 even = _mm512_setzero_ps(), odd = even;
        int64_t i = row * words;
        const int64_t last = i + words;
        const float *from = x;
        for (; i + 2 <= last; i += 2, from += 64) {
            even = coded_sum(even, code[i], value + i * 16, from);
            odd = coded_sum(odd, code[i + 1], value + i * 16 + 16, from + 32);
        }
        if (i < last)
            even = coded_sum(even, code[i], value + i * 16, from);
        y[row] = _mm512_reduce_add_ps(_mm512_add_ps(even, odd)) + (bias != NULL ? bias[row] : 0.0f);
    }
}
#else
static void spmv_two_four(int64_t rows, int64_t words, const uint32_t *code, const float *value, const float *bias,
                          const float *x, float *y)
{
    for (int64_t row = 0; row < rows; row++) {
        float sum[4] = {0};
        for (int64_t i = 0; i < words; i++) {
            const uint32_t c = code[row * words + i];
            const float *v = value + (row * words + i) * 16;
            UNROLL for (int j = 0; j < 16; j++)
                sum[j & 3] += v[j] * x[i * 32 + (j >> 1) * 4 + (c >> 2 * j & 3)];
        }
        y[row] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + (bias != NULL ? bias[row] : 0.0f);
    }
}
#endif

#define TABLE                                                                                        \
    .lanes = LANES, .most_vectors = most_vectors, .most_lines = most_lines, .multiply = multiply,    \
    .pack = pack, .peak = peak, .transpose = transpose, .copy_plane = copy_plane, .spmv = spmv,      \
    .spmv_bitmask = spmv_bitmask, .spmv_sliced = spmv_sliced, .spmv_two_four = spmv_two_four
