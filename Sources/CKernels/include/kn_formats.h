/*
 * Tensor formats: the facts of each file format, the conversion of blocks to float values, and the
 * packing of whole matrices into tiles that the product kernels read as a sequential stream.
 *
 * Guarantees: the table has a row per format, and no code elsewhere branches on a format id.
 * Does not: check lengths. `columns` must be a multiple of `row_values`.
 */
#ifndef KN_FORMATS_H
#define KN_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Packed tiles. A tile is 16 matrix rows. Rows past the end of the matrix are zero weights. Tiles
 * follow each other without gaps and each starts on a 64-byte boundary. "row r" below is 0..15.
 *
 *   F32   for each column c: 16 x f32 (row 0 .. row 15)                      64 bytes a column
 *   F16   for each column c: 16 x f16                                        32 bytes a column
 *   BF16  for each column c: 16 x bf16                                       32 bytes a column
 *
 *   Q8    columns in blocks of 32, blocks in pairs, weight w stored as the byte w + 128:
 *         +--------------------------+--------------------------+-----------+-----------+
 *         | block 0: 8 groups of 64 B | block 1: 8 groups of 64 B | 16 x f16  | 16 x f16  |
 *         +--------------------------+--------------------------+-----------+-----------+
 *         0                          512                        1024        1056       1088
 *         group g, byte 4*r + k = weight of row r, column 32*block + 4*g + k
 *         The two rows of f16 are the scales of block 0 and of block 1. An odd last block stands
 *         alone: 512 bytes, 16 scales, 32 bytes of zeros (576 in all).
 *
 *   Q4    as Q8, two groups in one: vector v (0..3) of a block, byte 4*r + k holds
 *         low nibble  = q of column 8*v + k, high nibble = q of column 8*v + 4 + k, weight = q - 8
 *         +----------------+----------------+-----------+-----------+
 *         | block 0: 256 B | block 1: 256 B | 16 x f16  | 16 x f16  |   576 bytes a pair,
 *         +----------------+----------------+-----------+-----------+   320 for an odd last block
 *         The kernels widen q to the byte 16*q = 16*(q-8) + 128, so that Q4 shares the offset
 *         of Q8, and multiply the scale by 1/16, which is exact.
 *
 * A last, partial 64 bytes of an F16 or BF16 tile (odd column count) is zero padding.
 *
 *   The kinds below come in units of 8 blocks of 32 columns (the last unit may have fewer, where
 *   the file's blocks are of 32). W = scale * q + low, with q whole and not negative, scale and low
 *   shared by a group of 32 or 16 columns of a row. A unit of k blocks, every part on 64 bytes:
 *         +--------------------+---------+---------+-- ... --+-----------+
 *         | factors of k blocks | block 0 | block 1 |         | block k-1 |
 *         +--------------------+---------+---------+-- ... --+-----------+
 *   A block is a low plane of q's bits, then perhaps a high plane. Group g = columns 4g..4g+3:
 *         low 4 bits    256 B, as Q4
 *         low 2 bits    128 B: vector v (0..1), byte 4*r + k, bits 2j, 2j+1 = column 16*v + 4*j + k
 *         high 1 bit     64 B: byte 4*r + k, bit g = column 4*g + k
 *         high 2 bits   128 B: laid out as "low 2 bits"
 *   Factors, with "16 x" meaning a value per row:
 *         f16s          each block: 16 x f16 scale,                     low = -zero * scale
 *         f16s, low     each block: 16 x f16 scale, 16 x f16 low
 *         super         16 x f16 d, each group: 16 x i8 s,     scale = d * s, low = -zero * scale
 *         super, low    16 x f16 d, 16 x f16 m, each group: 16 x u8 s, 16 x u8 l (or both in a
 *                       byte, s in the low nibble),            scale = d * s, low = -(m * l)
 *         whole         16 x f32 scale,                                 low = -zero * scale
 *
 *   "coded": the four bits are an index i into kn_codes, and q = kn_codes[i] + 128.
 *   d * s, m * l and zero * scale are exact in single precision (17 to 19 bits), so scale and low
 *   equal the file's. Only sums and products with the input round.
 *
 * The lists below are the only places that name a kind, besides the rows of formats. X is called
 * with: KIND, its name, the inputs that kernels take (FLOAT, INT8 for both int8 inputs, ANY), and
 *   plain kinds   bytes of an odd last and of a pair of blocks (float kinds: of columns)
 *   unit kinds    bits of the low and the high plane, columns of a group (TERNARY: all 256 columns
 *                 share a scale), zero, coded, factors
 */
#define KN_PLAIN_TILES(X)                                                                         \
    X(F32, f32, FLOAT, 64, 128)                                                                   \
    X(F16, f16, FLOAT, 64, 64)                                                                    \
    X(BF16, bf16, FLOAT, 64, 64)                                                                  \
    X(Q8, q8, INT8, 576, 1088)                                                                    \
    X(Q4, q4, INT8, 320, 576)
#define KN_UNIT_TILES(X) /* bits a weight in the tile, from (bits in the file) */                 \
    X(Q4_LOW, q4_low, INT8, 4, 0, 32, 0, false, F16S_LOW)           /* 5.0, Q4_1 (5.0) */         \
    X(Q5, q5, INT8, 4, 1, 32, 16, false, F16S)                      /* 5.5, Q5_0 (5.5) */         \
    X(Q5_LOW, q5_low, INT8, 4, 1, 32, 0, false, F16S_LOW)           /* 6.0, Q5_1 (6.0) */         \
    X(Q2_S, q2_s, INT8, 2, 0, 16, 0, false, SUPER_LOW_NIBBLES)      /* 2.625, Q2_K (2.625) */     \
    X(Q3_S, q3_s, INT8, 2, 1, 16, 4, false, SUPER)                  /* 3.625, Q3_K (3.4375) */    \
    X(Q4_S, q4_s, INT8, 4, 0, 32, 0, false, SUPER_LOW)              /* 4.625, Q4_K (4.5) */       \
    X(Q5_S, q5_s, INT8, 4, 1, 32, 0, false, SUPER_LOW)              /* 5.625, Q5_K (5.5) */       \
    X(Q6_S, q6_s, INT8, 4, 2, 16, 32, false, SUPER)                 /* 6.625, Q6_K (6.5625) */    \
    X(C4, c4, INT8, 4, 0, 32, 128, true, F16S)                      /* 4.5, IQ4_NL (4.5) */       \
    X(C4_S, c4_s, INT8, 4, 0, 32, 128, true, SUPER)                 /* 4.375, IQ4_XS (4.25) */    \
    X(TERNARY, ternary, ANY, 2, 0, 32, 1, false, WHOLE)             /* 2.125, TQ1_0, TQ2_0, I2_S */
#define KN_TILES(X) KN_PLAIN_TILES(X) KN_UNIT_TILES(X)

#define KN_TILE_NUMBER(KIND, ...) KN_TILE_##KIND,
typedef enum kn_tile_kind { KN_TILES(KN_TILE_NUMBER) KN_TILE_KINDS } kn_tile_kind;

/* The input that a tile is multiplied with: float columns, columns rounded to int8 in blocks of 32,
 * or columns rounded to int8 with a single scale for a token's whole row, as BitNet's own runtimes
 * do. */
typedef enum kn_input_kind {
    KN_INPUT_FLOAT,
    KN_INPUT_INT8,
    KN_INPUT_INT8_ROW,
    KN_INPUT_KINDS
} kn_input_kind;

enum {
    KN_TILE_ROWS = 16,     /* rows of one packed tile = float lanes of one AVX-512 register */
    KN_BLOCK_COLUMNS = 32, /* columns that share a scale in Q8 and Q4 tiles and int8 inputs */
    KN_UNIT_COLUMNS = 256  /* columns of a whole unit */
};

/* A tensor in its file form. `trailer` points at the bytes after the last block (I2_S: a float32
 * scale), and is NULL for formats without a trailer. */
typedef struct kn_source {
    const uint8_t *blocks;
    const void *trailer;
} kn_source;

typedef struct kn_format kn_format;
struct kn_format {
    uint32_t id;               /* ggml tensor type number, as in the file */
    const char *name;          /* usual upper-case name: "Q8_0" */
    uint32_t values_per_block; /* values in a file block */
    uint32_t bytes_per_block;  /* bytes of a file block */
    uint32_t trailer_bytes;    /* bytes after the last block of a tensor */
    uint32_t row_values;       /* divisor of a matrix's column count */
    kn_tile_kind tile;         /* kind of the packed tiles */
    uint32_t f16_count;        /* number of f16 fields in a block... */
    uint32_t f16_offset[2];   /* ...and their byte offsets (to make sample blocks) */

    /* Converts `count` values from value `first` on to floats. `first` and `count` are multiples of
     * row_values. The reference. */
    void (*dequantise)(const kn_format *format, const kn_source *source, size_t first,
                       size_t count, float *out);

    /* Packs row_count (1..16) consecutive rows of `columns` values, from `row` on, into a tile. */
    void (*pack)(const kn_format *format, const kn_source *source, size_t row, size_t row_count,
                 size_t columns, void *tile);

    /* Unpacks `count` (at most 256) values to whole numbers and factors in `unit`, a kn_unit
     * (units.h). NULL for formats that are not packed in units. */
    void (*unpack)(const kn_source *source, size_t first, size_t count, void *unit);
};

/* Returns the table row of a ggml type number, or NULL for a format without a row. */
const kn_format *kn_format_find(uint32_t id);

/* Returns the first row of the table and stores the number of rows. */
const kn_format *kn_format_all(size_t *count);

/* Bytes of a packed tile, a multiple of 64. */
size_t kn_tile_bytes(kn_tile_kind kind, size_t columns);

/* The native input kind of a tile kind. */
kn_input_kind kn_tile_input(kn_tile_kind kind);

/* True when a kernel multiplies tiles of `kind` with `input`. Float kinds take floats, TERNARY all
 * three inputs, and the remaining kinds both int8 inputs. */
bool kn_tile_accepts(kn_tile_kind kind, kn_input_kind input);

/* The 16 values of coded tiles (the table of IQ4_NL and IQ4_XS). */
extern const int8_t kn_codes[16];

/* IEEE f16 to single. Exact, subnormals included. A signalling NaN becomes quiet, as in F16C. */
float kn_f16_to_f32(uint16_t f16);

#endif
