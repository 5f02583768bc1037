/* The loops for AVX-512: 16 floats in a vector, 32 registers, masks for the vector that is not full. */
#if defined(__x86_64__) && defined(__GNUC__)
/* Compiled for any x86, as it runs on any. */
static int supported(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
}

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma,avx2,bmi2,popcnt"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma,avx2,bmi2,popcnt,prefer-vector-width=512")
#endif
#include <immintrin.h>

#define LANES 16
#define ROW_VECTORS 12
#define PAIR_VECTORS 8
#define TRIPLE_VECTORS 7
#define QUAD_VECTORS 5
#define EIGHT_VECTORS 3
#define HAS_EXPAND 1
#define EVERY_SECOND(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)

#include "spmm.h"

static inline vector load_some(const float *from, int64_t lanes)
{
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << lanes) - 1), from);
}

static inline vector load_between(const float *from, int64_t first, int64_t last)
{
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << last) - (1u << first)), from);
}

static inline void store_some(float *to, int64_t lanes, vector values)
{
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << lanes) - 1), (__m512)values);
}

#include "micro.h"
#include "micro_convolve.h"
#include "micro_spmv.h"

const struct isa secateur_avx512 = {.name = "avx512", .supported = supported, TABLE};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
