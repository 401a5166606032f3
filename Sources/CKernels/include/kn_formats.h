/*
 * Tensor formats: the facts of each file format, how its blocks become float values, and how whole
 * matrices are packed once into the tiles that the product kernels read as one sequential stream.
 *
 * Guarantees: one row per format in one table; nothing else branches on a format id.
 * Does not: check lengths. `columns` must be a multiple of `values_per_block`.
 */
#ifndef KN_FORMATS_H
#define KN_FORMATS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Packed tiles. A tile is 16 matrix rows; rows past the end of the matrix are zero weights. Tiles
 * follow each other without gaps and each starts on a 64-byte boundary. "row r" below is 0..15.
 *
 *   F32   for each column c: 16 x f32 (row 0 .. row 15)                      64 bytes a column
 *   F16   for each column c: 16 x f16                                        32 bytes a column
 *   BF16  for each column c: 16 x bf16                                       32 bytes a column
 *
 *   Q8    columns in blocks of 32, blocks in pairs; weight w is stored as the byte w + 128:
 *         +--------------------------+--------------------------+-----------+-----------+
 *         | block 0: 8 groups of 64 B | block 1: 8 groups of 64 B | 16 x f16  | 16 x f16  |
 *         +--------------------------+--------------------------+-----------+-----------+
 *         0                          512                        1024        1056       1088
 *         group g, byte 4*r + k = weight of row r, column 32*block + 4*g + k
 *         The two rows of f16 are the scales of block 0 and of block 1. An odd last block stands
 *         alone: 512 bytes, its 16 scales, 32 bytes of zeros (576 in all).
 *
 *   Q4    as Q8, two groups in one: vector v (0..3) of a block, byte 4*r + k holds
 *         low nibble  = q of column 8*v + k, high nibble = q of column 8*v + 4 + k, weight = q - 8
 *         +----------------+----------------+-----------+-----------+
 *         | block 0: 256 B | block 1: 256 B | 16 x f16  | 16 x f16  |      576 bytes a pair,
 *         +----------------+----------------+-----------+-----------+      320 for an odd last one
 *         The kernels widen q to the byte 16*q = 16*(q-8) + 128, so that Q4 shares the offset
 *         of Q8, and multiply the scale by 1/16, which is exact.
 *
 * A last, partial 64 bytes of an F16 or BF16 tile (odd column count) is zero padding.
 */
typedef enum kn_tile_kind {
    KN_TILE_F32,
    KN_TILE_F16,
    KN_TILE_BF16,
    KN_TILE_Q8,
    KN_TILE_Q4,
    KN_TILE_KINDS
} kn_tile_kind;

/* What a tile kind is multiplied with: float columns, or columns quantised to int8 blocks of 32. */
typedef enum kn_input_kind { KN_INPUT_FLOAT, KN_INPUT_INT8 } kn_input_kind;

enum {
    KN_TILE_ROWS = 16,    /* rows of one packed tile = float lanes of one AVX-512 register */
    KN_BLOCK_COLUMNS = 32 /* columns that share one scale in Q8 and Q4 tiles and int8 inputs */
};

typedef struct kn_format {
    uint32_t id;               /* ggml tensor type number, as in the file */
    const char *name;          /* upper-case name people use: "Q8_0" */
    uint32_t values_per_block; /* values in one file block */
    uint32_t bytes_per_block;  /* bytes of one file block */
    kn_tile_kind tile;         /* what matrices of this format are packed into */

    /* count values (a multiple of values_per_block) from file blocks to floats. The reference. */
    void (*dequantise)(const void *blocks, size_t count, float *out);

    /* row_count (1..16) consecutive file rows of `columns` values into one tile. */
    void (*pack)(const void *rows, size_t row_count, size_t columns, void *tile);
} kn_format;

/* The table row of a ggml type number, or NULL when this engine does not compute with it. */
const kn_format *kn_format_find(uint32_t id);

/* All rows, for listings: returns the first, stores the number of rows. */
const kn_format *kn_format_all(size_t *count);

/* Bytes of one packed tile: a multiple of 64. */
size_t kn_tile_bytes(kn_tile_kind kind, size_t columns);

kn_input_kind kn_tile_input(kn_tile_kind kind);

/* IEEE half to single: exact, subnormals included; a signalling NaN becomes quiet (as in F16C). */
float kn_f16_to_f32(uint16_t half);

#endif
