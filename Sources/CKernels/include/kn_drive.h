/*
 * Whole operations over a pool. Each cuts the work into tasks, and runs small work on the caller
 * alone, because waking a thread costs more than a small product. The cut changes no result.
 */
#ifndef KN_DRIVE_H
#define KN_DRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "kn_ops.h"
#include "kn_pool.h"

/* Several products of a shared input (`tokens` rows of `columns` floats, row t at x + t*stride).
 * panels[kind] is 64-byte aligned scratch for each kind of input that a product needs: tokens *
 * kn_int8_panel_bytes(columns) bytes, or tokens * columns floats (none for a single token). Unused
 * entries may be NULL. The input is converted to each kind once. */
void kn_drive_products(kn_pool *pool, const kn_ops *ops, const kn_product *products, size_t count,
                       const float *x, size_t stride, size_t tokens, size_t columns,
                       void *const panels[KN_INPUT_KINDS]);

/* Packs rows [row0, row1) (row0 a multiple of 16) of a matrix in a file format. `tiles` points at
 * tile 0. */
void kn_drive_pack(kn_pool *pool, const kn_format *format, const kn_source *source, size_t row0,
                   size_t row1, size_t columns, void *tiles);

/* Row-wise operations: row r of x at x + r*x_stride. */
void kn_drive_rms_norm(kn_pool *pool, const kn_ops *ops, const float *x, size_t x_stride,
                       const float *weight, float epsilon, size_t rows, size_t width, float *y,
                       size_t y_stride);

void kn_drive_layer_norm(kn_pool *pool, const kn_ops *ops, const float *x, size_t x_stride,
                         const float *weight, const float *bias, float epsilon, size_t rows,
                         size_t width, float *y, size_t y_stride);

/* rms_norm of each head of a row separately, in place. weight: head_length values. */
void kn_drive_head_norm(kn_pool *pool, const kn_ops *ops, float *x, size_t stride, size_t rows,
                        size_t heads, size_t head_length, const float *weight, float epsilon);

/* x = x * factor, in place. */
void kn_drive_scale(kn_pool *pool, float factor, float *x, size_t stride, size_t rows,
                    size_t width);

/* Rounds each row to 256 steps in place: m = largest |x| of the row, at least 1e-5, s = 127 / m,
 * x = (x * s rounded to nearest, ties to even, in -128..127) / s. NaN stays, and an Inf makes the
 * whole row NaN. Variants are not needed: each operation rounds once, and the order of a maximum
 * changes nothing. */
#define KN_ROUND_ROWS_MIN 1e-5f
void kn_drive_round_rows(kn_pool *pool, float *x, size_t stride, size_t rows, size_t width);

/* cosines[r], sines[r]: rotary/2 values for the position of row r. In place. */
void kn_drive_rope(kn_pool *pool, const kn_ops *ops, float *x, size_t stride, size_t rows,
                   size_t heads, size_t head_length, size_t rotary, kn_rope_style style,
                   const float *const *cosines, const float *const *sines);

void kn_drive_gate(kn_pool *pool, const kn_ops *ops, kn_activation act, const float *gate,
                   size_t gate_stride, const float *up, size_t up_stride, size_t rows,
                   size_t width, float *out, size_t out_stride);

void kn_drive_add(kn_pool *pool, const kn_ops *ops, const float *a, size_t a_stride, size_t rows,
                  size_t width, float *b, size_t b_stride);

/* A layer of a paged key/value cache.
 *   keys    [page][kv_heads][key_length][16]          values  [page][kv_heads][16][value_width] */
typedef struct kn_cache_layer {
    float *keys, *values;
    size_t kv_heads, key_length, value_length, value_width;
} kn_cache_layer;

/* Row r of k (kv_heads * key_length values) and v goes to slot slots[r] = page * 16 + offset. */
void kn_cache_store(const kn_cache_layer *layer, const float *k, size_t k_stride, const float *v,
                    size_t v_stride, const int32_t *slots, size_t rows);

/* Consecutive rows of a sequence. Row i of the span attends to positions 0 .. first + i. */
typedef struct kn_span {
    const int32_t *pages;
    size_t first; /* position of the span's first row */
    size_t rows;
} kn_span;

/* Spans follow each other in the rows of q (heads * key_length values) and out. scratch: a region
 * of score_stride * 8 floats per pool thread. */
void kn_drive_attend(kn_pool *pool, const kn_ops *ops, const kn_cache_layer *layer,
                     const kn_span *spans, size_t span_count, size_t heads, float scale,
                     const float *q, size_t q_stride, float *out, size_t out_stride,
                     float *scratch, size_t score_stride);

#endif
