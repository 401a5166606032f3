/*
 * Unpackers of the formats that are packed in units. Each format has a function that turns file
 * blocks into whole numbers and factors.
 *
 * Guarantees: nothing is rounded here. Block layouts are ggml's (I2_S: bitnet.cpp's) and drawn at
 * the functions. `first` and `count` are in values, and whole blocks (I2_S: multiples of 32).
 * Does not: know tiles. units.c does.
 */
#include "units.h"

/* Unrolling makes the shifts constant, so that the inner loops become vector instructions. */
#define UNROLLED _Pragma("clang loop unroll(full)")

/* Splits `count` bytes. Low nibbles are the first `count` values, high nibbles the next `count`. */
KN_INLINE void split_nibbles(const uint8_t *bytes, size_t count, uint8_t *q) {
    for (size_t i = 0; i < count; i++) {
        q[i] = bytes[i] & 15;
        q[count + i] = bytes[i] >> 4;
    }
}

/* Adds fifth bits to 32 values: bit j of the four bytes belongs to value j. Takes eight values at
 * once: each byte of `spread` keeps its own bit of the eight, and adding 0x7F moves a set bit to
 * the top. */
KN_INLINE void add_fifth_bits(const uint8_t *bytes, uint8_t *q) {
    for (size_t i = 0; i < 4; i++) {
        uint64_t spread = (bytes[i] * 0x0101010101010101u) & 0x8040201008040201u, eight;
        uint64_t fifth = ((spread + 0x7F7F7F7F7F7F7F7Fu) & 0x8080808080808080u) >> 3;
        memcpy(&eight, q + 8 * i, 8);
        eight |= fifth;
        memcpy(q + 8 * i, &eight, 8);
    }
}

/* Formats of 32 values a block: f16 d, perhaps f16 m, perhaps 4 bytes of fifth bits, 16 bytes of
 * nibbles. */
KN_INLINE void unpack_simple(const kn_source *source, size_t first, size_t count, kn_unit *unit,
                             bool low, bool fifth) {
    const size_t header = low ? 4 : 2, size = header + (fifth ? 4 : 0) + 16;
    const uint8_t *p = source->blocks + first / 32 * size;
    for (size_t b = 0; b < count / 32; b++, p += size) {
        unit->d[b] = kn_f16_at(p);
        if (low) unit->m[b] = kn_f16_at(p + 2);
        split_nibbles(p + size - 16, 16, unit->q + 32 * b);
        if (fifth) add_fifth_bits(p + header, unit->q + 32 * b);
    }
}

void kn_unpack_q4_1(const kn_source *source, size_t first, size_t count, void *unit) {
    unpack_simple(source, first, count, unit, true, false);
}
void kn_unpack_q5_0(const kn_source *source, size_t first, size_t count, void *unit) {
    unpack_simple(source, first, count, unit, false, true);
}
void kn_unpack_q5_1(const kn_source *source, size_t first, size_t count, void *unit) {
    unpack_simple(source, first, count, unit, true, true);
}
/* The layout of Q4_0, with nibbles that index kn_codes. */
void kn_unpack_iq4_nl(const kn_source *source, size_t first, size_t count, void *unit) {
    unpack_simple(source, first, count, unit, false, false);
}

/* Q2_K, 84 bytes:  | 16 x (scale | low << 4) | 64 bytes | f16 d | f16 m |
 * value 128*n + 32*j + l = bits 2j, 2j+1 of byte 32*n + l. */
void kn_unpack_q2_k(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 84;
    kn_unit *unit = into;
    (void)count;
    for (size_t g = 0; g < 16; g++) {
        unit->scale[g] = p[g] & 15;
        unit->low[g] = p[g] >> 4;
    }
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const uint8_t *bytes = p + 16 + 32 * (i / 4);
        unsigned shift = 2 * (i % 4);
        for (size_t l = 0; l < 32; l++) unit->q[32 * i + l] = bytes[l] >> shift & 3;
    }
    unit->d[0] = kn_f16_at(p + 80);
    unit->m[0] = kn_f16_at(p + 82);
}

/* Q3_K, 110 bytes:  | 32 bytes of third bits | 64 bytes | 12 bytes of scales | f16 d |
 * low two bits as in Q2_K, third bit of value 32*i + l = bit i of byte l.
 * scale g: low 4 bits in byte g % 8 (g < 8 the low nibble), high 2 bits in byte 8 + g % 4 at
 * 2 * (g / 4), minus 32. */
void kn_unpack_q3_k(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 110, *scales = p + 96;
    kn_unit *unit = into;
    (void)count;
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const uint8_t *bytes = p + 32 + 32 * (i / 4);
        unsigned shift = 2 * (i % 4);
        for (size_t l = 0; l < 32; l++) {
            unit->q[32 * i + l] = (uint8_t)((bytes[l] >> shift & 3) | (p[l] >> i & 1) << 2);
        }
    }
    for (size_t g = 0; g < 16; g++) {
        unsigned low = g < 8 ? scales[g] & 15u : scales[g - 8] >> 4;
        unsigned high = scales[8 + g % 4] >> (2 * (g / 4)) & 3u;
        unit->scale[g] = (uint8_t)((low | high << 4) - 32u);
    }
    unit->d[0] = kn_f16_at(p + 108);
}

/* The head of Q4_K and Q5_K, 16 bytes:  | f16 d | f16 m | 12 bytes |
 * For j < 4: scale j = low 6 bits of byte j, low j = low 6 bits of byte j + 4. For j >= 4: the low
 * 4 bits stand in byte j + 4 (scale in the low nibble), the high 2 bits atop bytes j - 4 and j. */
KN_INLINE void unpack_k_head(const uint8_t *p, kn_unit *unit) {
    const uint8_t *s = p + 4;
    unit->d[0] = kn_f16_at(p);
    unit->m[0] = kn_f16_at(p + 2);
    for (size_t j = 0; j < 4; j++) {
        unit->scale[j] = s[j] & 63;
        unit->low[j] = s[j + 4] & 63;
        unit->scale[j + 4] = (uint8_t)((s[j + 8] & 15) | s[j] >> 6 << 4);
        unit->low[j + 4] = (uint8_t)(s[j + 8] >> 4 | s[j + 4] >> 6 << 4);
    }
}

/* Q4_K, 144 bytes:  | head | 128 bytes |   32 bytes a pair of blocks, low nibbles the first. */
void kn_unpack_q4_k(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 144;
    kn_unit *unit = into;
    (void)count;
    unpack_k_head(p, unit);
    for (size_t i = 0; i < 4; i++) split_nibbles(p + 16 + 32 * i, 32, unit->q + 64 * i);
}

/* Q5_K, 176 bytes:  | head | 32 bytes of fifth bits | 128 bytes |
 * nibbles as in Q4_K, fifth bit of value 32*i + l = bit i of byte l. */
void kn_unpack_q5_k(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 176;
    kn_unit *unit = into;
    (void)count;
    unpack_k_head(p, unit);
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const uint8_t *bytes = p + 48 + 32 * (i / 2), *fifth = p + 16;
        const unsigned shift = i % 2 ? 4 : 0;
        for (size_t l = 0; l < 32; l++) {
            unit->q[32 * i + l] =
                (uint8_t)((bytes[l] >> shift & 15) | (fifth[l] >> i & 1) << 4);
        }
    }
}

/* Q6_K, 210 bytes:  | 128 bytes of low nibbles | 64 bytes of high pairs | 16 x i8 scale | f16 d |
 * value 128*n + 32*j + l: low nibble in byte 64*n + 32*(j % 2) + l (j < 2 its low half), high two
 * bits = bits 2j, 2j+1 of byte 32*n + l. */
void kn_unpack_q6_k(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 210;
    kn_unit *unit = into;
    (void)count;
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const size_t n = i / 4, j = i % 4;
        const uint8_t *low = p + 64 * n + 32 * (j % 2), *high = p + 128 + 32 * n;
        const unsigned low_shift = j < 2 ? 0 : 4, high_shift = 2 * j;
        for (size_t l = 0; l < 32; l++) {
            unit->q[32 * i + l] =
                (uint8_t)((low[l] >> low_shift & 15) | (high[l] >> high_shift & 3) << 4);
        }
    }
    memcpy(unit->scale, p + 192, 16);
    unit->d[0] = kn_f16_at(p + 208);
}

/* IQ4_XS, 136 bytes:  | f16 d | u16 high | 4 bytes of low nibbles | 128 bytes |
 * scale of block b: low 4 bits = nibble b of the 4 bytes, high 2 bits = bits 2b, 2b+1 of `high`,
 * minus 32. Blocks as in IQ4_NL. */
void kn_unpack_iq4_xs(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 136;
    kn_unit *unit = into;
    unsigned high = kn_f16_at(p + 2);
    (void)count;
    unit->d[0] = kn_f16_at(p);
    for (size_t b = 0; b < 8; b++) {
        unsigned low = p[4 + b / 2] >> (4 * (b % 2)) & 15u;
        unit->scale[b] = (uint8_t)((low | (high >> 2 * b & 3u) << 4) - 32u);
        split_nibbles(p + 8 + 16 * b, 16, unit->q + 32 * b);
    }
}

/* Splits `count` bytes of base-3 digits, most significant first: digit n of byte i goes to
 * q[n * count + i]. */
KN_INLINE void split_trits(const uint8_t *bytes, size_t count, size_t digits, uint8_t *q) {
    uint8_t power = 1;
    UNROLLED
    for (size_t n = 0; n < digits; n++, power = (uint8_t)(3 * power)) {
        for (size_t i = 0; i < count; i++) {
            uint8_t rest = (uint8_t)(bytes[i] * power);
            q[n * count + i] = (uint8_t)(rest * 3u >> 8);
        }
    }
}

/* TQ1_0, 54 bytes:  | 32 bytes of 5 trits | 16 bytes of 5 trits | 4 bytes of 4 trits | f16 d | */
void kn_unpack_tq1_0(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 54;
    kn_unit *unit = into;
    (void)count;
    split_trits(p, 32, 5, unit->q);
    split_trits(p + 32, 16, 5, unit->q + 160);
    split_trits(p + 48, 4, 4, unit->q + 240);
    unit->whole = kn_f16_to_f32(kn_f16_at(p + 52));
}

/* TQ2_0, 66 bytes:  | 64 bytes as in Q2_K | f16 d | */
void kn_unpack_tq2_0(const kn_source *source, size_t first, size_t count, void *into) {
    const uint8_t *p = source->blocks + first / 256 * 66;
    kn_unit *unit = into;
    (void)count;
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const uint8_t *bytes = p + 32 * (i / 4);
        unsigned shift = 2 * (i % 4);
        for (size_t l = 0; l < 32; l++) unit->q[32 * i + l] = bytes[l] >> shift & 3;
    }
    unit->whole = kn_f16_to_f32(kn_f16_at(p + 64));
}

/* I2_S: the tensor is a single run of values, 128 in 32 bytes: value 32*j + l of a block = bits
 * 6-2j, 7-2j of byte l. Blocks run over row ends, so a row may begin inside a block. `first` and
 * `count` are multiples of 32. The scale of all values is a float32 after the last block. */
void kn_unpack_i2_s(const kn_source *source, size_t first, size_t count, void *into) {
    kn_unit *unit = into;
    for (size_t done = 0; done < count; done += 32) {
        const uint8_t *bytes = source->blocks + (first + done) / 128 * 32;
        unsigned shift = 6 - 2 * ((first + done) / 32 % 4);
        for (size_t l = 0; l < 32; l++) unit->q[done + l] = bytes[l] >> shift & 3;
    }
    memcpy(&unit->whole, source->trailer, 4);
}
