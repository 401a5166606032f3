/*
 * Products of unit tiles with AVX-512: 16 rows x n tokens, int8 input.
 *
 * Guarantees: the bits of reference.c. Integer sums are exact, scale and low are computed as in
 * kn_unit_factors, and each group ends in the reference's two fma.
 * Does not: keep q signed. `low` times the panel's sums accounts for the zero point.
 */
#ifndef KN_UNITS_AVX512_H
#define KN_UNITS_AVX512_H

#include "units.h"

KN_INLINE __m512i unit_codes(__m512i nibbles) {
    __m128i table = _mm_loadu_si128((const __m128i *)(const void *)kn_codes);
    table = _mm_xor_si128(table, _mm_set1_epi8((char)0x80)); /* + 128 */
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), nibbles);
}

/* A bit field of each byte of v, as wide as the mask `ones`, moved from bit `from` to bit `to`. */
KN_INLINE __m512i unit_bits(__m512i v, const int from, const int to, const int ones) {
    const __m512i mask = _mm512_set1_epi8((char)(ones << to));
    __m512i moved = from >= to ? _mm512_srli_epi16(v, (unsigned)(from - to))
                            : _mm512_slli_epi16(v, (unsigned)(to - from));
    return _mm512_and_si512(moved, mask);
}

/* q of group g (0..7) of a block: 4 columns of 16 rows. */
KN_INLINE __m512i unit_group(kn_tile_kind kind, const uint8_t *block, const int g) {
    const uint8_t *high = block + kn_low_plane_bytes(kind);
    __m512i q;
    if (kn_shapes[kind].low_bits == 2) {
        q = unit_bits(_mm512_loadu_si512(block + 64 * (g / 4)), 2 * (g % 4), 0, 3);
    } else {
        q = _mm512_loadu_si512(block + 64 * (g / 2));
        if (g & 1) q = _mm512_srli_epi16(q, 4);
        q = _mm512_and_si512(q, _mm512_set1_epi8(15));
    }
    if (kn_shapes[kind].coded) q = unit_codes(q);
    if (kn_shapes[kind].high_bits == 1) {
        __m512i bits = _mm512_loadu_si512(high);
        q = _mm512_or_si512(q, unit_bits(bits, g, kn_shapes[kind].low_bits, 1));
    }
    if (kn_shapes[kind].high_bits == 2) {
        __m512i pairs = _mm512_loadu_si512(high + 64 * (g / 4));
        q = _mm512_or_si512(q, unit_bits(pairs, 2 * (g % 4), 4, 3));
    }
    return q;
}

KN_INLINE __m128i load_bytes(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
KN_INLINE __m512 floats_of_unsigned(__m128i bytes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

/* kn_unit_factors for 16 rows. `at` points at the factors of the unit. */
KN_INLINE void unit_factors(kn_tile_kind kind, const uint8_t *at, size_t group, __m512 *scale,
                            __m512 *low) {
    const __m512 zero = _mm512_set1_ps(-(float)kn_shapes[kind].zero);
    switch (kn_shapes[kind].form) {
    case KN_HALVES:
        *scale = v_load_f16(at + 32 * group);
        *low = _mm512_mul_ps(*scale, zero);
        break;
    case KN_HALVES_LOW:
        *scale = v_load_f16(at + 64 * group);
        *low = v_load_f16(at + 64 * group + 32);
        break;
    case KN_SUPER:
        *scale = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load_bytes(at + 32 + 16 * group)));
        *scale = _mm512_mul_ps(v_load_f16(at), *scale);
        *low = _mm512_mul_ps(*scale, zero);
        break;
    case KN_SUPER_LOW: {
        const uint8_t *pair = at + 64 + 32 * group;
        *scale = _mm512_mul_ps(v_load_f16(at), floats_of_unsigned(load_bytes(pair)));
        __m512 l = floats_of_unsigned(load_bytes(pair + 16));
        *low = v_negate(_mm512_mul_ps(v_load_f16(at + 32), l));
        break;
    }
    case KN_SUPER_LOW_NIBBLES: {
        const __m128i nibble = _mm_set1_epi8(15);
        __m128i both = load_bytes(at + 64 + 16 * group);
        __m512 s = floats_of_unsigned(_mm_and_si128(both, nibble));
        __m512 l = floats_of_unsigned(_mm_and_si128(_mm_srli_epi16(both, 4), nibble));
        *scale = _mm512_mul_ps(v_load_f16(at), s);
        *low = v_negate(_mm512_mul_ps(v_load_f16(at + 32), l));
        break;
    }
    case KN_WHOLE:
        *scale = _mm512_loadu_ps(at);
        *low = _mm512_mul_ps(*scale, zero);
        break;
    }
}

/* Ends a group with the two fma of every token. */
KN_INLINE void unit_finish(kn_tile_kind kind, const uint8_t *factors, size_t group,
                           const uint8_t *panel, const int sums_at, const int n,
                           const __m512i *sums, __m512 *acc) {
    __m512 scale, low;
    unit_factors(kind, factors, group, &scale, &low);
    for (int t = 0; t < n; t++) {
        float token_scale, token_sum;
        memcpy(&token_scale, panel + 36 * n + 4 * t, 4);
        memcpy(&token_sum, panel + sums_at * n + 4 * t, 4);
        __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(token_scale));
        acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[t]), both, acc[t]);
        acc[t] = _mm512_fmadd_ps(low, _mm512_set1_ps(token_sum), acc[t]);
    }
}

KN_INLINE void unit_block(kn_tile_kind kind, const uint8_t *factors, size_t b,
                          const uint8_t *block, const uint8_t *panel, const int n, __m512 *acc) {
    const bool halves = kn_shapes[kind].group_columns == 16;
    __m512i sums[KN_PANEL_TOKENS];
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g++) {
        if (g == 0 || (halves && g == 4)) {
            for (int t = 0; t < n; t++) sums[t] = _mm512_setzero_si512();
        }
        __m512i q = unit_group(kind, block, g);
        for (int t = 0; t < n; t++) {
            sums[t] = _mm512_dpbusd_epi32(sums[t], q, broadcast4(panel + 4 * (g * n + t)));
        }
        if (halves && g == 3) unit_finish(kind, factors, 2 * b, panel, 44, n, sums, acc);
    }
    if (halves) unit_finish(kind, factors, 2 * b + 1, panel, 48, n, sums, acc);
    else unit_finish(kind, factors, b, panel, 40, n, sums, acc);
}

/* Adds a unit of ternary weights, with an input scale per row: integer sums over the whole unit,
 * then an fma. The zero point subtracts the sum of a, taken from the panel's -128 * (sum of a).
 * With few tokens each block has its own sums, so that its chain does not wait for the previous
 * block. */
KN_INLINE void ternary_row_unit(const uint8_t *planes, size_t count, __m512 scale,
                                const uint8_t *panel, const int n, __m512 *acc) {
    const bool apart = n < 4;
    const __mmask16 valid = v_first((size_t)n);
    __m512i sums[KN_PANEL_TOKENS], part[KN_PANEL_TOKENS], offsets = _mm512_setzero_si512();
    float token_scale[KN_PANEL_TOKENS];
    memcpy(token_scale, panel + 36 * n, 4 * (size_t)n);
    for (int t = 0; t < n; t++) sums[t] = _mm512_setzero_si512();
    for (size_t b = 0; b < count; b++) {
        __m512i *into = apart ? part : sums;
        if (apart) for (int t = 0; t < n; t++) part[t] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) {
            __m512i q = unit_group(KN_TILE_TERNARY, planes, g);
            for (int t = 0; t < n; t++) {
                into[t] = _mm512_dpbusd_epi32(into[t], q, broadcast4(panel + 4 * (g * n + t)));
            }
        }
        if (apart) for (int t = 0; t < n; t++) sums[t] = _mm512_add_epi32(sums[t], part[t]);
        offsets = _mm512_add_epi32(offsets, _mm512_maskz_loadu_epi32(valid, panel + 32 * n));
        planes += kn_plane_bytes(KN_TILE_TERNARY);
        panel += KN_INT8_PANEL_BLOCK_BYTES * n;
    }
    int32_t offset[16];
    _mm512_storeu_si512(offset, _mm512_srai_epi32(offsets, 7));
    for (int t = 0; t < n; t++) {
        __m512i sum = _mm512_add_epi32(sums[t], _mm512_set1_epi32(offset[t]));
        __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(token_scale[t]));
        acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), both, acc[t]);
    }
}

KN_INLINE void ternary_row_tile(const kn_product *p, size_t tile, const uint8_t *panel,
                                size_t token, const int n) {
    const kn_tile_kind kind = KN_TILE_TERNARY;
    const size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    const uint8_t *at = (const uint8_t *)p->tiles + tile * kn_tile_bytes(kind, p->columns);
    __m512 acc[KN_PANEL_TOKENS];
    for (int t = 0; t < n; t++) acc[t] = _mm512_setzero_ps();
    for (size_t first = 0; first < blocks; first += 8) {
        const size_t count = kn_blocks_of_unit(first, blocks);
        const uint8_t *planes = at + kn_factor_bytes(kind, count);
        ternary_row_unit(planes, count, _mm512_loadu_ps(at), panel, n, acc);
        at += kn_unit_bytes(kind, count);
        panel += count * KN_INT8_PANEL_BLOCK_BYTES * (size_t)n;
    }
    for (int t = 0; t < n; t++) store_sums(p, token + (size_t)t, tile * 16, acc[t]);
}

KN_INLINE void unit_tile(const kn_product *p, kn_tile_kind kind, size_t tile,
                         const uint8_t *panel, size_t token, const int n) {
    const size_t plane_bytes = kn_plane_bytes(kind), blocks = p->columns / KN_BLOCK_COLUMNS;
    const uint8_t *at = (const uint8_t *)p->tiles + tile * kn_tile_bytes(kind, p->columns);
    __m512 acc[KN_PANEL_TOKENS];
    for (int t = 0; t < n; t++) acc[t] = _mm512_setzero_ps();
    for (size_t first = 0; first < blocks; first += 8) {
        const size_t count = kn_blocks_of_unit(first, blocks);
        const uint8_t *factors = at;
        at += kn_factor_bytes(kind, count);
        for (size_t b = 0; b < count; b++) {
            unit_block(kind, factors, b, at, panel, n, acc);
            at += plane_bytes;
            panel += KN_INT8_PANEL_BLOCK_BYTES * n;
        }
    }
    for (int t = 0; t < n; t++) store_sums(p, token + (size_t)t, tile * 16, acc[t]);
}

#endif
