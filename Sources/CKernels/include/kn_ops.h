/*
 * A table of operations per instruction set.
 *
 * The scalar table (reference.c) is the definition: plain loops that spell out every rounding. The
 * AVX2 and AVX-512 tables must give the scalar table's bits for equal input. Tests/ComputeTests
 * compares the tables. fma(a, b, c) below is the fused a*b + c with a single rounding. Every other
 * + - * / sqrt rounds once by itself. Non-finite input never crashes, and makes the outputs that
 * depend on the input non-finite.
 *
 * "tree" = the fixed horizontal sum of 16 lanes:  s[i] += s[i+8], then +4, +2, +1.
 */
#ifndef KN_OPS_H
#define KN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kn_formats.h"

enum {
    KN_PAGE_POSITIONS = 16, /* positions in a page of the key/value cache */
    KN_ATTEND_ROWS = 8      /* most (token, head) rows of an attend call */
};

/*
 * Input panels. The tokens of a matrix product are cut into panels of nearly equal size and
 * interleaved, so that a kernel walks a single stream. Panels follow each other. The cut changes no
 * result, because every token is summed in its own chain. A kernel decides the most tokens of its
 * panels and their layout (internal.h), so kernel and panels are one entry of a table.
 *
 * Quantisation of one block x[0..31]: m = largest |x|.
 *   m is Inf or NaN     -> bytes 0, scale NaN: every output of the token becomes NaN
 *   m < 2^-100          -> bytes 0, scale 0
 *   otherwise           -> scale = m / 127, bytes = x * (127 / m) rounded to nearest, ties to even,
 *                          in -127..127
 * Quantisation of whole rows: in all blocks, m = the larger of 1e-5 and the largest |x| of the row.
 * An Inf or NaN anywhere in the row makes all bytes 0 and the scale NaN.
 */
typedef struct kn_panels {
    size_t tokens_max;    /* most tokens of a panel, at most 12 */
    size_t block_columns; /* 1 or 32 */
    size_t block_bytes;   /* bytes of a token in a block of columns */
    /* Fills a panel from `tokens` (1..tokens_max) rows of x (row t at x + t*stride). */
    void (*fill)(const float *x, size_t stride, size_t tokens, size_t columns, void *panel);
} kn_panels;

static inline size_t kn_panel_token_bytes(const kn_panels *panels, size_t columns) {
    return columns / panels->block_columns * panels->block_bytes;
}

/* The number of panels for `tokens` tokens, and the number of tokens before a panel. */
static inline size_t kn_panel_count(const kn_panels *panels, size_t tokens) {
    return (tokens + panels->tokens_max - 1) / panels->tokens_max;
}
static inline size_t kn_panel_start(const kn_panels *panels, size_t tokens, size_t panel) {
    size_t count = kn_panel_count(panels, tokens);
    size_t small = tokens / count, larger = tokens % count;
    return panel * small + (panel < larger ? panel : larger);
}

/*
 * A matrix product: out[t][r] = sum over c of W[r][c] * x[t][c], then + bias[r] when there is a
 * bias, then + the old out[t][r] when `accumulate`.
 *
 * Order of the sum, equal in every variant and for every cut:
 *   float tiles   even = odd = 0
 *                 for c = 0,2,4..: even = fma(W[c], x[c], even)
 *                 for c = 1,3,5..: odd = fma(W[c], x[c], odd)
 *                 sum = even + odd
 *   int8 tiles    acc = 0, for each block of 32 columns in order:
 *                   i = sum of (w * a) over the block, exact in int32
 *                   acc = fma(float(i), scale_w * scale_a, acc)      (Q4: scale_w = f16 * 1/16)
 *   unit tiles    acc = 0, for each block, for each group of the block (32 columns, or twice 16):
 *                   i = sum of (q * a) over the group, exact in int32
 *                   acc = fma(float(i), scale * scale_a, acc)
 *                   acc = fma(low, the panel's scale_a * sum of a over the group, acc)
 *   ternary tiles, rows of int8
 *                 acc = 0, for each unit:
 *                   i = sum of ((q - 1) * a) over the unit, exact in int32
 *                   acc = fma(float(i), scale * scale_a, acc)
 *   ternary tiles, float input
 *                 acc = 0, for each unit:
 *                   even, odd as for float tiles with weights q - 1
 *                   acc = fma(even + odd, scale, acc)
 */
typedef struct kn_product {
    const void *tiles;  /* packed rows, 64-byte aligned */
    kn_tile_kind kind;
    kn_input_kind input; /* contents of the panels, accepted by `kind` */
    bool accumulate;
    size_t rows;        /* valid rows, in ceil(rows/16) tiles */
    size_t columns;
    const float *bias;  /* rows values, or NULL */
    float *out;         /* out[t * out_stride + r] */
    size_t out_stride;
} kn_product;

/* A kernel of products, and the panels that it reads. */
typedef struct kn_product_kernel {
    /* Multiplies tiles [tile0, tile1) with panels [panel0, panel1) of an input of `tokens`. */
    void (*multiply)(const kn_product *p, size_t tile0, size_t tile1, const void *input,
                     size_t tokens, size_t panel0, size_t panel1);
    const kn_panels *panels;
} kn_product_kernel;

/* Activation functions. e(x) is `exp` of kn_ops below.
 *   silu          x / (1 + e(-x))
 *   gelu (tanh)   x / (1 + e(-2u)), u = 0.79788456 * fma(0.044715 * x, x * x, x)
 *   relu squared  m * m, m = x > 0 ? x : (NaN stays) 0 */
typedef enum kn_activation { KN_SILU, KN_GELU, KN_RELU_SQUARED, KN_ACTIVATIONS } kn_activation;

/* Pairs of values that rotate together: (2i, 2i+1), or (i, i + rotary/2). */
typedef enum kn_rope_style { KN_ROPE_INTERLEAVED, KN_ROPE_HALVES } kn_rope_style;

/*
 * Attention of up to 8 rows (a row = a token and a query head) that share a key/value head and a
 * page table.
 *
 *   key page    [dimension d][16 positions]            keys + page * key_page_stride
 *   value page  [16 positions][value_width floats]     values + page * value_page_stride
 *               value_width = value length rounded up to 16, with zeros as padding
 *
 * For row r over positions p < length[r]:
 *   s[p] = scale * (chain over d = 0..: acc = fma(q[d], K[d][p], acc)), m = largest s
 *   e[p] = exp(s[p] - m), lane sums over p mod 16 in page order, then tree -> z
 *   out[d] = (chain over p = 0..: acc = fma(e[p], V[p][d], acc)) * (1 / z)
 * Positions at or past length[r] never enter a result, whatever the pages hold there.
 */
typedef struct kn_attend {
    const float *q[KN_ATTEND_ROWS];   /* key_length values each */
    float *out[KN_ATTEND_ROWS];       /* value_length values each */
    size_t length[KN_ATTEND_ROWS];    /* positions attended to, at least 1 */
    size_t rows;                      /* 1..8 */
    const float *keys, *values;       /* page 0 of the layer and key/value head */
    size_t key_page_stride, value_page_stride; /* floats from page to page */
    const int32_t *pages;             /* page numbers, in position order */
    size_t key_length, value_length;
    float scale;
    float *scores;                    /* scratch: rows * score_stride floats, 64-byte aligned */
    size_t score_stride;              /* at least the largest length, rounded up to 64 */
} kn_attend;

typedef struct kn_ops {
    const char *name; /* "scalar", "avx2", "avx512" */

    /* By p->kind and p->input. Empty where not kn_tile_accepts. */
    kn_product_kernel product[KN_TILE_KINDS][KN_INPUT_KINDS];

    /* y = (x * (1 / sqrt(mean of x^2 + epsilon))) * weight. Squares are summed by fma into 16 lanes
     * (lane = index mod 16), then tree. weight may be NULL (no second multiplication). y may be
     * x. */
    void (*rms_norm)(const float *x, const float *weight, float epsilon, size_t width, float *y);

    /* y = fma((x - mean) * (1 / sqrt(variance + epsilon)), weight, bias). mean: x summed into 16
     * lanes (lane = index mod 16), tree, divided by width. variance: squares of x - mean likewise,
     * by fma. bias may be NULL (then the product with the weight is the result). y may be x. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float epsilon,
                       size_t width, float *y);

    /* Rotates a head in place: a' = fma(a, cos, -(b * sin)), b' = fma(b, cos, a * sin) per pair. */
    void (*rope)(float *x, kn_rope_style style, size_t rotary, const float *cosines,
                 const float *sines);

    /* out = act(gate) * up, or act(gate) when up is NULL. out may be gate or up. */
    void (*gate)(kn_activation act, const float *gate, const float *up, size_t count, float *out);

    /* b = b + a */
    void (*add)(const float *a, size_t count, float *b);

    /* y = e^x: n = round(x * log2(e)), r = fma(n, -ln2_low, fma(n, -ln2_high, x)), polynomial of
     * degree 6 in r, times 2^n. At most 2 units in the last place from the true value where
     * -87.33 <= x <= 88.37. Below the range 0, above +Inf. NaN stays NaN. */
    void (*exp)(const float *x, size_t count, float *y);

    void (*attend)(const kn_attend *a);
} kn_ops;

typedef enum kn_isa { KN_SCALAR, KN_AVX2, KN_AVX512, KN_ISAS } kn_isa;

/* The table of an instruction set, or NULL when the build or the machine (CPU flags and register
 * state saved by the operating system) cannot run the set. The scalar table always exists. */
const kn_ops *kn_ops_for(kn_isa isa);

/* The widest instruction set that the machine can run. */
kn_isa kn_isa_best(void);

#endif
