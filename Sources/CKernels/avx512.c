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

/* ---- products: 16 rows x n tokens ---- */

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

#include "lanes_units.inc"
#include "units_avx512.inc"

KN_INLINE void int8_sums(kn_tile_kind kind, const uint8_t *weights, const uint8_t *panel,
                         const int n, kn_sums sums) {
    const __m512i high_nibble = _mm512_set1_epi8((char)0xF0);
    for (int t = 0; t < n; t++) {
        sums[0][t] = _mm512_set1_epi32(kn_panel_offset(panel, KN_BYTES, n, t));
    }
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
            __m512i a = r_broadcast4(panel + kn_group_at(KN_BYTES, g, n, t));
            sums[0][t] = _mm512_dpbusd_epi32(sums[0][t], w, a);
        }
    }
}

/* None: the 12 tokens of a panel share the unpacking already. */
KN_INLINE size_t many_panels(kn_tile_kind kind, kn_input_kind input, const kn_panels *panels,
                             const kn_product *p, size_t tile0, size_t tile1, const void *from,
                             size_t tokens, size_t panel0, size_t panel1) {
    (void)kind, (void)input, (void)panels, (void)p, (void)tile0, (void)tile1, (void)from;
    (void)tokens, (void)panel0, (void)panel1;
    return 0;
}

static const kn_panels floats = {KN_TOKEN_GROUP, 1, sizeof(float), interleave};
#define q8_values bytes /* Q8 tiles take the panels of the other kinds */
#define q8_row_values row_bytes

KN_INLINE void float_product(kn_tile_kind kind, const kn_product *p, size_t tile0, size_t tile1,
                             const void *input, size_t tokens, size_t panel0, size_t panel1) {
    size_t tile = tile0;
    if (tokens == 1) { /* two tiles at a time: the four chains hide the fma latency */
        for (; tile + 2 <= tile1; tile += 2) float_tile(p, kind, tile, 2, input, 0, 1);
    }
    for (; tile < tile1; tile++) {
        for (size_t i = panel0; i < panel1; i++) {
            size_t start = kn_panel_start(&floats, tokens, i);
            const float *panel = (const float *)input + start * p->columns;
#define KN_RUN(n) float_tile(p, kind, tile, 1, panel, start, n)
            KN_FOR_SIZE(kn_panel_start(&floats, tokens, i + 1) - start, KN_RUN)
#undef KN_RUN
        }
    }
}

#define KN_TABLE kn_avx512_ops
#define KN_TABLE_NAME "avx512"
#include "lanes_table.inc"

#pragma clang attribute pop

#endif
