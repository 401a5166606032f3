/*
 * Every product kernel of every instruction set of the machine against the scalar one, bit for bit,
 * in buffers of the exact size. scripts/kernels.sh builds the program with the address sanitizer.
 *
 * Cases: each format and input, at counts of rows and tokens that leave partial tiles and panels,
 * odd counts of blocks, with weights at their extremes, and scales and inputs that are not finite.
 * Does not: compare with another implementation. Tests/ComputeTests bounds the scalar kernels.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

/* Contents of the weights: any bytes, or one byte throughout, with ordinary scales. Or any bytes
 * with some scales NaN, infinite or the largest f16. */
typedef enum content { RANDOM, ZEROS, LOWEST, ONES, SCALES, CONTENTS } content;

static const size_t row_counts[] = {1, 16, 17, 50};
static const size_t token_counts[] = {1, 2, 3, 4, 5, 7, 12, 13, 16, 64, 71};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static size_t compared, differing;

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static float uniform(uint64_t *state) { /* -1..1 */
    return (float)((int64_t)(next(state) >> 40) - (1 << 23)) * 0x1p-23f;
}

static void *exactly(size_t size) {
    void *p = NULL;
    if (posix_memalign(&p, 64, size ? size : 1) != 0) exit(70);
    return p;
}

/* A value in place of a float weight. */
static void set_float(const kn_format *format, uint8_t *block, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint16_t upper = (uint16_t)(bits >> 16);
    if (format->tile == KN_TILE_F32) memcpy(block, &bits, 4);
    if (format->tile == KN_TILE_BF16) memcpy(block, &upper, 2);
}

static uint8_t *make_file(const kn_format *format, size_t values, content content, uint64_t seed) {
    static const uint8_t bytes[CONTENTS] = {[ZEROS] = 0x00, [LOWEST] = 0x80, [ONES] = 0xFF};
    static const uint16_t odd_scales[] = {0x7E00, 0x7C00, 0xFC00, 0x7BFF, 0x0001, 0x8000};
    const bool any = content == RANDOM || content == SCALES;
    size_t size = values / format->values_per_block * format->bytes_per_block;
    uint8_t *file = exactly(size + format->trailer_bytes);
    for (size_t i = 0; i < size; i++) file[i] = any ? (uint8_t)next(&seed) : bytes[content];
    for (size_t at = 0; at < size; at += format->bytes_per_block) {
        for (size_t i = 0; i < format->f16_count; i++) {
            uint16_t f16 = (uint16_t)(0x1C00u + next(&seed) % 0x1C00u);
            if (content == SCALES && next(&seed) % 4 == 0) {
                f16 = odd_scales[next(&seed) % COUNT(odd_scales)];
            }
            memcpy(file + at + format->f16_offset[i], &f16, 2);
        }
        if (any) set_float(format, file + at, uniform(&seed));
    }
    for (size_t i = 0; i < format->trailer_bytes; i++) file[size + i] = 0;
    float scale = content == SCALES ? INFINITY : 0.25f;
    if (format->trailer_bytes >= 4) memcpy(file + size, &scale, 4);
    return file;
}

/* Rows of ordinary size. The last rows hold the largest whole numbers, tiny values, and values that
 * are not finite. */
static float *make_input(size_t tokens, size_t columns, uint64_t seed) {
    float *x = exactly(tokens * columns * sizeof(float));
    for (size_t t = 0; t < tokens; t++) {
        for (size_t c = 0; c < columns; c++) {
            float value = 3 * uniform(&seed);
            if (t % 8 == 2) value = value < 0 ? -127.0f : 127.0f;
            if (t % 8 == 4) value *= 0x1p-110f;
            x[t * columns + c] = value;
        }
        if (t % 8 == 3) x[t * columns + next(&seed) % columns] = NAN;
        if (t % 8 == 6) x[t * columns + next(&seed) % columns] = -INFINITY;
    }
    return x;
}

static float *run(kn_pool *pool, const kn_ops *ops, kn_product p, const float *x, size_t tokens) {
    size_t scratch_size = kn_drive_products_scratch(ops, &p, 1, tokens, p.columns);
    void *scratch = exactly(scratch_size);
    p.out = exactly(tokens * p.rows * sizeof(float));
    for (size_t i = 0; i < tokens * p.rows; i++) p.out[i] = (float)i;
    float *copy = exactly(tokens * p.columns * sizeof(float));
    memcpy(copy, x, tokens * p.columns * sizeof(float));
    kn_chain *chain = kn_chain_make(exactly(kn_chain_size()), pool);
    kn_drive_products(chain, ops, &p, 1, (kn_rows){copy, p.columns}, tokens, p.columns, scratch);
    free(chain);
    free(scratch);
    free(copy);
    return p.out;
}

/* Payloads of NaN are not part of the contract. */
static bool alike(float a, float b) {
    uint32_t x, y;
    memcpy(&x, &a, 4);
    memcpy(&y, &b, 4);
    return x == y || (isnan(a) && isnan(b));
}

static void compare(kn_pool *pool, const kn_format *format, kn_product p, content content) {
    for (size_t i = 0; i < COUNT(token_counts); i++) {
        size_t tokens = token_counts[i];
        float *x = make_input(tokens, p.columns, tokens);
        float *expected = run(pool, kn_ops_for(KN_SCALAR), p, x, tokens);
        for (kn_isa isa = KN_SCALAR + 1; isa < KN_ISAS; isa++) {
            const kn_ops *ops = kn_ops_for(isa);
            if (!ops) continue;
            float *found = run(pool, ops, p, x, tokens);
            size_t wrong = 0;
            for (size_t k = 0; k < tokens * p.rows; k++) wrong += !alike(found[k], expected[k]);
            if (wrong) {
                printf("%s %s, input %d, %zu x %zu, %zu tokens, content %d: %zu values differ\n",
                       ops->name, format->name, p.input, p.rows, p.columns, tokens, content,
                       wrong);
            }
            compared++;
            differing += wrong != 0;
            free(found);
        }
        free(expected);
        free(x);
    }
}

static void check(kn_pool *pool, const kn_format *format, size_t rows, size_t columns,
                  content content) {
    uint8_t *file = make_file(format, rows * columns, content, rows * columns);
    size_t size = rows * columns / format->values_per_block * format->bytes_per_block;
    uint8_t *tiles = exactly((rows + KN_TILE_ROWS - 1) / KN_TILE_ROWS *
                             kn_tile_bytes(format->tile, columns));
    const kn_source source = {.blocks = file, .trailer = file + size};
    kn_drive_pack(pool, format, &source, 0, rows, columns, tiles);
    float *bias = exactly(rows * sizeof(float));
    for (size_t r = 0; r < rows; r++) bias[r] = (float)r * 0.5f;
    for (kn_input_kind input = 0; input < KN_INPUT_KINDS; input++) {
        if (!kn_tile_accepts(format->tile, input)) continue;
        kn_product p = {.tiles = tiles, .kind = format->tile, .input = input, .rows = rows,
                        .columns = columns, .out_stride = rows};
        p.accumulate = rows % 2 == 0;
        p.bias = rows % 3 == 0 ? NULL : bias;
        compare(pool, format, p, content);
    }
    free(bias);
    free(tiles);
    free(file);
}

int main(void) {
    static const size_t float_columns[] = {1, 2, 31, 64}, block_columns[] = {32, 96, 288, 544},
                        unit_columns[] = {256, 768};
    kn_pool *pool = kn_pool_create(2);
    size_t count;
    const kn_format *formats = kn_format_all(&count);
    if (!pool) return 70;
    for (const kn_format *f = formats; f < formats + count; f++) {
        const size_t *columns = f->row_values == 1    ? float_columns
                                : f->row_values == 32 ? block_columns
                                                      : unit_columns;
        size_t shapes = f->row_values == 1    ? COUNT(float_columns)
                        : f->row_values == 32 ? COUNT(block_columns)
                                              : COUNT(unit_columns);
        for (size_t r = 0; r < COUNT(row_counts); r++) {
            for (size_t c = 0; c < shapes; c++) {
                check(pool, f, row_counts[r], columns[c], RANDOM);
            }
        }
        for (content content = ZEROS; content < CONTENTS; content++) {
            check(pool, f, 17, columns[shapes - 1], content);
        }
    }
    kn_pool_destroy(pool);
    printf("products: %zu comparisons, %zu differ\n", compared, differing);
    return compared == 0 || differing != 0;
}
