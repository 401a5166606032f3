/*
 * The AVX-512 table: F, BW, DQ, VL for the float kernels, VNNI for the int8 products.
 *
 * Guarantees: the bits of reference.c. Integer sums are exact, so their order is free. The float
 * part of a product (convert, scale, fma over blocks in order) follows the reference.
 * Does not: run by itself. cpu.c hands the table out only where every instruction exists.
 */
#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)

#include "lanes_avx512.h"
#include "lanes_ops.inc"
#include "lanes_norm.inc"
#include "lanes_attend.inc"
#include "panels_avx512.inc"

#pragma STDC FP_CONTRACT OFF

/* ---- int8 products: 16 rows x n tokens ---- */

#include "lanes_units.inc"
#include "units_avx512.inc"

/* Adds a block: sums[t] = offset + sum of (w + 128) * a, then acc[t] = fma(sum, scale, acc[t]). */
KN_INLINE void int8_block(kn_tile_kind kind, const uint8_t *weights, const void *scales,
                          const uint8_t *panel, const int n, __m512 *acc) {
    __m512i sums[KN_PANEL_TOKENS];
    const __m512i high_nibble = _mm512_set1_epi8((char)0xF0);
    for (int t = 0; t < n; t++) sums[t] = _mm512_set1_epi32(kn_panel_offset(panel, n, t));
    /* Unroll by two only: fully unrolled, the compiler reorders the sums and spills registers. */
#pragma clang loop unroll_count(2)
    for (int g = 0; g < 8; g++) {
        __m512i w;
        if (kind == KN_TILE_Q8) {
            w = r_load_int(weights + 64 * g);
        } else {
            w = r_load_int(weights + 64 * (g / 2));
            w = _mm512_and_si512(g & 1 ? w : _mm512_slli_epi16(w, 4), high_nibble);
        }
        for (int t = 0; t < n; t++) {
            sums[t] = _mm512_dpbusd_epi32(sums[t], w, r_broadcast4(panel + kn_group_at(g, n, t)));
        }
    }
    __m512 scale = v_load_f16(scales);
    if (kind == KN_TILE_Q4) scale = _mm512_mul_ps(scale, _mm512_set1_ps(0.0625f));
    for (int t = 0; t < n; t++) {
        float token_scale = kn_panel_float(panel, KN_PANEL_SCALE, n, t);
        __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(token_scale));
        acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[t]), both, acc[t]);
    }
}

KN_INLINE void int8_rows(const kn_product *p, kn_tile_kind kind, const uint8_t *at, const int row,
                         const uint8_t *panel, size_t tokens, const int n, kn_r *acc) {
    const size_t size = kind == KN_TILE_Q8 ? 512 : 256, step = kn_panel_step(tokens);
    size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    (void)row;
    for (int t = 0; t < n; t++) acc[t] = _mm512_setzero_ps();
    for (size_t pair = 0; pair < blocks / 2; pair++) {
        int8_block(kind, at, at + 2 * size, panel, n, acc);
        int8_block(kind, at + size, at + 2 * size + 32, panel + step, n, acc);
        at += 2 * size + 64;
        panel += 2 * step;
    }
    if (blocks & 1) int8_block(kind, at, at + size, panel, n, acc);
}

/* ---- tables of panel sizes ---- */

/* Calls `run(n)` with n as a constant, so that each size is a kernel with its own registers. */
#define KN_FOR_SIZE(size, run)                                                                    \
    switch (size) {                                                                               \
    case 1: run(1); break;                                                                        \
    case 2: run(2); break;                                                                        \
    case 3: run(3); break;                                                                        \
    case 4: run(4); break;                                                                        \
    case 5: run(5); break;                                                                        \
    case 6: run(6); break;                                                                        \
    case 7: run(7); break;                                                                        \
    case 8: run(8); break;                                                                        \
    case 9: run(9); break;                                                                        \
    case 10: run(10); break;                                                                      \
    case 11: run(11); break;                                                                      \
    default: run(12);                                                                             \
    }

KN_INLINE void int8_product(kn_tile_kind kind, kn_input_kind input, const kn_product *p,
                            size_t tile0, size_t tile1, const void *panels, size_t tokens,
                            size_t panel0, size_t panel1) {
    size_t token_bytes = kn_int8_panel_bytes(p->columns);
    for (size_t tile = tile0; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(tokens, i), size = kn_panel_start(tokens, i + 1) - start;
            const uint8_t *panel = (const uint8_t *)panels + start * token_bytes;
#define KN_RUN(n) whole_tile(kind, input, p, tile, panel, n, start, n)
            KN_FOR_SIZE(size, KN_RUN)
#undef KN_RUN
        }
    }
}

KN_INLINE void float_product(kn_tile_kind kind, const kn_product *p, size_t tile0, size_t tile1,
                             const void *panels, size_t tokens, size_t panel0, size_t panel1) {
    size_t tile = tile0;
    if (tokens == 1) { /* two tiles at a time: the four chains hide the fma latency */
        for (; tile + 2 <= tile1; tile += 2) float_tile(p, kind, tile, 2, panels, 1, 0, 1);
    }
    for (; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(tokens, i), size = kn_panel_start(tokens, i + 1) - start;
            const float *panel = (const float *)panels + start * p->columns;
#define KN_RUN(n) float_tile(p, kind, tile, 1, panel, n, start, n)
            KN_FOR_SIZE(size, KN_RUN)
#undef KN_RUN
        }
    }
}

#define KN_TABLE kn_avx512_ops
#define KN_TABLE_NAME "avx512"
#include "lanes_table.inc"

#pragma clang attribute pop

#endif
