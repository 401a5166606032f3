/*
 * Whole operations, recorded in a chain or run on a pool. Each cuts the work into portions, and
 * leaves small work whole, because a join costs more than a small product. The cut changes no
 * result. What an operation of a chain reads and writes stays valid until the chain has run.
 */
#ifndef KN_DRIVE_H
#define KN_DRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "kn_chain.h"
#include "kn_ops.h"

/* Rows of floats: row r begins at at + r * stride. */
typedef struct kn_rows {
    float *at;
    size_t stride;
} kn_rows;

/* Several products of a shared input (`tokens` rows of `columns` floats). The input is converted
 * to each layout of panels once, in `scratch`: kn_drive_products_scratch bytes, 64-byte aligned. */
void kn_drive_products(kn_chain *chain, const kn_ops *ops, const kn_product *products, size_t count,
                       kn_rows x, size_t tokens, size_t columns, void *scratch);
size_t kn_drive_products_scratch(const kn_ops *ops, const kn_product *products, size_t count,
                                 size_t tokens, size_t columns);

/* Packs rows [row0, row1) (row0 a multiple of 16) of a matrix in a file format. `tiles` points at
 * tile 0. */
void kn_drive_pack(kn_pool *pool, const kn_format *format, const kn_source *source, size_t row0,
                   size_t row1, size_t columns, void *tiles);

/* Copies `bytes` bytes. */
void kn_drive_copy(kn_pool *pool, const void *from, void *to, size_t bytes);

/* Has the system back the memory [at, at + bytes), which nobody has touched yet. Each huge page is
 * cleared by one thread. Does nothing where the system cannot. */
void kn_drive_touch(kn_pool *pool, void *at, size_t bytes);

/* ---- operations on `rows` rows of `width` floats ---- */

/* weight and bias: a value per column (kn_drive_head_norm: per column of a head). NULL as in
 * kn_ops. RMS norms have no bias. */
typedef struct kn_norm {
    const float *weight, *bias;
    float epsilon;
} kn_norm;

void kn_drive_rms_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                       size_t rows, size_t width);
void kn_drive_layer_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                         size_t rows, size_t width);

/* rms_norm of each head of a row separately, in place. */
void kn_drive_head_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, size_t rows,
                        size_t heads, size_t head_length);

/* x = x * factor, in place. */
void kn_drive_scale(kn_chain *chain, float factor, kn_rows x, size_t rows, size_t width);

/* Rounds each row to 256 steps in place: m = largest |x| of the row, at least 1e-5, s = 127 / m,
 * x = (x * s rounded to nearest, ties to even, in -128..127) / s. NaN stays, and an Inf makes the
 * whole row NaN. Variants are not needed: each operation rounds once, and the order of a maximum
 * changes nothing. */
#define KN_ROUND_ROWS_MIN 1e-5f
void kn_drive_round_rows(kn_chain *chain, kn_rows x, size_t rows, size_t width);

/* cosines[r], sines[r]: rotary/2 values for the position of row r. */
typedef struct kn_rope {
    size_t heads, head_length, rotary;
    kn_rope_style style;
    const float *const *cosines, *const *sines;
} kn_rope;

/* Rotates each head of a row, in place. */
void kn_drive_rope(kn_chain *chain, const kn_ops *ops, kn_rope rope, kn_rows x, size_t rows);

/* up.at may be NULL, as in kn_ops. */
void kn_drive_gate(kn_chain *chain, const kn_ops *ops, kn_activation act, kn_rows gate, kn_rows up,
                   kn_rows out, size_t rows, size_t width);

void kn_drive_add(kn_chain *chain, const kn_ops *ops, kn_rows a, kn_rows b, size_t rows,
                  size_t width);

/* A layer of a paged key/value cache. A page holds the keys and values of all layers:
 *   keys    at keys + page * page_stride      [kv_heads][key_length][16]
 *   values  at values + page * page_stride    [kv_heads][16][value_width] */
typedef struct kn_cache_layer {
    float *keys, *values; /* of page 0 */
    size_t page_stride;   /* floats from page to page */
    size_t kv_heads, key_length, value_length, value_width;
} kn_cache_layer;

/* Row r of k (kv_heads * key_length values) and v goes to slot slots[r] = page * 16 + offset. No
 * two rows have the same slot. */
void kn_drive_store(kn_chain *chain, kn_cache_layer layer, kn_rows k, kn_rows v,
                    const int32_t *slots, size_t rows);

/* Consecutive rows of a sequence. Row i of the span attends to positions 0 .. first + i, or to
 * positions 0 .. sees - 1 where sees is not 0. */
typedef struct kn_span {
    size_t pages; /* index of the sequence's first page in kn_attention.pages */
    size_t first; /* position of the span's first row */
    size_t rows;
    size_t sees; /* positions that every row attends to, 0 for causal attention */
} kn_span;

/* Spans follow each other in the rows of q (heads * key_length values) and out. scores: scratch, a
 * region of 8 rows per pool thread. */
typedef struct kn_attention {
    kn_cache_layer layer;
    const int32_t *pages; /* pages of all sequences, each in position order */
    const kn_span *spans;
    size_t span_count, heads;
    float scale;
    kn_rows q, out, scores;
} kn_attention;

void kn_drive_attend(kn_chain *chain, const kn_ops *ops, kn_attention attention);

#endif
