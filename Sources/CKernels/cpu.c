/*
 * The instruction sets that the machine can run, according to CPUID and the operating system.
 *
 * Guarantees: a table is handed out only when the processor has every instruction that the table
 * was compiled for, and the system saves the registers in use (XCR0).
 * Does not: choose a table. Compute chooses, and a person can override the choice.
 */
#include "internal.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Extended control register 0: bits 1, 2 = SSE and AVX state, bits 5, 6, 7 = AVX-512 state. */
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

enum { AVX_STATE = 0x06, AVX512_STATE = 0xE6 };

static bool has(uint32_t word, unsigned bit) { return (word >> bit) & 1u; }

static kn_isa detect(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return KN_SCALAR;
    bool os_saves = has(c, 27), avx = has(c, 28), fma = has(c, 12), f16c = has(c, 29);
    if (!os_saves || !avx || !fma || !f16c) return KN_SCALAR;
    uint64_t state = saved_state();
    if ((state & AVX_STATE) != AVX_STATE) return KN_SCALAR;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, 5)) return KN_SCALAR;
    bool avx512 = has(b, 16) /* F */ && has(b, 17) /* DQ */ && has(b, 30) /* BW */ &&
                  has(b, 31) /* VL */ && has(c, 11) /* VNNI */;
    return avx512 && (state & AVX512_STATE) == AVX512_STATE ? KN_AVX512 : KN_AVX2;
}

kn_isa kn_isa_best(void) { return detect(); }

const kn_ops *kn_ops_for(kn_isa isa) {
    if (isa > detect()) return NULL;
    switch (isa) {
    case KN_SCALAR: return &kn_scalar_ops;
    case KN_AVX2: return &kn_avx2_ops;
    case KN_AVX512: return &kn_avx512_ops;
    default: return NULL;
    }
}

#else

kn_isa kn_isa_best(void) { return KN_SCALAR; }

const kn_ops *kn_ops_for(kn_isa isa) { return isa == KN_SCALAR ? &kn_scalar_ops : NULL; }

#endif
