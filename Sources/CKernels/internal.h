/*
 * Parts common to the variants: the constants of the polynomial and of the activations, the table
 * exported by each file, and the geometry of packed tiles. Private to the module.
 */
#ifndef KN_INTERNAL_H
#define KN_INTERNAL_H

#include <math.h>
#include <string.h>

#include "kn_ops.h"

#define KN_INLINE static inline __attribute__((always_inline))

/* e^x: x = n ln2 + r, |r| <= ln2 / 2. ln2_high has 9 trailing zero bits, so n * ln2_high is exact.
 * The coefficients of r^2 .. r^6 are a least-maximum fit of e^r - 1 - r with relative weight, made
 * for Assay (largest relative error 3.1e-9 before rounding). */
#define KN_LOG2_E 0x1.715476p+0f
#define KN_LN2_HIGH 0x1.62e400p-1f
#define KN_LN2_LOW 0x1.7f7d1cp-20f
#define KN_EXP_MIN -0x1.5d589ep+6f /* -87.336...: the smallest normal result */
#define KN_EXP_MAX 0x1.618000p+6f  /* 88.375: n stays at most 127 */
#define KN_EXP_C2 0x1.fffffcp-2f
#define KN_EXP_C3 0x1.555492p-3f
#define KN_EXP_C4 0x1.5558f2p-5f
#define KN_EXP_C5 0x1.123a20p-7f
#define KN_EXP_C6 0x1.6a23cep-10f

#define KN_GELU_CUBE 0.044715f
#define KN_GELU_SCALE 0.79788456080286535588f

/* Smallest block maximum m that is quantised. Below the bound, 127 / m could overflow. */
#define KN_QUANTISE_MIN 0x1p-100f
/* Lower bound of the magnitude for quantising a whole row. */
#define KN_ROW_MAGNITUDE_MIN 1e-5f

extern const kn_ops kn_scalar_ops;
#if defined(__x86_64__)
extern const kn_ops kn_avx2_ops;
extern const kn_ops kn_avx512_ops;
#endif

/*
 * The layouts of panels of T tokens:
 *   floats  for each column: T x f32
 *   bytes   for each block of 32 columns:
 *           8 groups of (T x 4 bytes): group g, token t = columns 4*g .. 4*g+3 of the block
 *           the five parts of kn_panel_part, T x 4 bytes each
 *   pairs   for each block of 32 columns:
 *           8 groups of (T x 4 x i16): group g, token t = columns 4*g, 4*g+2, 4*g+1, 4*g+3
 *           the first two parts of kn_panel_part, T x 4 bytes each
 */
enum { KN_PANEL_TOKENS = 12 }; /* the largest tokens_max */

typedef enum kn_panel_part { /* of a token, in order */
    KN_PANEL_OFFSET,     /* i32: -128 * (sum of the 32 bytes), cancels the +128 of weights */
    KN_PANEL_SCALE,      /* f32: the token's scale */
    KN_PANEL_SUM,        /* f32: scale * (sum of the 32 bytes), the factor of a tile's `low` */
    KN_PANEL_SUM_FIRST,  /* f32: scale * (sum of bytes 0..15) */
    KN_PANEL_SUM_SECOND, /* f32: scale * (sum of bytes 16..31) */
    KN_PANEL_PARTS
} kn_panel_part;

/* The size of a value in a panel: a byte, or a half of a pair. */
typedef enum kn_value_bytes { KN_BYTES = 1, KN_PAIRS = 2 } kn_value_bytes;

enum {
    KN_BYTES_BLOCK = KN_BLOCK_COLUMNS * KN_BYTES + 4 * KN_PANEL_PARTS,
    KN_PAIRS_BLOCK = KN_BLOCK_COLUMNS * KN_PAIRS + 4 * KN_PANEL_SUM
};

KN_INLINE size_t kn_block_bytes(kn_value_bytes value) {
    return value == KN_BYTES ? KN_BYTES_BLOCK : KN_PAIRS_BLOCK;
}

/* Offsets in a block of a panel of `tokens`, for token t: group g, and a part. */
KN_INLINE size_t kn_group_at(kn_value_bytes value, size_t g, size_t tokens, size_t t) {
    return 4 * value * (g * tokens + t);
}
KN_INLINE size_t kn_part_at(kn_value_bytes value, kn_panel_part part, size_t tokens, size_t t) {
    return (KN_BLOCK_COLUMNS * value + 4 * part) * tokens + 4 * t;
}

/* Values of token t in a block. */
KN_INLINE int8_t kn_panel_byte(const uint8_t *block, size_t column, size_t tokens, size_t t) {
    return (int8_t)block[kn_group_at(KN_BYTES, column / 4, tokens, t) + column % 4];
}
KN_INLINE int32_t kn_panel_offset(const uint8_t *block, kn_value_bytes value, size_t tokens,
                                  size_t t) {
    int32_t offset;
    memcpy(&offset, block + kn_part_at(value, KN_PANEL_OFFSET, tokens, t), 4);
    return offset;
}
KN_INLINE float kn_panel_float(const uint8_t *block, kn_value_bytes value, kn_panel_part part,
                               size_t tokens, size_t t) {
    float number;
    memcpy(&number, block + kn_part_at(value, part, tokens, t), 4);
    return number;
}

/* Stores the parts of token t, from the sums of its first and second 16 bytes. */
KN_INLINE void kn_panel_store_parts(uint8_t *block, kn_value_bytes value, size_t tokens, size_t t,
                                    float scale, int32_t first, int32_t second) {
    const int parts = value == KN_BYTES ? KN_PANEL_PARTS : KN_PANEL_SUM;
    int32_t offset = -128 * (first + second);
    const float floats[KN_PANEL_PARTS] = {0, scale, scale * (float)(first + second),
                                          scale * (float)first, scale * (float)second};
    memcpy(block + kn_part_at(value, KN_PANEL_OFFSET, tokens, t), &offset, 4);
    for (int part = KN_PANEL_SCALE; part < parts; part++) {
        memcpy(block + kn_part_at(value, part, tokens, t), floats + part, 4);
    }
}

KN_INLINE uint16_t kn_f16_at(const uint8_t *p) {
    uint16_t f16;
    memcpy(&f16, p, 2);
    return f16;
}

KN_INLINE float kn_float_of(int32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* Offsets of the weights and the scales of block b in an int8 tile. weight_bytes: 512 (Q8), 256
 * (Q4). */
KN_INLINE size_t kn_weights_at(size_t b, size_t weight_bytes) {
    return (b / 2) * (2 * weight_bytes + 64) + (b & 1) * weight_bytes;
}
KN_INLINE size_t kn_scales_at(size_t b, size_t blocks, size_t weight_bytes) {
    const bool alone = (blocks & 1) && b == blocks - 1;
    size_t pair = (b / 2) * (2 * weight_bytes + 64);
    return pair + (alone ? weight_bytes : 2 * weight_bytes + (b & 1) * 32);
}

/* Stores a finished sum after adding the bias, then the output's value when accumulating. */
KN_INLINE void kn_store_sum(const kn_product *p, size_t token, size_t row, float sum) {
    float *out = p->out + token * p->out_stride + row;
    if (p->bias) sum = sum + p->bias[row];
    *out = p->accumulate ? *out + sum : sum;
}

#endif
