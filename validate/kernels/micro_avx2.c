/* The loops for AVX2 with fused multiply-add: 8 floats in a vector, 16 registers. */
#if defined(__x86_64__) && defined(__GNUC__)
/* Compiled for any x86, as it runs on any. */
static int supported(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi2,popcnt")
#endif
#include <immintrin.h>

#define LANES 8
#define ROW_VECTORS 8
#define PAIR_VECTORS 5
#define TRIPLE_VECTORS 3
#define QUAD_VECTORS 2
#define EIGHT_VECTORS 1
#define EVERY_SECOND(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)

#include "spmm.h"

static inline __m256i lanes_below(int64_t lanes)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vector load_some(const float *from, int64_t lanes)
{
    return (vector)_mm256_maskload_ps(from, lanes_below(lanes));
}

static inline vector load_between(const float *from, int64_t first, int64_t last)
{
    return (vector)_mm256_maskload_ps(from, _mm256_andnot_si256(lanes_below(first), lanes_below(last)));
}

static inline void store_some(float *to, int64_t lanes, vector values)
{
    _mm256_maskstore_ps(to, lanes_below(lanes), (__m256)values);
}

#include "micro.h"
#include "micro_convolve.h"
#include "micro_spmv.h"

const struct isa secateur_avx2 = {.name = "avx2", .supported = supported, TABLE};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
