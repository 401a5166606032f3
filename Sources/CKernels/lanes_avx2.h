/*
 * Sixteen float lanes as two AVX2 registers. lanes_avx512.h defines equal names for an AVX-512
 * register. lanes_ops.inc, lanes_norm.inc and lanes_attend.inc build on these names for both sets.
 *
 * Guarantees: each function rounds once per lane, exactly as the scalar operation of its name.
 */
#ifndef KN_LANES_H
#define KN_LANES_H

#include <immintrin.h>

#include "units.h"

#define KN_WIDE_ROWS 0 /* 1 where KN_ROW_GROUP is 8 */

/* A register of KN_REGISTER_ROWS rows of a tile, and the operation of an intrinsic on registers. */
typedef __m256 kn_r;
typedef __m256i kn_ri;
#define KN_MM(operation) _mm256_##operation

typedef struct kn_v {
    __m256 a, b; /* lanes 0..7, 8..15 */
} kn_v;

enum {
    KN_TOKEN_GROUP = 3,   /* tokens whose accumulators fit in registers together */
    KN_ROW_GROUP = 4,     /* attention rows, likewise */
    KN_VALUE_LANES = 4,   /* rows x value vectors held at once */
    KN_INT8_GROUP = 4,    /* tokens whose int8 sums of a tile fit in registers */
    KN_REGISTERS = 2,     /* registers of a tile's rows */
    KN_REGISTER_ROWS = 8,
    KN_Q8_VALUES = KN_PAIRS, /* values of the panels of Q8 tiles */
    KN_AHEAD_TOKENS = 4   /* panels of up to so many tokens are waiting for weights */
};

/* Sign bits set in the first n of 8 lanes. */
KN_INLINE __m256i v_first8(size_t n) {
    static const int32_t edge[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256((const __m256i *)(const void *)(edge + 8 - n));
}
KN_INLINE __m256i v_first_low(size_t n) { return v_first8(n < 8 ? n : 8); }
KN_INLINE __m256i v_first_high(size_t n) { return v_first8(n < 8 ? 0 : n - 8); }

#define KN_BOTH(expression_a, expression_b) ((kn_v){expression_a, expression_b})

KN_INLINE kn_v v_zero(void) { return KN_BOTH(_mm256_setzero_ps(), _mm256_setzero_ps()); }
KN_INLINE kn_v v_set1(float x) { return KN_BOTH(_mm256_set1_ps(x), _mm256_set1_ps(x)); }
KN_INLINE kn_v v_load(const float *p) {
    return KN_BOTH(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8));
}
KN_INLINE void v_store(float *p, kn_v v) {
    _mm256_storeu_ps(p, v.a);
    _mm256_storeu_ps(p + 8, v.b);
}
/* Loads the first n lanes (0..16) and zeros the rest. */
KN_INLINE kn_v v_load_n(const float *p, size_t n) {
    return KN_BOTH(_mm256_maskload_ps(p, v_first_low(n)),
                   _mm256_maskload_ps(p + 8, v_first_high(n)));
}
KN_INLINE void v_store_n(float *p, kn_v v, size_t n) {
    _mm256_maskstore_ps(p, v_first_low(n), v.a);
    _mm256_maskstore_ps(p + 8, v_first_high(n), v.b);
}
KN_INLINE __m256 v_doubled4(const float *p, size_t count) {
    const __m256i which = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    return _mm256_permutevar8x32_ps(_mm256_maskload_ps(p, v_first8(count)), which);
}
/* Lane i becomes p[i / 2], for the first 2 * pairs lanes (pairs 0..8). */
KN_INLINE kn_v v_load_doubled(const float *p, size_t pairs) {
    return KN_BOTH(v_doubled4(p, pairs < 4 ? pairs : 4),
                   v_doubled4(p + 4, pairs < 4 ? 0 : pairs - 4));
}
KN_INLINE __m256 v_f16_8(const uint8_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
KN_INLINE kn_v v_load_f16(const void *p) {
    return KN_BOTH(v_f16_8(p), v_f16_8((const uint8_t *)p + 16));
}
KN_INLINE __m256 v_bf16_8(const uint8_t *p) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
KN_INLINE kn_v v_load_bf16(const void *p) {
    return KN_BOTH(v_bf16_8(p), v_bf16_8((const uint8_t *)p + 16));
}
KN_INLINE __m256 v_pair_less_one_8(const uint8_t *p, unsigned shift) {
    __m256i pair = _mm256_loadu_si256((const __m256i *)(const void *)p);
    pair = _mm256_and_si256(_mm256_srli_epi32(pair, (int)shift), _mm256_set1_epi32(3));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(pair, _mm256_set1_epi32(1)));
}
/* Two bits of each 32-bit lane, from bit `shift` on, minus 1, as a float. */
KN_INLINE kn_v v_load_pair_less_one(const uint8_t *p, unsigned shift) {
    return KN_BOTH(v_pair_less_one_8(p, shift), v_pair_less_one_8(p + 32, shift));
}
/* Lanes n.. become `other`. */
KN_INLINE kn_v v_keep_n(kn_v v, size_t n, float other) {
    __m256 o = _mm256_set1_ps(other);
    return KN_BOTH(_mm256_blendv_ps(o, v.a, _mm256_castsi256_ps(v_first_low(n))),
                   _mm256_blendv_ps(o, v.b, _mm256_castsi256_ps(v_first_high(n))));
}

KN_INLINE kn_ri r_and(kn_ri x, kn_ri y) { return _mm256_and_si256(x, y); }
KN_INLINE kn_ri r_or(kn_ri x, kn_ri y) { return _mm256_or_si256(x, y); }
KN_INLINE kn_r r_load(const void *p) { return _mm256_loadu_ps(p); }
KN_INLINE kn_r r_load_f16(const uint8_t *p) { return v_f16_8(p); }
KN_INLINE kn_ri r_load_int(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
/* Loads a byte per row. */
KN_INLINE __m128i r_load_bytes(const uint8_t *p) {
    return _mm_loadl_epi64((const __m128i *)(const void *)p);
}
/* Joins the registers of rows 0.. and 8.. */
KN_INLINE kn_v r_join(kn_r (*rows)[KN_INT8_GROUP], int t) {
    return KN_BOTH(rows[0][t], rows[1][t]);
}

#define KN_LANEWISE(name, intrinsic)                                                              \
    KN_INLINE kn_v name(kn_v x, kn_v y) {                                                         \
        return KN_BOTH(intrinsic(x.a, y.a), intrinsic(x.b, y.b));                                 \
    }
KN_LANEWISE(v_add, _mm256_add_ps)
KN_LANEWISE(v_sub, _mm256_sub_ps)
KN_LANEWISE(v_mul, _mm256_mul_ps)
KN_LANEWISE(v_div, _mm256_div_ps)
KN_LANEWISE(v_max, _mm256_max_ps) /* x > y ? x : y */

KN_INLINE kn_v v_fma(kn_v x, kn_v y, kn_v z) {
    return KN_BOTH(_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b));
}
/* Even lanes x*y - z, odd lanes x*y + z. */
KN_INLINE kn_v v_fmaddsub(kn_v x, kn_v y, kn_v z) {
    return KN_BOTH(_mm256_fmaddsub_ps(x.a, y.a, z.a), _mm256_fmaddsub_ps(x.b, y.b, z.b));
}
KN_INLINE kn_v v_negate(kn_v x) {
    __m256 sign = _mm256_set1_ps(-0.0f);
    return KN_BOTH(_mm256_xor_ps(x.a, sign), _mm256_xor_ps(x.b, sign));
}
KN_INLINE kn_v v_swap_pairs(kn_v x) {
    return KN_BOTH(_mm256_permute_ps(x.a, 0xB1), _mm256_permute_ps(x.b, 0xB1));
}
KN_INLINE kn_v v_round(kn_v x) {
    return KN_BOTH(_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT),
                   _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT));
}
KN_INLINE __m256 v_power8(__m256 n) {
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
/* 2^n for whole n in -126..127 */
KN_INLINE kn_v v_power_of_two(kn_v n) { return KN_BOTH(v_power8(n.a), v_power8(n.b)); }
/* x < y ? yes : no */
KN_INLINE kn_v v_if_less(kn_v x, kn_v y, kn_v yes, kn_v no) {
    return KN_BOTH(_mm256_blendv_ps(no.a, yes.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
                   _mm256_blendv_ps(no.b, yes.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ)));
}

KN_INLINE float v_tree(kn_v v) {
    __m256 eight = _mm256_add_ps(v.a, v.b);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
KN_INLINE float v_largest(kn_v v) {
    __m256 eight = _mm256_max_ps(v.a, v.b);
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

#endif
