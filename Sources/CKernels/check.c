/*
 * The self check at start: a small case per kernel, chosen to reach full and partial tiles, panels
 * and vectors.
 *
 * Guarantees: a kernel that differs from the scalar kernel in a single bit of the case is reported.
 * Does not: replace the tests. The check catches a machine or a build that computes differently.
 */
#include "kn_check.h"

#include <stdlib.h>

#include "units.h"

enum { ROWS = 19, TOKENS = 13, COLUMNS = 96, WIDTH = 83, HEAD = 24, PAGES = 5 };
enum { UNIT_COLUMNS = 288 /* a unit and a block of 32. Formats with blocks of 256 use 256 */ };
enum { FIRST_PRODUCT = 10, KERNELS = FIRST_PRODUCT + KN_TILE_KINDS };

static const char *const names[KERNELS] = {
    "quantise", "interleave", "rms_norm", "rope", "gate", "exp", "attend",
    "quantise_row", "ternary_float", "layer_norm",
    "product_f32", "product_f16", "product_bf16", "product_q8", "product_q4",
    "product_q4_low", "product_q5", "product_q5_low", "product_q2_s", "product_q3_s",
    "product_q4_s", "product_q5_s", "product_q6_s", "product_c4", "product_c4_s",
    "product_ternary",
};

size_t kn_kernel_count(void) { return KERNELS; }
const char *kn_kernel_name(size_t kernel) { return names[kernel]; }

void kn_kernel_replace(kn_ops *ops, size_t kernel, const kn_ops *by) {
    switch (kernel) {
    case 0: ops->quantise = by->quantise; break;
    case 1: ops->interleave = by->interleave; break;
    case 2: ops->rms_norm = by->rms_norm; break;
    case 3: ops->rope = by->rope; break;
    case 4: ops->gate = by->gate, ops->add = by->add; break;
    case 5: ops->exp = by->exp; break;
    case 6: ops->attend = by->attend; break;
    case 7: ops->quantise_row = by->quantise_row; break;
    case 8: ops->ternary_float = by->ternary_float; break;
    case 9: ops->layer_norm = by->layer_norm; break;
    default: ops->product[kernel - FIRST_PRODUCT] = by->product[kernel - FIRST_PRODUCT];
    }
}

/* Inputs and output of a case. The check compares `out` of the two tables. */
typedef struct bench {
    float x[TOKENS * UNIT_COLUMNS], y[TOKENS * COLUMNS];
    float keys[PAGES * HEAD * 16], values[PAGES * 16 * 32];
    float scores[KN_ATTEND_ROWS * 128];
    _Alignas(64) uint8_t panels[TOKENS * UNIT_COLUMNS * 4];
    _Alignas(64) uint8_t tiles[2 * 16 * COLUMNS * 4];
    float out[TOKENS * UNIT_COLUMNS];
} bench;

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void fill(float *values, size_t count, uint64_t *state) { /* -4..4 */
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)((int64_t)(next(state) >> 40) - (1 << 23)) * 0x1p-21f;
    }
}

/* A half between 2^-8 and 2^-1. */
static uint16_t some_half(uint64_t *state) { return (uint16_t)(0x1C00u + next(state) % 0x1C00u); }

/* Fills file blocks of any format with random bytes, but with ordinary floats in place of scales
 * and values. */
static void fill_rows(const kn_format *format, size_t columns, uint8_t *rows, uint64_t *state) {
    size_t size = format->bytes_per_block, count = ROWS * columns / format->values_per_block;
    for (size_t b = 0; b < count; b++, rows += size) {
        for (size_t i = 0; i < size; i++) rows[i] = (uint8_t)next(state);
        for (size_t i = 0; i < format->halves; i++) {
            uint16_t half = some_half(state);
            memcpy(rows + format->half_offset[i], &half, 2);
        }
        float value = kn_f16_to_f32(some_half(state));
        uint32_t bits;
        memcpy(&bits, &value, 4);
        if (format->tile == KN_TILE_F32) memcpy(rows, &bits, 4);
        uint16_t upper = (uint16_t)(bits >> 16);
        if (format->tile == KN_TILE_BF16) memcpy(rows, &upper, 2);
    }
}

static void run_product(const kn_ops *ops, kn_tile_kind kind, kn_input_kind input, bench *b,
                        uint64_t state, float *out) {
    size_t count;
    const kn_format *format = kn_format_all(&count);
    while (format->tile != kind) format++;
    const size_t columns = !kn_is_unit_kind(kind) ? COLUMNS
                           : format->row_values == KN_UNIT_COLUMNS ? KN_UNIT_COLUMNS
                                                                   : UNIT_COLUMNS;
    uint8_t rows[ROWS * COLUMNS * 4];
    fill_rows(format, columns, rows, &state);
    const kn_source source = {.blocks = rows};
    format->pack(format, &source, 0, 16, columns, b->tiles);
    format->pack(format, &source, 16, ROWS - 16, columns,
                 b->tiles + kn_tile_bytes(kind, columns));
    const bool is_float = input == KN_INPUT_FLOAT;
    size_t token_bytes = is_float ? columns * sizeof(float) : kn_int8_panel_bytes(columns);
    for (size_t i = 0; i < kn_panel_count(TOKENS); i++) {
        size_t start = kn_panel_start(TOKENS, i), size = kn_panel_start(TOKENS, i + 1) - start;
        (is_float                      ? kn_scalar_ops.interleave
         : input == KN_INPUT_INT8_ROW ? kn_scalar_ops.quantise_row
                                      : kn_scalar_ops.quantise)(
            b->x + start * columns, columns, size, columns, b->panels + start * token_bytes);
    }
    kn_product p = {.tiles = b->tiles, .kind = kind, .input = input, .rows = ROWS,
                    .columns = columns, .bias = b->y, .out = out, .out_stride = ROWS};
    (is_float && kind == KN_TILE_TERNARY ? ops->ternary_float : ops->product[kind])(
        &p, 0, 2, b->panels, TOKENS, 0, kn_panel_count(TOKENS));
}

static void run_attend(const kn_ops *ops, bench *b) {
    static const int32_t pages[] = {3, 0, 4, 1, 2};
    kn_attend a = {.rows = 3, .keys = b->keys, .values = b->values, .key_page_stride = HEAD * 16,
                   .value_page_stride = 16 * 32, .pages = pages, .key_length = HEAD,
                   .value_length = HEAD, .scale = 0.3f, .scores = b->scores, .score_stride = 128};
    for (size_t r = 0; r < a.rows; r++) {
        a.q[r] = b->x + r * HEAD;
        a.out[r] = b->out + r * HEAD;
        a.length[r] = 64 + 5 * r;
    }
    ops->attend(&a);
}

static void run(const kn_ops *ops, size_t kernel, bench *b, uint64_t seed) {
    memset(b->out, 0, sizeof b->out);
    switch (kernel) {
    case 0:
        ops->quantise(b->x, COLUMNS, 5, COLUMNS, b->out);
        ops->quantise(b->y, COLUMNS, 1, COLUMNS, b->out + 5 * COLUMNS);
        break;
    case 1: ops->interleave(b->x, COLUMNS, 5, WIDTH, b->out); break;
    case 2: ops->rms_norm(b->x, b->y, 1e-5f, WIDTH, b->out); break;
    case 3:
        memcpy(b->out, b->x, sizeof b->x);
        ops->rope(b->out, KN_ROPE_HALVES, 2 * WIDTH, b->y, b->y + WIDTH);
        ops->rope(b->out + 2 * WIDTH, KN_ROPE_INTERLEAVED, 2 * WIDTH, b->y, b->y + WIDTH);
        break;
    case 4:
        for (int act = 0; act < KN_ACTIVATIONS; act++) {
            ops->gate((kn_activation)act, b->x, b->y, WIDTH, b->out + act * WIDTH);
        }
        ops->add(b->x, WIDTH, b->out);
        break;
    case 5: ops->exp(b->x, WIDTH, b->out); break;
    case 6: run_attend(ops, b); break;
    case 7: ops->quantise_row(b->x, COLUMNS, 5, COLUMNS, b->out); break;
    case 8: run_product(ops, KN_TILE_TERNARY, KN_INPUT_FLOAT, b, seed, b->out); break;
    case 9:
        ops->layer_norm(b->x, b->y, b->keys, 1e-5f, WIDTH, b->out);
        ops->layer_norm(b->y, b->x, NULL, 1e-5f, COLUMNS, b->out + WIDTH);
        break;
    default: {
        kn_tile_kind kind = (kn_tile_kind)(kernel - FIRST_PRODUCT);
        run_product(ops, kind, kn_tile_input(kind), b, seed, b->out);
        if (kind == KN_TILE_TERNARY) { /* the kernel sums int8 rows in a second way */
            run_product(ops, kind, KN_INPUT_INT8_ROW, b, seed, b->out + TOKENS * ROWS);
        }
    }
    }
}

bool kn_kernel_agrees(const kn_ops *ops, size_t kernel, uint64_t seed) {
    bench *ours = aligned_alloc(64, (sizeof(bench) + 63) / 64 * 64);
    bench *theirs = aligned_alloc(64, (sizeof(bench) + 63) / 64 * 64);
    bool agrees = false;
    if (ours && theirs) {
        uint64_t state = seed;
        memset(ours, 0, sizeof *ours);
        fill(ours->x, TOKENS * UNIT_COLUMNS, &state);
        fill(ours->y, TOKENS * COLUMNS, &state);
        fill(ours->keys, sizeof ours->keys / 4, &state);
        fill(ours->values, sizeof ours->values / 4, &state);
        memcpy(theirs, ours, sizeof *ours);
        run(ops, kernel, ours, seed);
        run(&kn_scalar_ops, kernel, theirs, seed);
        agrees = memcmp(ours->out, theirs->out, sizeof ours->out) == 0;
    }
    free(ours);
    free(theirs);
    return agrees;
}
