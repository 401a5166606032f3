/*
 * Sixteen float lanes as an AVX-512 register. lanes_avx2.h defines equal names for two AVX2
 * registers. lanes_ops.inc, lanes_norm.inc and lanes_attend.inc build on these names for both sets.
 *
 * Guarantees: each function rounds once per lane, exactly as the scalar operation of its name.
 */
#ifndef KN_LANES_H
#define KN_LANES_H

#include <immintrin.h>

#include "units.h"

#define KN_WIDE_ROWS 1 /* KN_ROW_GROUP is 8 */

/* A register of KN_REGISTER_ROWS rows of a tile, and the operation of an intrinsic on registers. */
typedef __m512 kn_r;
typedef __m512i kn_ri;
#define KN_MM(operation) _mm512_##operation

typedef __m512 kn_v;

enum {
    KN_TOKEN_GROUP = KN_PANEL_TOKENS, /* tokens whose accumulators fit in registers together */
    KN_ROW_GROUP = 8,                 /* attention rows, likewise */
    KN_VALUE_LANES = 16,              /* rows x value vectors held at once */
    KN_INT8_GROUP = KN_PANEL_TOKENS,  /* tokens whose int8 sums fit in registers, too */
    KN_REGISTERS = 1,                 /* registers of a tile's rows */
    KN_REGISTER_ROWS = 16,
    KN_Q8_VALUES = KN_BYTES,          /* values of the panels of Q8 tiles */
    KN_AHEAD_TOKENS = 4               /* panels of up to so many tokens are waiting for weights */
};

KN_INLINE __mmask16 v_first(size_t n) { return (__mmask16)((1u << n) - 1u); }

KN_INLINE kn_v v_zero(void) { return _mm512_setzero_ps(); }
KN_INLINE kn_v v_set1(float x) { return _mm512_set1_ps(x); }
KN_INLINE kn_v v_load(const float *p) { return _mm512_loadu_ps(p); }
KN_INLINE void v_store(float *p, kn_v v) { _mm512_storeu_ps(p, v); }
/* Loads the first n lanes (0..16) and zeros the rest. */
KN_INLINE kn_v v_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
KN_INLINE void v_store_n(float *p, kn_v v, size_t n) { _mm512_mask_storeu_ps(p, v_first(n), v); }
/* Lane i becomes p[i / 2], for the first 2 * pairs lanes (pairs 0..8). */
KN_INLINE kn_v v_load_doubled(const float *p, size_t pairs) {
    const __m512i which = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(which, v_load_n(p, pairs));
}
KN_INLINE kn_v v_load_f16(const void *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
KN_INLINE kn_v v_load_bf16(const void *p) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
/* Two bits of each 32-bit lane, from bit `shift` on, minus 1, as a float. */
KN_INLINE kn_v v_load_pair_less_one(const uint8_t *p, unsigned shift) {
    __m512i pair = _mm512_srli_epi32(_mm512_loadu_si512(p), shift);
    pair = _mm512_and_si512(pair, _mm512_set1_epi32(3));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(pair, _mm512_set1_epi32(1)));
}
/* Lanes n.. become `other`. */
KN_INLINE kn_v v_keep_n(kn_v v, size_t n, float other) {
    return _mm512_mask_mov_ps(_mm512_set1_ps(other), v_first(n), v);
}

KN_INLINE kn_ri r_and(kn_ri x, kn_ri y) { return _mm512_and_si512(x, y); }
KN_INLINE kn_ri r_or(kn_ri x, kn_ri y) { return _mm512_or_si512(x, y); }
KN_INLINE kn_r r_load(const void *p) { return _mm512_loadu_ps(p); }
KN_INLINE kn_r r_load_f16(const uint8_t *p) { return v_load_f16(p); }
KN_INLINE kn_ri r_load_int(const uint8_t *p) { return _mm512_loadu_si512(p); }
/* Loads a byte per row. */
KN_INLINE __m128i r_load_bytes(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
/* A register has all rows of a tile. */
KN_INLINE kn_v r_join(kn_r (*rows)[KN_INT8_GROUP], int t) { return rows[0][t]; }

KN_INLINE kn_v v_add(kn_v a, kn_v b) { return _mm512_add_ps(a, b); }
KN_INLINE kn_v v_sub(kn_v a, kn_v b) { return _mm512_sub_ps(a, b); }
KN_INLINE kn_v v_mul(kn_v a, kn_v b) { return _mm512_mul_ps(a, b); }
KN_INLINE kn_v v_div(kn_v a, kn_v b) { return _mm512_div_ps(a, b); }
KN_INLINE kn_v v_fma(kn_v a, kn_v b, kn_v c) { return _mm512_fmadd_ps(a, b, c); }
/* Even lanes a*b - c, odd lanes a*b + c. */
KN_INLINE kn_v v_fmaddsub(kn_v a, kn_v b, kn_v c) { return _mm512_fmaddsub_ps(a, b, c); }
/* a > b ? a : b */
KN_INLINE kn_v v_max(kn_v a, kn_v b) { return _mm512_max_ps(a, b); }
KN_INLINE kn_v v_negate(kn_v a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
KN_INLINE kn_v v_swap_pairs(kn_v a) { return _mm512_permute_ps(a, 0xB1); }
KN_INLINE kn_v v_round(kn_v a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT); }
/* 2^n for whole n in -126..127 */
KN_INLINE kn_v v_power_of_two(kn_v n) {
    __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}
/* a < b ? yes : no */
KN_INLINE kn_v v_if_less(kn_v a, kn_v b, kn_v yes, kn_v no) {
    return _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), yes);
}

KN_INLINE float v_tree_of_eight(__m256 v) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
KN_INLINE float v_tree(kn_v v) {
    return v_tree_of_eight(
        _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1)));
}
KN_INLINE float v_largest(kn_v v) { return _mm512_reduce_max_ps(v); }

#endif
