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
/* Inputs and output of a case. The check compares `out` of the two tables. */
typedef struct bench {
    float x[TOKENS * UNIT_COLUMNS], y[TOKENS * COLUMNS];
    float keys[PAGES * HEAD * 16], values[PAGES * 16 * 32];
    float scores[KN_ATTEND_ROWS * 128];
    _Alignas(64) uint8_t panels[TOKENS * UNIT_COLUMNS * 4];
    _Alignas(64) uint8_t tiles[2 * 16 * COLUMNS * 4];
    float out[TOKENS * UNIT_COLUMNS];
    kn_tile_kind kind; /* of a product */
    uint64_t seed;
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

/* An f16 between 2^-8 and 2^-1. */
static uint16_t some_f16(uint64_t *state) { return (uint16_t)(0x1C00u + next(state) % 0x1C00u); }

/* Fills file blocks of any format with random bytes, but with ordinary floats in place of scales
 * and values. */
static void fill_rows(const kn_format *format, size_t columns, uint8_t *rows, uint64_t *state) {
    size_t size = format->bytes_per_block, count = ROWS * columns / format->values_per_block;
    for (size_t b = 0; b < count; b++, rows += size) {
        for (size_t i = 0; i < size; i++) rows[i] = (uint8_t)next(state);
        for (size_t i = 0; i < format->f16_count; i++) {
            uint16_t f16 = some_f16(state);
            memcpy(rows + format->f16_offset[i], &f16, 2);
        }
        float value = kn_f16_to_f32(some_f16(state));
        uint32_t bits;
        memcpy(&bits, &value, 4);
        if (format->tile == KN_TILE_F32) memcpy(rows, &bits, 4);
        uint16_t upper = (uint16_t)(bits >> 16);
        if (format->tile == KN_TILE_BF16) memcpy(rows, &upper, 2);
    }
}

static void run_product(const kn_ops *ops, kn_input_kind input, size_t tokens, bench *b,
                        float *out) {
    const kn_tile_kind kind = b->kind;
    uint64_t state = b->seed;
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
    const kn_product_kernel *kernel = &ops->product[kind][input];
    kn_product p = {.tiles = b->tiles, .kind = kind, .input = input, .rows = ROWS,
                    .columns = columns, .bias = b->y, .out = out, .out_stride = ROWS};
    for (size_t i = 0; i < kn_panel_count(kernel->panels, tokens); i++) {
        size_t start = kn_panel_start(kernel->panels, tokens, i);
        size_t size = kn_panel_start(kernel->panels, tokens, i + 1) - start;
        kernel->panels->fill(b->x + start * columns, columns, size, columns,
                             b->panels + start * kn_panel_token_bytes(kernel->panels, columns));
    }
    kernel->multiply(&p, 0, 2, b->panels, tokens, 0, kn_panel_count(kernel->panels, tokens));
}

/* Every input that the kind takes, at counts of tokens that reach panels of each size. */
static void run_products(const kn_ops *ops, bench *b) {
    static const size_t counts[] = {TOKENS, 1, 2, 3, 4};
    float *out = b->out;
    for (kn_input_kind input = 0; input < KN_INPUT_KINDS; input++) {
        if (!kn_tile_accepts(b->kind, input)) continue;
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            run_product(ops, input, counts[i], b, out);
            out += counts[i] * ROWS;
        }
    }
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

static void run_rms_norm(const kn_ops *ops, bench *b) {
    ops->rms_norm(b->x, b->y, 1e-5f, WIDTH, b->out);
}

static void run_layer_norm(const kn_ops *ops, bench *b) {
    ops->layer_norm(b->x, b->y, b->keys, 1e-5f, WIDTH, b->out);
    ops->layer_norm(b->y, b->x, NULL, 1e-5f, COLUMNS, b->out + WIDTH);
}

static void run_rope(const kn_ops *ops, bench *b) {
    memcpy(b->out, b->x, sizeof b->x);
    ops->rope(b->out, KN_ROPE_HALVES, 2 * WIDTH, b->y, b->y + WIDTH);
    ops->rope(b->out + 2 * WIDTH, KN_ROPE_INTERLEAVED, 2 * WIDTH, b->y, b->y + WIDTH);
}

static void run_gate(const kn_ops *ops, bench *b) {
    for (int act = 0; act < KN_ACTIVATIONS; act++) {
        ops->gate((kn_activation)act, b->x, b->y, WIDTH, b->out + act * WIDTH);
    }
}

static void run_add(const kn_ops *ops, bench *b) {
    memcpy(b->out, b->y, WIDTH * sizeof(float));
    ops->add(b->x, WIDTH, b->out);
}

static void run_exp(const kn_ops *ops, bench *b) { ops->exp(b->x, WIDTH, b->out); }

/* A kernel is a field of kn_ops. The products of a tile kind are a row of the field `product`. */
#define FIELD(field) offsetof(kn_ops, field), sizeof((kn_ops *)NULL)->field
#define KERNEL(field) {#field, FIELD(field), run_##field, KN_TILE_KINDS}
#define PRODUCTS(KIND, name, ...)                                                                 \
    {"product_" #name, FIELD(product[KN_TILE_##KIND]), run_products, KN_TILE_##KIND},

static const struct {
    const char *name;
    size_t offset, size;
    void (*run)(const kn_ops *ops, bench *b);
    kn_tile_kind kind;
} kernels[] = {
    KERNEL(rms_norm), KERNEL(layer_norm), KERNEL(rope), KERNEL(gate), KERNEL(add), KERNEL(exp),
    KERNEL(attend), KN_TILES(PRODUCTS)
};

size_t kn_kernel_count(void) { return sizeof kernels / sizeof kernels[0]; }
const char *kn_kernel_name(size_t kernel) { return kernels[kernel].name; }

void kn_kernel_replace(kn_ops *ops, size_t kernel, const kn_ops *by) {
    const size_t offset = kernels[kernel].offset;
    memcpy((char *)ops + offset, (const char *)by + offset, kernels[kernel].size);
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
        ours->kind = kernels[kernel].kind;
        ours->seed = seed;
        memcpy(theirs, ours, sizeof *ours);
        kernels[kernel].run(ops, ours);
        kernels[kernel].run(&kn_scalar_ops, theirs);
        agrees = memcmp(ours->out, theirs->out, sizeof ours->out) == 0;
    }
    free(ours);
    free(theirs);
    return agrees;
}
