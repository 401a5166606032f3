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

/* Offsets in a block of an int8 panel of `tokens` (drawn in kn_ops.h), for token t: group g, and a
 * part. The bytes of a whole block. */
KN_INLINE size_t kn_group_at(size_t g, size_t tokens, size_t t) { return 4 * (g * tokens + t); }
KN_INLINE size_t kn_part_at(kn_panel_part part, size_t tokens, size_t t) {
    return part * tokens + 4 * t;
}
KN_INLINE size_t kn_panel_step(size_t tokens) { return KN_INT8_PANEL_BLOCK_BYTES * tokens; }

/* Values of token t in a block of an int8 panel. */
KN_INLINE int8_t kn_panel_byte(const uint8_t *block, size_t column, size_t tokens, size_t t) {
    return (int8_t)block[kn_group_at(column / 4, tokens, t) + column % 4];
}
KN_INLINE int32_t kn_panel_offset(const uint8_t *block, size_t tokens, size_t t) {
    int32_t offset;
    memcpy(&offset, block + kn_part_at(KN_PANEL_OFFSET, tokens, t), 4);
    return offset;
}
KN_INLINE float kn_panel_float(const uint8_t *block, kn_panel_part part, size_t tokens, size_t t) {
    float value;
    memcpy(&value, block + kn_part_at(part, tokens, t), 4);
    return value;
}

/* Stores the parts of token t, from the sums of its first and second 16 bytes. */
KN_INLINE void kn_panel_store_parts(uint8_t *block, size_t tokens, size_t t, float scale,
                                    int32_t first, int32_t second) {
    int32_t offset = -128 * (first + second);
    const float floats[4] = {scale, scale * (float)(first + second), scale * (float)first,
                             scale * (float)second};
    memcpy(block + kn_part_at(KN_PANEL_OFFSET, tokens, t), &offset, 4);
    for (size_t i = 0; i < 4; i++) {
        memcpy(block + kn_part_at(KN_PANEL_SCALE, tokens, t) + 4 * i * tokens, floats + i, 4);
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
