/* Sparse times dense, Y[M,N] = W[M,K] X[K,N], W in CSR with float32 values and 32-bit indices, all of it on one thread.
 *
 * One row of W is multiplied with a panel of X that is up to 8 vectors of 16 floats wide, so that the sums of the row stay
 * in registers. Panels are copied into aligned memory first: that makes every load aligned, pads the last panel, and keeps
 * a block of rows of X in the cache while all rows of W pass over it. Plain C with GNU vector extensions; on x86 with
 * glibc the compiler makes one clone for each instruction set, and the loader picks it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
/* "fma" and not "avx2": in GCC the latter alone has no fused multiply-add, and every CPU with the one has the other. */
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "fma", "default")))
#define HAS_CLONES 1
#else
#define FOR_EACH_CPU
#define HAS_CLONES 0
#endif

#define INLINE static inline __attribute__((always_inline))
#define LANES 16
#define WIDEST 8

typedef float vector __attribute__((vector_size(4 * LANES), aligned(4 * LANES), may_alias));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

struct csr {
    int64_t rows;
    const int32_t *start;
    const int32_t *column;
    const float *value;
};

/* How many vectors of sums fit into the registers of this CPU. */
static int64_t vectors_in_registers(void)
{
#if HAS_CLONES
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return WIDEST;
    return __builtin_cpu_supports("fma") ? 6 : 3;
#elif defined(__x86_64__) && !defined(__AVX__)
    return 3;
#else
    return 6;
#endif
}

/* Panels of a long K are narrow, so that more rows of X stay near. Measured over the shapes of bench.py. */
static int64_t panel_vectors(int64_t K)
{
    const int64_t most = vectors_in_registers();
    return K > 128 && most > 4 ? 4 : most;
}

/* Rows of X in a block: a block has to repay that its sums of Y are stored and loaded again, so sparse W has one. */
static int64_t block_rows(int64_t M, int64_t K, int64_t nonzeros)
{
    const int64_t block = 256;
    return K > block && nonzeros / M * block / K >= 40 ? block : K;
}

/* Copies `rows` rows of `width` floats into rows of `padded` floats, the rest zero. */
static void pack(const float *x, int64_t stride, int64_t rows, int64_t width, int64_t padded, float *panel)
{
    for (int64_t k = 0; k < rows; k++) {
        memcpy(panel, x + k * stride, (size_t)width * sizeof(float));
        if (width < padded)
            memset(panel + width, 0, (size_t)(padded - width) * sizeof(float));
        panel += padded;
    }
}

/* Adds the weights of every row whose columns are in [first, last) times the packed rows of X to `width` columns of Y.
 * `cursor` holds where each row of W goes on. `v` is a constant at every call, so that `sum` lives in registers. */
INLINE void multiply(const int v, const struct csr *w, int32_t *cursor, int64_t first, int64_t last,
                     const float *panel, float *y, int64_t stride, int64_t width)
{
    const vector *packed = (const vector *)panel;
    for (int64_t row = 0; row < w->rows; row++) {
        float *out = y + row * stride;
        int64_t j = cursor[row];
        const int64_t end = w->start[row + 1];
        vector sum[WIDEST];
        if (first == 0) {
            for (int i = 0; i < v; i++)
                sum[i] = (vector){0};
        } else if (j == end || w->column[j] >= last) {
            continue;
        } else if (width == v * LANES) {
            for (int i = 0; i < v; i++)
                sum[i] = ((const loose_vector *)out)[i];
        } else {
            float kept[WIDEST * LANES] __attribute__((aligned(4 * LANES))) = {0};
            memcpy(kept, out, (size_t)width * sizeof(float));
            for (int i = 0; i < v; i++)
                sum[i] = ((const vector *)kept)[i];
        }
        for (; j < end && w->column[j] < last; j++) {
            const vector *x = packed + (w->column[j] - first) * v;
            const float weight = w->value[j];
            for (int i = 0; i < v; i++)
                sum[i] += weight * x[i];
        }
        cursor[row] = (int32_t)j;
        if (width == v * LANES) {
            for (int i = 0; i < v; i++)
                ((loose_vector *)out)[i] = sum[i];
        } else {
            float kept[WIDEST * LANES] __attribute__((aligned(4 * LANES)));
            for (int i = 0; i < v; i++)
                ((vector *)kept)[i] = sum[i];
            memcpy(out, kept, (size_t)width * sizeof(float));
        }
    }
}

FOR_EACH_CPU
static void multiply_panel(int64_t v, const struct csr *w, int32_t *cursor, int64_t first, int64_t last,
                           const float *panel, float *y, int64_t stride, int64_t width)
{
#define WIDTH(n)                                                             \
    case n:                                                                  \
        multiply(n, w, cursor, first, last, panel, y, stride, width);        \
        break;
    switch (v) {
        WIDTH(1) WIDTH(2) WIDTH(3) WIDTH(4) WIDTH(5) WIDTH(6) WIDTH(7) WIDTH(8)
    }
#undef WIDTH
}

/* Y = W X for row-major X[K,N] and Y[M,N]; columns ascend within a row of W. Returns 0, or 1 when there is no memory. */
int secateur_spmm(int64_t M, int64_t K, int64_t N, const int32_t *start, const int32_t *column, const float *value,
                  const float *x, float *y)
{
    if (M == 0 || N == 0)
        return 0;
    const struct csr w = {M, start, column, value};
    const int64_t widest = panel_vectors(K);
    const int64_t vectors = (N + LANES - 1) / LANES;
    const int64_t panels = (vectors + widest - 1) / widest;
    const int64_t block = block_rows(M, K, start[M]);
    float *panel = aligned_alloc(4 * LANES, (size_t)((block + 1) * widest * LANES) * sizeof(float));
    int32_t *cursor = malloc((size_t)M * sizeof(int32_t));
    if (panel == NULL || cursor == NULL) {
        free(panel);
        free(cursor);
        return 1;
    }
    int64_t left = 0;
    for (int64_t p = 0; p < panels; p++) {
        const int64_t v = vectors / panels + (p < vectors % panels);
        const int64_t width = left + v * LANES > N ? N - left : v * LANES;
        memcpy(cursor, start, (size_t)M * sizeof(int32_t));
        int64_t first = 0;
        do {
            const int64_t last = first + block < K ? first + block : K;
            pack(x + first * N + left, N, last - first, width, v * LANES, panel);
            multiply_panel(v, &w, cursor, first, last, panel, y + left, N, width);
            first = last;
        } while (first < K);
        left += width;
    }
    free(panel);
    free(cursor);
    return 0;
}

/* y = W x for a single vector x[K]. Eight running sums, because one would wait for itself at every step. */
FOR_EACH_CPU
void secateur_spmv(int64_t M, const int32_t *start, const int32_t *column, const float *value, const float *x, float *y)
{
    for (int64_t row = 0; row < M; row++) {
        float sum[8] = {0};
        int64_t j = start[row];
        const int64_t end = start[row + 1];
        for (; j + 8 <= end; j += 8)
            for (int i = 0; i < 8; i++)
                sum[i] += value[j + i] * x[column[j + i]];
        for (int i = 0; j < end; j++, i++)
            sum[i] += value[j] * x[column[j]];
        y[row] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
}
