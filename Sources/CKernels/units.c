/*
 * Units: packing of unpacked rows into tiles, reading of rows from tiles, and the dequantiser of
 * every format that is packed in units.
 *
 * Guarantees: packed values can be read back exactly. Rows past the end of a matrix are zero
 * weights (zero factors). Dequantised values take the reference's roundings: (q - zero) * scale, or
 * scale * q + low where the format has a low.
 * Does not: know file formats. quants.c does.
 */
#include "units.h"

#pragma STDC FP_CONTRACT OFF

const int8_t kn_codes[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                             1,    13,   25,  38,  53,  69,  89,  113};

void kn_unit_factors(kn_tile_kind kind, const kn_unit *unit, size_t group, float *scale,
                     float *low) {
    float zero = kn_shapes[kind].zero;
    switch (kn_shapes[kind].form) {
    case KN_F16S:
        *scale = kn_f16_to_f32(unit->d[group]);
        *low = *scale * -zero;
        break;
    case KN_F16S_LOW:
        *scale = kn_f16_to_f32(unit->d[group]);
        *low = kn_f16_to_f32(unit->m[group]);
        break;
    case KN_SUPER:
        *scale = kn_f16_to_f32(unit->d[0]) * (float)(int8_t)unit->scale[group];
        *low = *scale * -zero;
        break;
    case KN_WHOLE:
        *scale = unit->whole;
        *low = *scale * -zero;
        break;
    default:
        *scale = kn_f16_to_f32(unit->d[0]) * (float)unit->scale[group];
        *low = -(kn_f16_to_f32(unit->m[0]) * (float)unit->low[group]);
    }
}

static bool has_low(kn_tile_kind kind) {
    kn_factor_form form = kn_shapes[kind].form;
    return form == KN_F16S_LOW || form == KN_SUPER_LOW || form == KN_SUPER_LOW_NIBBLES;
}

void kn_unit_dequantise(const kn_format *format, const kn_source *source, size_t first,
                        size_t count, float *out) {
    const kn_tile_kind kind = format->tile;
    const size_t size = kn_shapes[kind].group_columns;
    const int32_t zero = kn_shapes[kind].zero;
    const bool low_is_added = has_low(kind);
    kn_unit unit;
    for (size_t done = 0; done < count; done += KN_UNIT_COLUMNS) {
        size_t n = count - done < KN_UNIT_COLUMNS ? count - done : KN_UNIT_COLUMNS;
        format->unpack(source, first + done, n, &unit);
        for (size_t c = 0; c < n; c += size, out += size) {
            float scale, low;
            int32_t q[KN_BLOCK_COLUMNS];
            kn_unit_factors(kind, &unit, c / size, &scale, &low);
            for (size_t i = 0; i < size; i++) q[i] = kn_unit_q(kind, &unit, c + i);
            if (low_is_added) {
                for (size_t i = 0; i < size; i++) out[i] = scale * (float)q[i] + low;
            } else {
                for (size_t i = 0; i < size; i++) out[i] = (float)(q[i] - zero) * scale;
            }
        }
    }
}

/* ---- factors of row r ---- */

/* A copy between a tile and a unit. walk_factors calls `copy` for every factor of row r, both to
 * store and to load. */
typedef void copy_field(uint8_t *in_tile, void *field, size_t size);

static void store_field(uint8_t *in_tile, void *field, size_t size) {
    memcpy(in_tile, field, size);
}
static void load_field(uint8_t *in_tile, void *field, size_t size) { memcpy(field, in_tile, size); }

KN_INLINE void walk_factors(kn_tile_kind kind, uint8_t *at, size_t blocks, size_t r, kn_unit *unit,
                            copy_field *copy) {
    const kn_factor_form form = kn_shapes[kind].form;
    const size_t groups = blocks * kn_groups_per_block(kind);
    switch (form) {
    case KN_F16S:
        for (size_t b = 0; b < blocks; b++) copy(at + 32 * b + 2 * r, &unit->d[b], 2);
        break;
    case KN_F16S_LOW:
        for (size_t b = 0; b < blocks; b++) {
            copy(at + 64 * b + 2 * r, &unit->d[b], 2);
            copy(at + 64 * b + 32 + 2 * r, &unit->m[b], 2);
        }
        break;
    case KN_SUPER:
        copy(at + 2 * r, &unit->d[0], 2);
        for (size_t g = 0; g < groups; g++) copy(at + 32 + 16 * g + r, &unit->scale[g], 1);
        break;
    case KN_SUPER_LOW:
        copy(at + 2 * r, &unit->d[0], 2);
        copy(at + 32 + 2 * r, &unit->m[0], 2);
        for (size_t g = 0; g < groups; g++) {
            copy(at + 64 + 32 * g + r, &unit->scale[g], 1);
            copy(at + 64 + 32 * g + 16 + r, &unit->low[g], 1);
        }
        break;
    case KN_SUPER_LOW_NIBBLES:
        copy(at + 2 * r, &unit->d[0], 2);
        copy(at + 32 + 2 * r, &unit->m[0], 2);
        for (size_t g = 0; g < groups; g++) {
            uint8_t both = (uint8_t)(unit->scale[g] | unit->low[g] << 4);
            copy(at + 64 + 16 * g + r, &both, 1);
            unit->scale[g] = both & 15;
            unit->low[g] = both >> 4;
        }
        break;
    case KN_WHOLE: copy(at + 4 * r, &unit->whole, 4); break;
    }
}

/* ---- planes of row r ---- */

static uint32_t four_at(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, 4);
    return four;
}

/* Stores two bits, from bit `shift` on, of 32 columns in the layout of two-bit planes. */
KN_INLINE void store_two_bits(const uint8_t *q, unsigned shift, size_t r, uint8_t *plane) {
    for (size_t v = 0; v < 2; v++) {
        uint32_t all = 0;
        for (size_t j = 0; j < 4; j++) {
            all |= ((four_at(q + 16 * v + 4 * j) >> shift) & 0x03030303u) << (2 * j);
        }
        memcpy(plane + 64 * v + 4 * r, &all, 4);
    }
}

KN_INLINE void store_block(kn_tile_kind kind, const uint8_t *q, size_t r, uint8_t *at) {
    uint8_t *high = at + kn_low_plane_bytes(kind);
    if (kn_shapes[kind].low_bits == 2) {
        store_two_bits(q, 0, r, at);
    } else {
        for (size_t v = 0; v < 4; v++) {
            uint32_t both = (four_at(q + 8 * v) & 0x0F0F0F0Fu) |
                            (four_at(q + 8 * v + 4) & 0x0F0F0F0Fu) << 4;
            memcpy(at + 64 * v + 4 * r, &both, 4);
        }
    }
    if (kn_shapes[kind].high_bits == 2) store_two_bits(q, 4, r, high);
    if (kn_shapes[kind].high_bits == 1) {
        uint32_t all = 0;
        for (size_t g = 0; g < 8; g++) {
            all |= ((four_at(q + 4 * g) >> kn_shapes[kind].low_bits) & 0x01010101u) << g;
        }
        memcpy(high + 4 * r, &all, 4);
    }
}

static uint8_t load_column(kn_tile_kind kind, const uint8_t *at, size_t r, size_t c) {
    const uint8_t *high = at + kn_low_plane_bytes(kind);
    const unsigned low_bits = kn_shapes[kind].low_bits;
    size_t four = 4 * r + c % 4;
    unsigned pair = 2 * (c / 4 % 4), q;
    if (low_bits == 2) q = at[64 * (c / 16) + four] >> pair & 3u;
    else q = at[64 * (c / 8) + four] >> (c % 8 < 4 ? 0 : 4) & 15u;
    if (kn_shapes[kind].high_bits == 2) q |= (high[64 * (c / 16) + four] >> pair & 3u) << 4;
    if (kn_shapes[kind].high_bits == 1) q |= (high[four] >> c / 4 & 1u) << low_bits;
    return (uint8_t)q;
}

void kn_unit_load(kn_tile_kind kind, const uint8_t *tile_unit, size_t blocks, size_t r,
                  kn_unit *unit) {
    /* The cast drops const. load_field only reads the tile. */
    uint8_t *factors = (uint8_t *)(uintptr_t)tile_unit;
    const uint8_t *planes = tile_unit + kn_factor_bytes(kind, blocks);
    for (size_t g = 0; g < 16; g++) unit->scale[g] = unit->low[g] = 0;
    walk_factors(kind, factors, blocks, r, unit, load_field);
    for (size_t c = 0; c < blocks * KN_BLOCK_COLUMNS; c++) {
        const uint8_t *block = planes + c / KN_BLOCK_COLUMNS * kn_plane_bytes(kind);
        unit->q[c] = load_column(kind, block, r, c % KN_BLOCK_COLUMNS);
    }
}

KN_INLINE void pack_kind(kn_tile_kind kind, const kn_format *format, const kn_source *source,
                         size_t row, size_t row_count, size_t columns, uint8_t *at) {
    const size_t blocks = columns / KN_BLOCK_COLUMNS;
    kn_unit unit;
    for (size_t block = 0; block < blocks;) {
        size_t n = kn_blocks_of_unit(block, blocks), size = kn_unit_bytes(kind, n);
        memset(at, 0, row_count < KN_TILE_ROWS ? size : kn_factor_bytes(kind, n));
        for (size_t r = 0; r < row_count; r++) {
            format->unpack(source, (row + r) * columns + block * KN_BLOCK_COLUMNS,
                           n * KN_BLOCK_COLUMNS, &unit);
            walk_factors(kind, at, n, r, &unit, store_field);
            uint8_t *planes = at + kn_factor_bytes(kind, n);
            for (size_t b = 0; b < n; b++) {
                store_block(kind, unit.q + b * KN_BLOCK_COLUMNS, r,
                            planes + b * kn_plane_bytes(kind));
            }
        }
        at += size;
        block += n;
    }
}

/* Each kind has its own loop, with a shape known to the compiler. */
#define KN_PACK_CASE(KIND, ...)                                                                   \
    case KN_TILE_##KIND:                                                                          \
        pack_kind(KN_TILE_##KIND, format, source, row, row_count, columns, tile);                 \
        break;

void kn_unit_pack(const kn_format *format, const kn_source *source, size_t row, size_t row_count,
                  size_t columns, void *tile) {
    switch (format->tile) {
        KN_UNIT_TILES(KN_PACK_CASE)
    default: break; /* the other kinds have packers of their own */
    }
}
