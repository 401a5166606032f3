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

/* The 16-bit integers of two groups in each half, with the middle two of a group exchanged. */
KN_INLINE __m256i paired(__m256i a, __m256i b) {
    __m256i words = _mm256_packs_epi32(a, b);
    return _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(words, 0xD8), 0xD8);
}

KN_INLINE void quantise_block(const float *x, float m, kn_value_bytes value, uint8_t *at,
                              size_t tokens, size_t t) {
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
    /* packs work inside 128-bit halves, and the permutations put the groups back in order */
    if (value == KN_PAIRS) {
        uint64_t groups[8];
        for (int i = 0; i < 2; i++) {
            __m256i four = _mm256_permute4x64_epi64(paired(q[2 * i], q[2 * i + 1]), 0xD8);
            _mm256_storeu_si256((__m256i *)(void *)(groups + 4 * i), four);
        }
        for (size_t g = 0; g < 8; g++) memcpy(at + kn_group_at(value, g, tokens, t), groups + g, 8);
    } else {
        uint32_t groups[8];
        __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]),
                                           _mm256_packs_epi32(q[2], q[3]));
        bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256((__m256i *)(void *)groups, bytes);
        for (size_t g = 0; g < 8; g++) memcpy(at + kn_group_at(value, g, tokens, t), groups + g, 4);
    }
    kn_panel_store_parts(at, value, tokens, t, scale, first, second);
}

/* The fill functions of panels of pairs, and of bytes. */
static void pair(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    quantise_each(KN_PAIRS, x, stride, tokens, columns, panel);
}

static void pair_row(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    quantise_each_row(KN_PAIRS, x, stride, tokens, columns, panel);
}

static void quantise(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    quantise_each(KN_BYTES, x, stride, tokens, columns, panel);
}

static void interleave(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    float *out = panel;
    for (size_t c = 0; c < columns; c++) {
        for (size_t t = 0; t < tokens; t++) out[c * tokens + t] = x[t * stride + c];
    }
}

/* ---- products: 16 rows x n tokens ---- */

/* Calls `run(n)` with n as a constant, so that each size is a kernel with its own registers. */
#define KN_FOR_SIZE(size, run)                                                                    \
    switch (size) {                                                                               \
    case 1: run(1); break;                                                                        \
    case 2: run(2); break;                                                                        \
    case 3: run(3); break;                                                                        \
    default: run(4);                                                                              \
    }

#include "lanes_units.inc"

/* Holds the sums of n tokens in registers here. Without this the compiler sums token by token and
 * spills the weights. */
KN_INLINE void keep_order(kn_sums sums, const int n) {
    for (int r = 0; r < 2 && n < 4; r++) {
        for (int t = 0; t < n; t++) __asm__ volatile("" : "+x"(sums[r][t]));
    }
    if (n == 4) {
        __asm__ volatile(""
                         : "+x"(sums[0][0]), "+x"(sums[0][1]), "+x"(sums[0][2]), "+x"(sums[0][3]),
                           "+x"(sums[1][0]), "+x"(sums[1][1]), "+x"(sums[1][2]),
                           "+x"(sums[1][3]));
    }
}

#include "units_avx2.inc"

/* Q8: the bytes w + 128 of 8 rows as pairs of 16 bits, the even or the odd columns of a group. */
KN_INLINE __m256i q8_pairs(const uint8_t *weights, const int r, const int half) {
    __m256i w = r_load_int(weights + 64 * (half / 2) + 32 * r);
    return half % 2 ? _mm256_srli_epi16(w, 8) : _mm256_and_si256(w, _mm256_set1_epi16(255));
}

/* Loose pairs are w itself, and their sums begin without an offset. */
KN_INLINE void q8_sums(const bool loose, const uint8_t *weights, const uint8_t *panel, const int n,
                       kn_sums sums) {
#pragma clang loop unroll(full)
    for (int half = 0; half < 16; half++) {
        const int g = half / 2, odd = half % 2;
        __m256i w[2];
        for (int r = 0; r < 2; r++) {
            w[r] = loose ? r_load_int(weights + 64 * half + 32 * r) : q8_pairs(weights, r, half);
        }
        for (int t = 0; t < n; t++) {
            __m256i a = r_broadcast4(panel + kn_group_at(KN_PAIRS, g, n, t) + 4 * odd);
            for (int r = 0; r < 2; r++) {
                __m256i sum = _mm256_madd_epi16(w[r], a);
                sums[r][t] = loose && half == 0 ? sum : _mm256_add_epi32(sums[r][t], sum);
            }
        }
        keep_order(sums, n);
    }
}

/* Q4: q in 0..15 needs no sign. Eight pairs are at most 8*2*15*127 = 30480, so 16 bits hold a
 * whole block. The result is the reference's 16 * sum of (q - 8) * a. */
KN_INLINE void q4_sums(const bool loose, const uint8_t *weights, const uint8_t *panel, const int n,
                       kn_sums sums) {
    const __m256i sixteens = _mm256_set1_epi16(16);
    kn_sums pairs;
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g++) {
        __m256i q[2];
        for (int r = 0; r < 2; r++) q[r] = group_of(KN_TILE_Q4, loose, weights, r, g);
        for (int t = 0; t < n; t++) {
            __m256i a = r_broadcast4(panel + kn_group_at(KN_BYTES, g, n, t));
            for (int r = 0; r < 2; r++) {
                __m256i both = _mm256_maddubs_epi16(q[r], a);
                pairs[r][t] = g == 0 ? both : _mm256_add_epi16(pairs[r][t], both);
            }
        }
        keep_order(pairs, n);
    }
    for (int t = 0; t < n; t++) {
        for (int r = 0; r < 2; r++) {
            __m256i sum = _mm256_madd_epi16(pairs[r][t], sixteens);
            sums[r][t] = _mm256_add_epi32(sums[r][t], sum);
        }
    }
}

KN_INLINE void block_sums(kn_tile_kind kind, const bool loose, const uint8_t *weights,
                          const uint8_t *panel, const int n, kn_sums sums) {
    for (int t = 0; t < n && !(loose && kind == KN_TILE_Q8); t++) {
        __m256i offset = _mm256_set1_epi32(kn_panel_offset(panel, int8_value(kind), n, t));
        for (int r = 0; r < 2; r++) sums[r][t] = offset;
    }
    if (kind == KN_TILE_Q8) q8_sums(loose, weights, panel, n, sums);
    else q4_sums(loose, weights, panel, n, sums);
}

KN_INLINE void int8_sums(kn_tile_kind kind, const uint8_t *weights, const uint8_t *panel,
                         const int n, kn_sums sums) {
    block_sums(kind, false, weights, panel, n, sums);
}

#include "batches_avx2.inc"

static const kn_panels floats = {KN_TOKEN_GROUP, 1, sizeof(float), interleave};
static const kn_panels q8_values = {KN_INT8_GROUP, KN_BLOCK_COLUMNS, KN_PAIRS_BLOCK, pair};
static const kn_panels q8_row_values = {KN_INT8_GROUP, KN_BLOCK_COLUMNS, KN_PAIRS_BLOCK,
                                        pair_row};

KN_INLINE void float_product(kn_tile_kind kind, const kn_product *p, size_t tile0, size_t tile1,
                             const void *input, size_t tokens, size_t panel0, size_t panel1) {
    for (size_t tile = tile0; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(&floats, tokens, i);
            const float *panel = (const float *)input + start * p->columns;
            switch (kn_panel_start(&floats, tokens, i + 1) - start) {
            case 1: float_tile(p, kind, tile, 1, panel, start, 1); break;
            case 2: float_tile(p, kind, tile, 1, panel, start, 2); break;
            default: float_tile(p, kind, tile, 1, panel, start, 3);
            }
        }
    }
}

#define KN_TABLE kn_avx2_ops
#define KN_TABLE_NAME "avx2"
#include "lanes_table.inc"

#pragma clang attribute pop

#endif
