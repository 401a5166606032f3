/*
 * The table of tensor formats. Dequantisers (the reference for the meaning of a block) and packers
 * of the formats that are not packed in units (see units.c, quants.c for units).
 *
 * Guarantees: dequantised values equal the reference values bit for bit (fixtures, folder dequant).
 * Packing loses nothing. File blocks and all supported machines are little-endian.
 * Does not: use vector intrinsics. The loops are copies that the compiler vectorises.
 */
#include "units.h"

float kn_f16_to_f32(uint16_t f16) {
    uint32_t sign = (uint32_t)(f16 & 0x8000u) << 16;
    uint32_t exponent = (f16 >> 10) & 31u, mantissa = f16 & 1023u, bits;
    if (exponent == 31) {
        bits = sign | 0x7F800000u | (mantissa << 13) | (mantissa ? 0x00400000u : 0);
    } else if (exponent != 0) {
        bits = sign | ((exponent + 112u) << 23) | (mantissa << 13);
    } else {
        /* zero or subnormal: mantissa * 2^-24 is exact in single precision */
        float value = (float)mantissa * 0x1p-24f;
        memcpy(&bits, &value, 4);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* The block that begins with value `first`. */
static const uint8_t *block_at(const kn_format *format, const kn_source *source, size_t first) {
    return source->blocks + first / format->values_per_block * format->bytes_per_block;
}

/* F32: 4 bytes a value. */
static void dequantise_f32(const kn_format *format, const kn_source *source, size_t first,
                           size_t count, float *out) {
    memcpy(out, block_at(format, source, first), count * sizeof(float));
}

/* F16: 2 bytes a value. */
static void dequantise_f16(const kn_format *format, const kn_source *source, size_t first,
                           size_t count, float *out) {
    const uint8_t *p = block_at(format, source, first);
    for (size_t i = 0; i < count; i++) out[i] = kn_f16_to_f32(kn_f16_at(p + 2 * i));
}

/* BF16: the upper half of a single. */
static void dequantise_bf16(const kn_format *format, const kn_source *source, size_t first,
                            size_t count, float *out) {
    const uint8_t *p = block_at(format, source, first);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)kn_f16_at(p + 2 * i) << 16;
        memcpy(out + i, &bits, 4);
    }
}

enum { Q8_0_BYTES = 34, Q4_0_BYTES = 18 };

/* Q8_0 block of 32 values, 34 bytes:  | f16 d | int8 q[32] |      value = d * q */
static void dequantise_q8_0(const kn_format *format, const kn_source *source, size_t first,
                            size_t count, float *out) {
    const uint8_t *p = block_at(format, source, first);
    for (size_t b = 0; b < count / 32; b++, p += Q8_0_BYTES, out += 32) {
        float d = kn_f16_to_f32(kn_f16_at(p));
        for (size_t i = 0; i < 32; i++) out[i] = d * (float)(int8_t)p[2 + i];
    }
}

/* Q4_0 block of 32 values, 18 bytes:  | f16 d | 16 bytes |
 * byte i: low nibble = q of value i, high nibble = q of value 16 + i;   value = d * (q - 8) */
static void dequantise_q4_0(const kn_format *format, const kn_source *source, size_t first,
                            size_t count, float *out) {
    const uint8_t *p = block_at(format, source, first);
    for (size_t b = 0; b < count / 32; b++, p += Q4_0_BYTES, out += 32) {
        float d = kn_f16_to_f32(kn_f16_at(p));
        for (size_t i = 0; i < 16; i++) {
            out[i] = d * (float)((p[2 + i] & 15) - 8);
            out[16 + i] = d * (float)((p[2 + i] >> 4) - 8);
        }
    }
}

/* Prefetches a part of the next tile's rows, in file order. The rows lie right behind the current
 * tile's, but a pass over 16 rows at once looks random to the processor. Prefetches never fault. */
static void fetch_ahead(const void *rows, size_t tile_size, size_t offset, size_t size) {
    const uint8_t *from = (const uint8_t *)rows + tile_size + offset;
    for (size_t i = 0; i < size; i += 64) __builtin_prefetch(from + i, 0, 2);
}

/* Interleaves 16 rows of 4-byte (pack_words) or 2-byte (pack_f16) values column by column, in
 * strips of 16 or 32 columns, so that source and tile stay in the first-level cache. */
static void pack_words(const kn_format *format, const kn_source *source, size_t row,
                       size_t row_count, size_t columns, void *tile) {
    const uint8_t *rows = block_at(format, source, row * columns);
    uint32_t *out = tile;
    if (row_count < KN_TILE_ROWS) memset(out, 0, kn_tile_bytes(KN_TILE_F32, columns));
    for (size_t c0 = 0; c0 < columns; c0 += 16) {
        size_t c1 = c0 + 16 < columns ? c0 + 16 : columns;
        fetch_ahead(rows, 64 * columns, 64 * c0, 1024);
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *from = rows + r * columns * 4;
            for (size_t c = c0; c < c1; c++) memcpy(out + c * KN_TILE_ROWS + r, from + 4 * c, 4);
        }
    }
}

static void pack_f16(const kn_format *format, const kn_source *source, size_t row,
                        size_t row_count, size_t columns, void *tile) {
    const uint8_t *rows = block_at(format, source, row * columns);
    uint16_t *out = tile;
    size_t size = kn_tile_bytes(KN_TILE_F16, columns);
    if (row_count < KN_TILE_ROWS) memset(out, 0, size);
    memset((uint8_t *)out + columns * 32, 0, size - columns * 32);
    for (size_t c0 = 0; c0 < columns; c0 += 32) {
        size_t c1 = c0 + 32 < columns ? c0 + 32 : columns;
        fetch_ahead(rows, 32 * columns, 32 * c0, 1024);
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *from = rows + r * columns * 2;
            for (size_t c = c0; c < c1; c++) memcpy(out + c * KN_TILE_ROWS + r, from + 2 * c, 2);
        }
    }
}

static void pack_q8_0(const kn_format *format, const kn_source *source, size_t row,
                      size_t row_count, size_t columns, void *tile) {
    const uint8_t *rows = block_at(format, source, row * columns);
    size_t blocks = columns / KN_BLOCK_COLUMNS, row_bytes = blocks * Q8_0_BYTES;
    if (blocks & 1) {
        uint8_t *end = (uint8_t *)tile + kn_tile_bytes(KN_TILE_Q8, columns);
        memset(end - 32, 0, 32);
    }
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *weights = (uint8_t *)tile + kn_weights_at(b, 512);
        uint8_t *scales = (uint8_t *)tile + kn_scales_at(b, blocks, 512);
        fetch_ahead(rows, 16 * row_bytes, 16 * Q8_0_BYTES * b, 16 * Q8_0_BYTES);
        if (row_count < KN_TILE_ROWS) {
            memset(weights, 0x80, 512);
            memset(scales, 0, 32);
        }
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *in = rows + r * row_bytes + b * Q8_0_BYTES;
            memcpy(scales + 2 * r, in, 2);
            for (size_t g = 0; g < 8; g++) {
                uint32_t four;
                memcpy(&four, in + 2 + 4 * g, 4);
                four ^= 0x80808080u; /* w + 128 in each byte */
                memcpy(weights + 64 * g + 4 * r, &four, 4);
            }
        }
    }
}

/* File nibbles pair value i with value 16+i. Tile nibbles pair column 8v+k with column 8v+4+k. */
static void pack_q4_0(const kn_format *format, const kn_source *source, size_t row,
                      size_t row_count, size_t columns, void *tile) {
    const uint8_t *rows = block_at(format, source, row * columns);
    size_t blocks = columns / KN_BLOCK_COLUMNS, row_bytes = blocks * Q4_0_BYTES;
    if (blocks & 1) {
        uint8_t *end = (uint8_t *)tile + kn_tile_bytes(KN_TILE_Q4, columns);
        memset(end - 32, 0, 32);
    }
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *weights = (uint8_t *)tile + kn_weights_at(b, 256);
        uint8_t *scales = (uint8_t *)tile + kn_scales_at(b, blocks, 256);
        fetch_ahead(rows, 16 * row_bytes, 16 * Q4_0_BYTES * b, 16 * Q4_0_BYTES);
        if (row_count < KN_TILE_ROWS) {
            memset(weights, 0x88, 256); /* q = 8: weight zero */
            memset(scales, 0, 32);
        }
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *in = rows + r * row_bytes + b * Q4_0_BYTES;
            uint32_t four[4];
            memcpy(scales + 2 * r, in, 2);
            memcpy(four, in + 2, 16);
            for (size_t v = 0; v < 4; v++) {
                /* columns 8v..8v+7 are low nibbles of bytes 8v.. (v < 2), else high nibbles */
                uint32_t first = four[2 * (v & 1)], second = four[2 * (v & 1) + 1];
                if (v >= 2) first >>= 4, second >>= 4;
                uint32_t both = (first & 0x0F0F0F0Fu) | ((second & 0x0F0F0F0Fu) << 4);
                memcpy(weights + 64 * v + 4 * r, &both, 4);
            }
        }
    }
}

/* OWN: row of a format with its own dequantiser and packer. UNIT: row of a format packed in
 * units. */
#define OWN(id, name, values, bytes, tile, f16s, at, dequantise, pack)                          \
    {id, name, values, bytes, 0, values, tile, f16s, {at, 0}, dequantise, pack, NULL}
#define UNIT(id, name, values, bytes, tile, f16s, at, then, unpack)                             \
    {id, name, values, bytes, 0, values, tile, f16s, {at, then},                                \
     kn_unit_dequantise, kn_unit_pack, unpack}

static const kn_format formats[] = {
    OWN(0, "F32", 1, 4, KN_TILE_F32, 0, 0, dequantise_f32, pack_words),
    OWN(1, "F16", 1, 2, KN_TILE_F16, 1, 0, dequantise_f16, pack_f16),
    OWN(2, "Q4_0", 32, Q4_0_BYTES, KN_TILE_Q4, 1, 0, dequantise_q4_0, pack_q4_0),
    UNIT(3, "Q4_1", 32, 20, KN_TILE_Q4_LOW, 2, 0, 2, kn_unpack_q4_1),
    UNIT(6, "Q5_0", 32, 22, KN_TILE_Q5, 1, 0, 0, kn_unpack_q5_0),
    UNIT(7, "Q5_1", 32, 24, KN_TILE_Q5_LOW, 2, 0, 2, kn_unpack_q5_1),
    OWN(8, "Q8_0", 32, Q8_0_BYTES, KN_TILE_Q8, 1, 0, dequantise_q8_0, pack_q8_0),
    UNIT(10, "Q2_K", 256, 84, KN_TILE_Q2_S, 2, 80, 82, kn_unpack_q2_k),
    UNIT(11, "Q3_K", 256, 110, KN_TILE_Q3_S, 1, 108, 0, kn_unpack_q3_k),
    UNIT(12, "Q4_K", 256, 144, KN_TILE_Q4_S, 2, 0, 2, kn_unpack_q4_k),
    UNIT(13, "Q5_K", 256, 176, KN_TILE_Q5_S, 2, 0, 2, kn_unpack_q5_k),
    UNIT(14, "Q6_K", 256, 210, KN_TILE_Q6_S, 1, 208, 0, kn_unpack_q6_k),
    UNIT(20, "IQ4_NL", 32, 18, KN_TILE_C4, 1, 0, 0, kn_unpack_iq4_nl),
    UNIT(23, "IQ4_XS", 256, 136, KN_TILE_C4_S, 1, 0, 0, kn_unpack_iq4_xs),
    OWN(30, "BF16", 1, 2, KN_TILE_BF16, 0, 0, dequantise_bf16, pack_f16),
    UNIT(34, "TQ1_0", 256, 54, KN_TILE_TERNARY, 1, 52, 0, kn_unpack_tq1_0),
    UNIT(35, "TQ2_0", 256, 66, KN_TILE_TERNARY, 1, 64, 0, kn_unpack_tq2_0),
    /* Blocks run over row ends, so a row need only be whole groups of 32 values. */
    {36, "I2_S", 128, 32, 32, 32, KN_TILE_TERNARY, 0, {0, 0}, kn_unit_dequantise, kn_unit_pack,
     kn_unpack_i2_s},
};

const kn_format *kn_format_all(size_t *count) {
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

const kn_format *kn_format_find(uint32_t id) {
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].id == id) return &formats[i];
    }
    return NULL;
}

/* Bytes of the plain kinds, and the inputs of all kinds, a bit each (the lists in kn_formats.h). */
#define BYTES(KIND, name, inputs, odd, pair) [KN_TILE_##KIND] = {odd, pair},
static const struct {
    uint16_t odd, pair;
} plain_bytes[] = {KN_PLAIN_TILES(BYTES)};

enum {
    TAKES_FLOAT = 1 << KN_INPUT_FLOAT,
    TAKES_INT8 = 1 << KN_INPUT_INT8 | 1 << KN_INPUT_INT8_ROW,
    TAKES_ANY = TAKES_FLOAT | TAKES_INT8
};
#define TAKES(KIND, name, INPUTS, ...) [KN_TILE_##KIND] = TAKES_##INPUTS,
static const uint8_t taken_inputs[] = {KN_TILES(TAKES)};

size_t kn_tile_bytes(kn_tile_kind kind, size_t columns) {
    if (kn_is_unit_kind(kind)) {
        size_t blocks = columns / KN_BLOCK_COLUMNS, rest = blocks % 8;
        return blocks / 8 * kn_unit_bytes(kind, 8) + (rest ? kn_unit_bytes(kind, rest) : 0);
    }
    size_t units = kn_tile_input(kind) == KN_INPUT_INT8 ? columns / KN_BLOCK_COLUMNS : columns;
    return units / 2 * plain_bytes[kind].pair + (units & 1) * plain_bytes[kind].odd;
}

kn_input_kind kn_tile_input(kn_tile_kind kind) {
    return kn_tile_accepts(kind, KN_INPUT_INT8) ? KN_INPUT_INT8 : KN_INPUT_FLOAT;
}

bool kn_tile_accepts(kn_tile_kind kind, kn_input_kind input) {
    return taken_inputs[kind] >> input & 1;
}
