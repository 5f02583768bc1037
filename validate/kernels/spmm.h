/* What the files of the kernels share: the packed weights, how the columns of X and Y lie in memory, and the table of
 * functions that each instruction set offers. The Python side mirrors the two structures with ctypes (library.py).
 */
#ifndef SECATEUR_SPMM_H
#define SECATEUR_SPMM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define MOST_VECTORS 12 /* widest panel, in vectors */
#define MOST_ROWS 8    /* most rows of W in a stripe */
#define CACHE_LINE 64

INLINE int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What a product returns. */
enum { OK, NO_MEMORY };

/* How the entries of a stripe are ordered, and so which loop multiplies them. */
enum kind { ROWS, GROUPS, BLOCKS };

/* W[M,K], cut along K into blocks and along M into stripes of R rows. An entry of a stripe is C columns side by
 * side, of which every row of the stripe has a weight (BLOCKS), or one column of which those rows have one that its
 * class says (GROUPS: classes are the non-empty subsets of R rows, in binary order), or one column of the only row
 * (ROWS). */
struct weights {
    int64_t M, K;
    int64_t stripes;
    int64_t block;  /* rows of X in a block of K */
    int64_t blocks; /* number of them; at least 1 */
    int32_t kind, R, C;
    int32_t isa;           /* index into the table of instruction sets */
    const int32_t *row;    /* [stripes * R] row of Y, or -1 where the last stripe is not full */
    const uint32_t *entry; /* [blocks * stripes + 1] where the entries of a stripe begin in `column` */
    const uint32_t *first; /* [blocks * stripes + 1] where its weights begin in `value` */
    const uint16_t *count; /* [blocks * stripes * (2^R - 1)] entries of each class; GROUPS only */
    const uint16_t *column; /* first column of an entry, from the begin of its block of K */
    const float *value;     /* weights, entry by entry, column by column, row by row */
    const float *bias;      /* [M], what the sums begin with; NULL for zero */
};

/* W for the product with one vector, so that little has to be read for each weight.
 * BITMASK: a word is 64 bits, one for each column, and the weights of a row stand in the order of their columns.
 * TWO_FOUR: a word is 32 bits, two for each of the weights of 32 columns, of which every group of four has two.
 * SLICED: eight rows side by side, the n-th weights of all of them together (SELL-C-sigma, Kreutzer et al. 2014);
 * shorter rows are filled up with zeros for column K, which no weight has and where x is zero. */
enum { BITMASK, TWO_FOUR, SLICED };
#define SLICE 8
struct compact {
    int64_t M, K;
    int64_t words; /* in a row; SLICED: slices */
    int32_t kind, isa;
    const void *bits; /* words; SLICED: a 16-bit column for each weight */
    const uint32_t *first; /* [M + 1] or [slices + 1] where the weights of a row or slice begin; not for TWO_FOUR */
    const int32_t *row;    /* [slices * SLICE] row of each place of a slice, or -1; SLICED only */
    const float *value;    /* 16 more than there are weights */
    const float *bias;
};

/* The copies of an image that the windows of a convolution are read from, see convolve.c. */
struct unfolding {
    int64_t channels, height, width; /* of an image */
    int64_t copies, rows, columns; /* of each copy */
    int64_t line; /* columns of the output, where lines are read in place; 0 where copies are as wide as it */
    int64_t stride_y, stride_x;
    const int32_t *y, *x; /* [copies] place in the input of a copy's first row and column; negative in the border */
    const int32_t *first, *last; /* [copies] the columns of a copy that lie inside the input, last excluded */
};

/* Output pixels side by side in a row of the image, of which the same taps fall inside the image, see pixels.c. */
struct stretch {
    const struct weights *w; /* without the columns of the other taps */
    const int32_t *offset;   /* [K of w] where each row of X begins, from `from` on; in floats */
    int64_t pixels;
    int64_t from, to; /* the pixel of X that the first of these taps meets, and the first pixel of Y */
};

/* A convolution with the images innermost: X[channels][pixels][inside], Y[M][pixels][inside]. */
struct pixels {
    int64_t inputs, outputs; /* floats of an image, and of its result */
    int64_t output_pixels;
    int64_t inside; /* images that are turned together */
    int64_t step;   /* pixels of X between two of Y in a row: the horizontal stride */
    int64_t stretches;
    const struct stretch *stretch;
};

/* Where element (row, column n) of X or Y lies: data + offset of the row + (n / run) * image + n % run. The columns
 * of a matrix are one run; those of a batch of images are one run for each image. In a transposed matrix the columns
 * are `row` apart and the rows side by side; it has one run. */
struct layout {
    int64_t runs, run, image;
    int64_t row;           /* distance of the rows, where `offset` is NULL */
    const int32_t *offset; /* [rows] of X: where each row begins */
    int32_t transposed;
};

/* The part of W that one call of a micro-kernel multiplies: some stripes of one block of K. */
struct part {
    int64_t stripes;
    const int32_t *row;
    const uint32_t *entry, *first;
    const uint16_t *count, *column;
    const float *value, *bias;
    int32_t begins; /* sums begin with the bias instead of what is in Y */
};

/* A panel of X: packed rows of V vectors, or X itself, whose rows begin at offset[k]. In place, its columns may be
 * lines of an image: after so many vectors X goes on x_pitch floats beyond where the line began, and Y y_pitch. */
struct panel {
    const float *data;
    const int32_t *offset; /* of the rows of the block, NULL when packed */
    int64_t line;          /* vectors; V where the columns are one run */
    int64_t x_pitch, y_pitch;
};

struct isa {
    const char *name;
    int (*supported)(void);
    int64_t lanes;
    /* Most vectors in a panel, so that R * V sums stay in registers. */
    int64_t (*most_vectors)(int32_t kind, int32_t R);
    /* Most lines of so many vectors in a panel of at most `vectors`. */
    int64_t (*most_lines)(int32_t kind, int32_t R, int64_t line, int64_t vectors);
    /* Y[rows of the part, V vectors] (+)= W X; only the first `tail` lanes of the last vector of a line of Y exist. */
    void (*multiply)(int32_t kind, int32_t R, int32_t C, int64_t V, const struct part *part, struct panel x, float *y,
                     int64_t stride, int64_t tail);
    /* Copies rows of V vectors side by side; only the first `tail` lanes of the last vector exist, the rest is zero. */
    void (*pack)(int64_t V, const float *x, int64_t stride, const int32_t *offset, int64_t rows, int64_t tail,
                 float *panel);
    /* 24 operations for each lane and round. */
    float (*peak)(int64_t rounds);
    /* to[j * to_stride + i] = from[i * from_stride + j] for i < rows, j < columns. */
    void (*transpose)(const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *to,
                      int64_t to_stride);
    /* One copy of one channel of an image. */
    void (*copy_plane)(const struct unfolding *u, const float *from, int64_t copy, float *to);
    /* y[M] of one vector x[K]: from the entries of ROWS or BLOCKS, or from a compact form. */
    void (*spmv)(int32_t kind, int32_t R, int32_t C, const struct part *part, const float *x, float *y);
    void (*spmv_bitmask)(int64_t rows, int64_t words, const uint64_t *mask, const uint32_t *first, const float *value,
                         const float *bias, const float *x, float *y);
    void (*spmv_sliced)(int64_t slices, const uint16_t *column, const uint32_t *first, const int32_t *row,
                        const float *value, const float *bias, const float *x, float *y);
    void (*spmv_two_four)(int64_t rows, int64_t words, const uint32_t *code, const float *value, const float *bias,
                          const float *x, float *y);
};

#ifdef LANES
/* The vectors of the instruction set that is being compiled; a loose one may begin at any float. */
typedef float vector __attribute__((vector_size(4 * LANES), aligned(4 * LANES), may_alias));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#endif

void secateur_lines(const struct weights *w, const struct unfolding *u, const float *x, const int32_t *offset, float *y,
                    const struct layout *out, int64_t vectors, int32_t threads);
int secateur_spmm(const struct weights *w, const float *x, const struct layout *in, float *y, const struct layout *out,
                  int64_t vectors, int32_t direct, int32_t threads);
const struct isa *secateur_isa(int32_t index);
int64_t secateur_share_begins(const struct weights *w, int part, int parts);

extern const struct isa secateur_avx512, secateur_avx2, secateur_portable;

#endif
