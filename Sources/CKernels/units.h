/*
 * Tiles made of units (drawn in kn_formats.h): the geometry, and kn_unit, a row of a unit outside a
 * tile. Unpackers fill a kn_unit from file blocks, and the scalar kernels read from a kn_unit.
 *
 * Guarantees: packers, scalar and vector kernels take all shapes from a single table.
 * Private to the module.
 */
#ifndef KN_UNITS_H
#define KN_UNITS_H

#include "internal.h"

typedef enum kn_factor_form {
    KN_F16S,
    KN_F16S_LOW,
    KN_SUPER,
    KN_SUPER_LOW,
    KN_SUPER_LOW_NIBBLES,
    KN_WHOLE
} kn_factor_form;

typedef struct kn_tile_shape {
    uint8_t low_bits, high_bits; /* bits of q in the two planes, low_bits 0: not a unit kind */
    uint8_t group_columns;       /* 16 or 32 columns of a block that share a scale */
    uint8_t zero;                /* q of weight zero, in the forms without a low */
    bool coded;                  /* the four bits index kn_codes */
    kn_factor_form form;
} kn_tile_shape;

#define KN_SHAPE(KIND, name, inputs, low, high, columns, zero, coded, FORM)                        \
    [KN_TILE_##KIND] = {low, high, columns, zero, coded, KN_##FORM},
static const kn_tile_shape kn_shapes[KN_TILE_KINDS] = {KN_UNIT_TILES(KN_SHAPE)};

KN_INLINE bool kn_is_unit_kind(kn_tile_kind kind) { return kn_shapes[kind].low_bits != 0; }

/* Bytes of the low plane, and of both planes, of a block. */
KN_INLINE size_t kn_low_plane_bytes(kn_tile_kind kind) { return kn_shapes[kind].low_bits * 64u; }
KN_INLINE size_t kn_plane_bytes(kn_tile_kind kind) {
    return (kn_shapes[kind].low_bits + kn_shapes[kind].high_bits) * 64u;
}

KN_INLINE size_t kn_groups_per_block(kn_tile_kind kind) {
    return KN_BLOCK_COLUMNS / kn_shapes[kind].group_columns;
}

/* Bytes of the factors of a unit of `blocks` blocks. */
KN_INLINE size_t kn_factor_bytes(kn_tile_kind kind, size_t blocks) {
    size_t groups = blocks * kn_groups_per_block(kind), size = 0;
    switch (kn_shapes[kind].form) {
    case KN_F16S: size = 32 * blocks; break;
    case KN_F16S_LOW: size = 64 * blocks; break;
    case KN_SUPER: size = 32 + 16 * groups; break;
    case KN_SUPER_LOW: size = 64 + 32 * groups; break;
    case KN_SUPER_LOW_NIBBLES: size = 64 + 16 * groups; break;
    case KN_WHOLE: size = 64; break;
    }
    return (size + 63) / 64 * 64;
}

KN_INLINE size_t kn_unit_bytes(kn_tile_kind kind, size_t blocks) {
    return kn_factor_bytes(kind, blocks) + blocks * kn_plane_bytes(kind);
}

/* Number of blocks in the unit that starts at block `block` of a row of `blocks`. */
KN_INLINE size_t kn_blocks_of_unit(size_t block, size_t blocks) {
    const size_t whole = KN_UNIT_COLUMNS / KN_BLOCK_COLUMNS;
    return blocks - block < whole ? blocks - block : whole;
}

/* A row of a unit. The factor form decides the factor fields in use. */
typedef struct kn_unit {
    uint8_t q[KN_UNIT_COLUMNS];     /* whole numbers (coded: the four bits) */
    uint16_t d[8], m[8];            /* f16: of each block, or [0] of the unit */
    uint8_t scale[16], low[16];     /* of each group */
    float whole;
} kn_unit;

/* scale and low of a group (numbered within the unit), as kn_formats.h defines them. */
void kn_unit_factors(kn_tile_kind kind, const kn_unit *unit, size_t group, float *scale,
                     float *low);

/* q of a column, decoded: 0..63, for coded kinds 1..241. */
KN_INLINE int32_t kn_unit_q(kn_tile_kind kind, const kn_unit *unit, size_t column) {
    uint8_t q = unit->q[column];
    return kn_shapes[kind].coded ? kn_codes[q] + 128 : q;
}

/* Reads row r of a unit in a tile into `unit`. */
void kn_unit_load(kn_tile_kind kind, const uint8_t *tile_unit, size_t blocks, size_t r,
                  kn_unit *unit);

/* The pack and dequantise of every format that has an `unpack`. */
void kn_unit_pack(const kn_format *format, const kn_source *source, size_t row, size_t row_count,
                  size_t columns, void *tile);
void kn_unit_dequantise(const kn_format *format, const kn_source *source, size_t first,
                        size_t count, float *out);

/* Unpackers, one per file format (quants.c). */
typedef void kn_unpack(const kn_source *source, size_t first, size_t count, void *unit);
kn_unpack kn_unpack_q4_1, kn_unpack_q5_0, kn_unpack_q5_1, kn_unpack_q2_k, kn_unpack_q3_k,
    kn_unpack_q4_k, kn_unpack_q5_k, kn_unpack_q6_k, kn_unpack_iq4_nl, kn_unpack_iq4_xs,
    kn_unpack_tq1_0, kn_unpack_tq2_0, kn_unpack_i2_s;

#endif
