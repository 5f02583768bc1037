/* The loops for any CPU: vectors of 4 floats, which compilers turn into SSE2, NEON or plain operations. */
#define LANES 4
#define ROW_VECTORS 8
#define PAIR_VECTORS 5
#define TRIPLE_VECTORS 3
#define QUAD_VECTORS 2
#define EIGHT_VECTORS 1
#define EVERY_SECOND(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)

#include "spmm.h"

static inline vector load_some(const float *from, int64_t lanes)
{
    vector values = {0};
    for (int64_t i = 0; i < lanes; i++)
        values[i] = from[i];
    return values;
}

static inline vector load_between(const float *from, int64_t first, int64_t last)
{
    vector values = {0};
    for (int64_t i = first; i < last; i++)
        values[i] = from[i];
    return values;
}

static inline void store_some(float *to, int64_t lanes, vector values)
{
    for (int64_t i = 0; i < lanes; i++)
        to[i] = values[i];
}

#include "micro.h"
#include "micro_convolve.h"
#include "micro_spmv.h"

static int supported(void)
{
    return 1;
}

const struct isa secateur_portable = {.name = "portable", .supported = supported, TABLE};
