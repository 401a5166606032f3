/*
 * Products of unit tiles with AVX2: 8 rows x n tokens, int8 input.
 *
 * Guarantees: the bits of reference.c. Integer sums are exact (each use of 16 bits states its
 * bound), scale and low are computed as in kn_unit_factors, and each group ends in the reference's
 * two fma.
 */
#ifndef KN_UNITS_AVX2_H
#define KN_UNITS_AVX2_H

#include "units.h"

/* The 16 codes, signed, for every nibble. */
KN_INLINE __m256i unit_codes(__m256i nibbles) {
    __m128i table = _mm_loadu_si128((const __m128i *)(const void *)kn_codes);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles);
}

/* A bit field of each byte of v, as wide as the mask `ones`, moved from bit `from` to bit `to`. */
KN_INLINE __m256i unit_bits(__m256i v, const int from, const int to, const int ones) {
    const __m256i mask = _mm256_set1_epi8((char)(ones << to));
    __m256i moved = from >= to ? _mm256_srli_epi16(v, (from - to))
                            : _mm256_slli_epi16(v, (to - from));
    return _mm256_and_si256(moved, mask);
}

/* q of group g (0..7) of 8 rows, 4 columns each. For coded kinds, the signed codes. */
KN_INLINE __m256i unit_group(kn_tile_kind kind, const uint8_t *block, const int half,
                             const int g) {
    const uint8_t *high = block + kn_low_plane_bytes(kind);
    __m256i q;
    if (kn_shapes[kind].low_bits == 2) {
        q = unit_bits(load_int(block + 64 * (g / 4) + 32 * half), 2 * (g % 4), 0, 3);
    } else {
        q = load_int(block + 64 * (g / 2) + 32 * half);
        if (g & 1) q = _mm256_srli_epi16(q, 4);
        q = _mm256_and_si256(q, _mm256_set1_epi8(15));
    }
    if (kn_shapes[kind].coded) q = unit_codes(q);
    if (kn_shapes[kind].high_bits == 1) {
        __m256i bits = load_int(high + 32 * half);
        q = _mm256_or_si256(q, unit_bits(bits, g, kn_shapes[kind].low_bits, 1));
    }
    if (kn_shapes[kind].high_bits == 2) {
        __m256i pairs = load_int(high + 64 * (g / 4) + 32 * half);
        q = _mm256_or_si256(q, unit_bits(pairs, 2 * (g % 4), 4, 3));
    }
    return q;
}

KN_INLINE __m128i load_eight(const uint8_t *p) {
    return _mm_loadl_epi64((const __m128i *)(const void *)p);
}
KN_INLINE __m256 floats_of_unsigned(__m128i bytes) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}
KN_INLINE __m256 negated(__m256 v) { return _mm256_xor_ps(v, _mm256_set1_ps(-0.0f)); }

/* kn_unit_factors for 8 rows. `at` points at the factors of the unit. */
KN_INLINE void unit_factors(kn_tile_kind kind, const uint8_t *at, int half, size_t group,
                            __m256 *scale, __m256 *low) {
    const __m256 zero = _mm256_set1_ps(-(float)kn_shapes[kind].zero);
    const uint8_t *halves = at + 16 * half, *bytes = at + 8 * half;
    switch (kn_shapes[kind].form) {
    case KN_HALVES:
        *scale = v_f16_8(halves + 32 * group);
        *low = _mm256_mul_ps(*scale, zero);
        break;
    case KN_HALVES_LOW:
        *scale = v_f16_8(halves + 64 * group);
        *low = v_f16_8(halves + 64 * group + 32);
        break;
    case KN_SUPER:
        *scale = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load_eight(bytes + 32 + 16 * group)));
        *scale = _mm256_mul_ps(v_f16_8(halves), *scale);
        *low = _mm256_mul_ps(*scale, zero);
        break;
    case KN_SUPER_LOW: {
        const uint8_t *pair = bytes + 64 + 32 * group;
        *scale = _mm256_mul_ps(v_f16_8(halves), floats_of_unsigned(load_eight(pair)));
        __m256 l = floats_of_unsigned(load_eight(pair + 16));
        *low = negated(_mm256_mul_ps(v_f16_8(halves + 32), l));
        break;
    }
    case KN_SUPER_LOW_NIBBLES: {
        const __m128i nibble = _mm_set1_epi8(15);
        __m128i both = load_eight(bytes + 64 + 16 * group);
        __m256 s = floats_of_unsigned(_mm_and_si128(both, nibble));
        __m256 l = floats_of_unsigned(_mm_and_si128(_mm_srli_epi16(both, 4), nibble));
        *scale = _mm256_mul_ps(v_f16_8(halves), s);
        *low = negated(_mm256_mul_ps(v_f16_8(halves + 32), l));
        break;
    }
    case KN_WHOLE:
        *scale = _mm256_loadu_ps((const float *)(const void *)(at + 32 * half));
        *low = _mm256_mul_ps(*scale, zero);
        break;
    }
}

/* Sums over groups g0 .. g0 + count - 1. Results of maddubs are added in 16 bits before they are
 * widened. A result is at most 2*q*127: 16002 for q of 6 bits (two fit: 32004), 7874 for 5 bits
 * (four fit: 31496), 3810 for 4 bits (eight fit: 30480). For signed codes, |code| <= 127 times a
 * with the code's sign makes at most 32258, so a single result fits. unit_finish adds the missing
 * 128 * sum of a. */
KN_INLINE void unit_sums(kn_tile_kind kind, const uint8_t *block, const int half, const int g0,
                         const int count, const uint8_t *panel, size_t tokens, const int n,
                         __m256i *sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    const int bits = kn_shapes[kind].low_bits + kn_shapes[kind].high_bits;
    const int together = kn_shapes[kind].coded ? 1 : bits == 6 ? 2 : bits == 5 ? 4 : count;
    __m256i pairs[INT8_GROUP];
    for (int t = 0; t < n; t++) sums[t] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++) {
        __m256i q = unit_group(kind, block, half, g0 + i);
        __m256i size = kn_shapes[kind].coded ? _mm256_abs_epi8(q) : q;
        for (int t = 0; t < n; t++) {
            __m256i a = broadcast4(panel + 4 * ((size_t)(g0 + i) * tokens + (size_t)t));
            if (kn_shapes[kind].coded) a = _mm256_sign_epi8(a, q);
            __m256i both = _mm256_maddubs_epi16(size, a);
            pairs[t] = i % together == 0 ? both : _mm256_add_epi16(pairs[t], both);
            if (i % together == together - 1) {
                sums[t] = _mm256_add_epi32(sums[t], _mm256_madd_epi16(pairs[t], ones));
            }
        }
    }
}

KN_INLINE void unit_finish(kn_tile_kind kind, const uint8_t *factors, int half, size_t group,
                           const uint8_t *panel, size_t tokens, const int n, size_t sums_at,
                           __m256i *sums, __m256 *acc) {
    __m256 scale, low;
    unit_factors(kind, factors, half, group, &scale, &low);
    for (int t = 0; t < n; t++) {
        float token_scale, token_sum;
        memcpy(&token_scale, panel + 36 * tokens + 4 * (size_t)t, 4);
        memcpy(&token_sum, panel + sums_at * tokens + 4 * (size_t)t, 4);
        if (kn_shapes[kind].coded) { /* the panel holds -128 * sum */
            __m256i offset = broadcast4(panel + 32 * tokens + 4 * (size_t)t);
            sums[t] = _mm256_sub_epi32(sums[t], offset);
        }
        __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(token_scale));
        acc[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[t]), both, acc[t]);
        acc[t] = _mm256_fmadd_ps(low, _mm256_set1_ps(token_sum), acc[t]);
    }
}

/* Multiplies rows 8*half.. of a tile with n tokens of a panel of `tokens`. `panel` points at the
 * first token. */
KN_INLINE void unit_half(const kn_product *p, kn_tile_kind kind, const uint8_t *at, int half,
                         const uint8_t *panel, size_t tokens, const int n, __m256 *acc) {
    const bool halves = kn_shapes[kind].group_columns == 16;
    const size_t plane_bytes = kn_plane_bytes(kind), blocks = p->columns / KN_BLOCK_COLUMNS;
    __m256i sums[INT8_GROUP];
    for (int t = 0; t < n; t++) acc[t] = _mm256_setzero_ps();
    for (size_t first = 0; first < blocks; first += 8) {
        const size_t count = kn_blocks_of_unit(first, blocks);
        const uint8_t *factors = at;
        at += kn_factor_bytes(kind, count);
        for (size_t b = 0; b < count; b++) {
            if (halves) {
                unit_sums(kind, at, half, 0, 4, panel, tokens, n, sums);
                unit_finish(kind, factors, half, 2 * b, panel, tokens, n, 44, sums, acc);
                unit_sums(kind, at, half, 4, 4, panel, tokens, n, sums);
                unit_finish(kind, factors, half, 2 * b + 1, panel, tokens, n, 48, sums, acc);
            } else {
                unit_sums(kind, at, half, 0, 8, panel, tokens, n, sums);
                unit_finish(kind, factors, half, b, panel, tokens, n, 40, sums, acc);
            }
            at += plane_bytes;
            panel += KN_INT8_PANEL_BLOCK_BYTES * tokens;
        }
    }
}

/* Adds a unit of ternary weights, with an input scale per row: integer sums over the whole unit,
 * then an fma. q is at most 3 (in damaged files) and a result of maddubs at most 762, so the 32
 * results of four blocks fit in 16 bits (24384). The zero point subtracts the sum of a, taken from
 * the panel's -128 * (sum of a). */
KN_INLINE void ternary_row_unit(const uint8_t *planes, size_t count, __m256 scale, const int half,
                                const uint8_t *panel, size_t tokens, const int n, __m256 *acc) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[INT8_GROUP], pairs[INT8_GROUP];
    int32_t offset[INT8_GROUP] = {0};
    float token_scale[INT8_GROUP];
    memcpy(token_scale, panel + 36 * tokens, 4 * (size_t)n);
    for (int t = 0; t < n; t++) sums[t] = pairs[t] = _mm256_setzero_si256();
    for (size_t b = 0; b < count; b++) {
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) {
            __m256i q = unit_group(KN_TILE_TERNARY, planes, half, g);
            for (int t = 0; t < n; t++) {
                __m256i a = broadcast4(panel + 4 * ((size_t)g * tokens + (size_t)t));
                pairs[t] = _mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(q, a));
            }
        }
        if (b % 4 == 3 || b == count - 1) {
            for (int t = 0; t < n; t++) {
                sums[t] = _mm256_add_epi32(sums[t], _mm256_madd_epi16(pairs[t], ones));
                pairs[t] = _mm256_setzero_si256();
            }
        }
        for (int t = 0; t < n; t++) {
            int32_t block_offset;
            memcpy(&block_offset, panel + 32 * tokens + 4 * (size_t)t, 4);
            offset[t] += block_offset;
        }
        planes += kn_plane_bytes(KN_TILE_TERNARY);
        panel += KN_INT8_PANEL_BLOCK_BYTES * tokens;
    }
    for (int t = 0; t < n; t++) {
        __m256i sum = _mm256_add_epi32(sums[t], _mm256_set1_epi32(offset[t] / 128));
        __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(token_scale[t]));
        acc[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), both, acc[t]);
    }
}

KN_INLINE void ternary_row_tile(const kn_product *p, size_t tile, const uint8_t *panel,
                                size_t tokens, size_t token, const int n) {
    const kn_tile_kind kind = KN_TILE_TERNARY;
    const size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    __m256 low[INT8_GROUP], high[INT8_GROUP];
    const uint8_t *at = (const uint8_t *)p->tiles + tile * kn_tile_bytes(kind, p->columns);
    for (int t = 0; t < n; t++) low[t] = high[t] = _mm256_setzero_ps();
    for (size_t first = 0; first < blocks; first += 8) {
        const size_t count = kn_blocks_of_unit(first, blocks);
        const uint8_t *planes = at + kn_factor_bytes(kind, count);
        const float *scales = (const float *)(const void *)at;
        ternary_row_unit(planes, count, _mm256_loadu_ps(scales), 0, panel, tokens, n, low);
        ternary_row_unit(planes, count, _mm256_loadu_ps(scales + 8), 1, panel, tokens, n, high);
        at += kn_unit_bytes(kind, count);
        panel += count * KN_INT8_PANEL_BLOCK_BYTES * tokens;
    }
    for (int t = 0; t < n; t++) {
        store_sums(p, token + (size_t)t, tile * 16, (kn_v){low[t], high[t]});
    }
}

KN_INLINE void unit_tile(const kn_product *p, kn_tile_kind kind, size_t tile,
                         const uint8_t *panel, size_t tokens, size_t token, const int n) {
    __m256 low[INT8_GROUP], high[INT8_GROUP];
    const uint8_t *at = (const uint8_t *)p->tiles + tile * kn_tile_bytes(kind, p->columns);
    unit_half(p, kind, at, 0, panel, tokens, n, low);
    unit_half(p, kind, at, 1, panel, tokens, n, high);
    for (int t = 0; t < n; t++) {
        store_sums(p, token + (size_t)t, tile * 16, (kn_v){low[t], high[t]});
    }
}

#endif
