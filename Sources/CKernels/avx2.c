/*
 * The AVX2 table: AVX2, FMA and F16C.
 *
 * Guarantees: the bits of reference.c. Int8 products use maddubs (unsigned x signed, pairs summed
 * into 16 bits with saturation). Each use states the bound that rules out saturation.
 * Does not: run by itself. cpu.c hands the table out only where every instruction exists.
 */
#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "lanes_avx2.h"
#include "lanes_ops.inc"
#include "lanes_norm.inc"
#include "lanes_attend.inc"

#pragma STDC FP_CONTRACT OFF

/* ---- input panels ---- */

KN_INLINE __m256i magnitude_of(__m256 v) {
    return _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7FFFFFFF));
}

KN_INLINE int32_t largest_of(__m256i v) {
    __m128i four = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

KN_INLINE int32_t sum_of(__m256i v) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

#include "lanes_quantise.inc"

KN_INLINE float largest_magnitude(const float *x, size_t columns) {
    __m256i largest = _mm256_setzero_si256();
    for (size_t c = 0; c < columns; c += 8) {
        largest = _mm256_max_epi32(largest, magnitude_of(_mm256_loadu_ps(x + c)));
    }
    return kn_float_of(largest_of(largest));
}

KN_INLINE void quantise_block(const float *x, float m, uint8_t *at, size_t tokens, size_t t) {
    __m256i q[4];
    bool finite = m < INFINITY, live = finite && m >= KN_QUANTISE_MIN;
    float scale = live ? m / 127.0f : finite ? 0.0f : NAN;
    __m256 inverse = _mm256_set1_ps(live ? 127.0f / m : 0.0f);
    __m256i keep = _mm256_set1_epi32(live ? -1 : 0);
    for (int i = 0; i < 4; i++) {
        __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + 8 * i), inverse);
        q[i] = _mm256_and_si256(_mm256_cvtps_epi32(scaled), keep);
    }
    int32_t first = sum_of(_mm256_add_epi32(q[0], q[1]));
    int32_t second = sum_of(_mm256_add_epi32(q[2], q[3]));
    /* packs work inside 128-bit halves, and the permutation puts the dwords back in order */
    __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]),
                                       _mm256_packs_epi32(q[2], q[3]));
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    uint32_t words[8];
    _mm256_storeu_si256((__m256i *)(void *)words, bytes);
    for (size_t g = 0; g < 8; g++) memcpy(at + kn_group_at(g, tokens, t), words + g, 4);
    kn_panel_store_parts(at, tokens, t, scale, first, second);
}

static void quantise(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    quantise_each(x, stride, tokens, columns, panel);
}

static void interleave(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    float *out = panel;
    for (size_t c = 0; c < columns; c++) {
        for (size_t t = 0; t < tokens; t++) out[c * tokens + t] = x[t * stride + c];
    }
}

/* ---- int8 products: 8 rows x n tokens ---- */

#include "lanes_units.inc"
#include "units_avx2.inc"

/* Q8: unsigned |w| <= 128 times a with the sign of w. A pair is at most 2*128*127 = 32512. */
KN_INLINE void sum_q8(const uint8_t *weights, const uint8_t *panel, size_t tokens, const int n,
                      __m256i *sums) {
    const __m256i ones = _mm256_set1_epi16(1), flip = _mm256_set1_epi8((char)0x80);
    for (int t = 0; t < n; t++) sums[t] = _mm256_setzero_si256();
    /* Keep the loop: when unrolled, the compiler goes token by token and spills the weights. */
#pragma clang loop unroll(disable)
    for (int g = 0; g < 8; g++) {
        __m256i w = _mm256_xor_si256(r_load_int(weights + 64 * g), flip);
        __m256i size = _mm256_abs_epi8(w);
        for (int t = 0; t < n; t++) {
            __m256i a = r_broadcast4(panel + kn_group_at(g, tokens, t));
            __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(a, w));
            sums[t] = _mm256_add_epi32(sums[t], _mm256_madd_epi16(pairs, ones));
        }
    }
}

/* Q4: q in 0..15 needs no sign. Eight pairs are at most 8*2*15*127 = 30480, so 16 bits hold a
 * whole block. The result is the reference's 16 * sum of (q - 8) * a. */
KN_INLINE void sum_q4(const uint8_t *weights, const uint8_t *panel, size_t tokens, const int n,
                      __m256i *sums) {
    const __m256i ones = _mm256_set1_epi16(1), low_nibble = _mm256_set1_epi8(15);
    for (int t = 0; t < n; t++) sums[t] = _mm256_setzero_si256();
#pragma clang loop unroll(disable)
    for (int v = 0; v < 4; v++) {
        __m256i two = r_load_int(weights + 64 * v);
        __m256i low = _mm256_and_si256(two, low_nibble);
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(two, 4), low_nibble);
        for (int t = 0; t < n; t++) {
            const uint8_t *even = panel + kn_group_at(2 * v, tokens, t);
            const uint8_t *odd = even + kn_group_at(1, tokens, 0);
            __m256i a = _mm256_maddubs_epi16(low, r_broadcast4(even));
            __m256i b = _mm256_maddubs_epi16(high, r_broadcast4(odd));
            sums[t] = _mm256_add_epi16(sums[t], _mm256_add_epi16(a, b));
        }
    }
    for (int t = 0; t < n; t++) {
        __m256i sum = _mm256_slli_epi32(_mm256_madd_epi16(sums[t], ones), 4);
        sums[t] = _mm256_add_epi32(sum, _mm256_set1_epi32(kn_panel_offset(panel, tokens, t)));
    }
}

KN_INLINE void int8_rows(const kn_product *p, kn_tile_kind kind, const uint8_t *tile, const int row,
                         const uint8_t *panel, size_t tokens, const int n, kn_r *acc) {
    const size_t size = kind == KN_TILE_Q8 ? 512 : 256;
    size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    for (int t = 0; t < n; t++) acc[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, panel += kn_panel_step(tokens)) {
        const uint8_t *weights = tile + kn_weights_at(b, size) + 4 * row;
        __m256i sums[KN_INT8_GROUP];
        if (kind == KN_TILE_Q8) sum_q8(weights, panel, tokens, n, sums);
        else sum_q4(weights, panel, tokens, n, sums);
        __m256 scale = v_f16_8(tile + kn_scales_at(b, blocks, size) + 2 * row);
        if (kind == KN_TILE_Q4) scale = _mm256_mul_ps(scale, _mm256_set1_ps(0.0625f));
        for (int t = 0; t < n; t++) {
            float token_scale = kn_panel_float(panel, KN_PANEL_SCALE, tokens, t);
            __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(token_scale));
            acc[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[t]), both, acc[t]);
        }
    }
}

KN_INLINE void int8_product(kn_tile_kind kind, kn_input_kind input, const kn_product *p,
                            size_t tile0, size_t tile1, const void *panels, size_t tokens,
                            size_t panel0, size_t panel1) {
    size_t token_bytes = kn_int8_panel_bytes(p->columns);
    for (size_t tile = tile0; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(tokens, i), size = kn_panel_start(tokens, i + 1) - start;
            const uint8_t *panel = (const uint8_t *)panels + start * token_bytes;
            for (size_t t = 0; t < size; t += KN_INT8_GROUP) {
#define KN_RUN(n) whole_tile(kind, input, p, tile, panel + 4 * t, size, start + t, n)
                switch (size - t) {
                case 1: KN_RUN(1); break;
                case 2: KN_RUN(2); break;
                case 3: KN_RUN(3); break;
                default: KN_RUN(4);
                }
#undef KN_RUN
            }
        }
    }
}

KN_INLINE void float_product(kn_tile_kind kind, const kn_product *p, size_t tile0, size_t tile1,
                             const void *panels, size_t tokens, size_t panel0, size_t panel1) {
    for (size_t tile = tile0; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(tokens, i), size = kn_panel_start(tokens, i + 1) - start;
            const float *panel = (const float *)panels + start * p->columns;
            for (size_t t = 0; t < size; t += KN_TOKEN_GROUP) {
                switch (size - t) {
                case 1: float_tile(p, kind, tile, 1, panel + t, size, start + t, 1); break;
                case 2: float_tile(p, kind, tile, 1, panel + t, size, start + t, 2); break;
                default: float_tile(p, kind, tile, 1, panel + t, size, start + t, 3);
                }
            }
        }
    }
}

#define KN_TABLE kn_avx2_ops
#define KN_TABLE_NAME "avx2"
#include "lanes_table.inc"

#pragma clang attribute pop

#endif
