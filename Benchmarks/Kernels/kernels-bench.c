/*
 * The products beside the machine's own limits: the share of the memory's bandwidth that they reach
 * while weights come from memory, and Gop/s (two operations per multiply-add). Attention of many
 * streams beside them. scripts/bench.sh builds and runs the program with clang: gcc sends 64-byte
 * vectors through the stack, which halves a reading.
 *
 *   kernels-bench [threads] [scalar|avx2|avx512] [format]...
 *   kernels-bench threads set bandwidth           reads the memory only
 *
 * Each round reads the memory and then runs every count of rows once. A share is the median of the
 * rounds' own ratios, because a shared machine changes from second to second.
 * Does not: measure a model. Prints a checksum so that nothing is optimised away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "CKernels.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *memory(size_t size) {
    size_t huge = 2u << 20;
    void *p = aligned_alloc(huge, (size + huge - 1) / huge * huge);
    madvise(p, size, MADV_HUGEPAGE);
    memset(p, 0, size);
    return p;
}

enum {
    WEIGHT_BYTES = 320 << 20, /* more than the caches of most machines */
    COLUMNS = 4096,
    TOKENS_MAX = 64,
    ROUNDS = 7
};
static const size_t token_counts[] = {1, 2, 3, 4, 8, 16, TOKENS_MAX};
enum { COUNTS = sizeof token_counts / sizeof *token_counts };

static int in_order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, in_order);
    return values[count / 2];
}

typedef struct reading {
    const uint64_t *words;
    size_t count, tasks;
    uint64_t sums[256];
} reading;

typedef uint64_t eight __attribute__((vector_size(64)));

static void read_part(void *context, size_t task, unsigned worker) {
    (void)worker;
    reading *r = context;
    size_t size = r->count / r->tasks / 32 * 4;
    const eight *at = (const eight *)(const void *)r->words + task * size;
    eight a = {0}, b = a, c = a, d = a;
    for (size_t i = 0; i + 4 <= size; i += 4) {
        a += at[i], b += at[i + 1], c += at[i + 2], d += at[i + 3];
    }
    a += b + c + d;
    r->sums[task] = a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7];
}

/* Bytes a second of a plain read of the weights, a stream per thread. */
static double read_rate(kn_pool *pool, const void *bytes, size_t size) {
    reading r = {.words = bytes, .count = size / 8, .tasks = kn_pool_threads(pool)};
    double start = now();
    kn_pool_run(pool, read_part, &r, r.tasks);
    double took = now() - start;
    if (r.sums[0] == 1) puts("");
    return (double)size / took;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Twelve chains of 64 multiply-adds an instruction: the ceiling of the int8 products. */
__attribute__((target("avx512f,avx512vnni,avx512bw"))) static void dot_part(void *context,
                                                                            size_t task,
                                                                            unsigned worker) {
    (void)worker;
    reading *r = context;
    __m512i sums[12], a = _mm512_set1_epi32((int)task), b = _mm512_set1_epi32(3);
    for (int i = 0; i < 12; i++) sums[i] = _mm512_set1_epi32(i);
    for (size_t k = 0; k < r->count; k++) {
        for (int i = 0; i < 12; i++) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
        __asm__ volatile("" : "+v"(a));
    }
    for (int i = 1; i < 12; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
    r->sums[task] = (uint64_t)_mm512_reduce_add_epi32(sums[0]);
}

static void measure_peak(kn_pool *pool, const kn_ops *ops) {
    if (strcmp(ops->name, "avx512") != 0) return;
    reading r = {.count = 100000, .tasks = 16};
    double best = 1e9;
    for (int i = 0; i < 6; i++) {
        double start = now();
        kn_pool_run(pool, dot_part, &r, r.tasks);
        double took = now() - start;
        if (took < best) best = took;
    }
    double done = 128.0 * 12 * (double)(r.count * r.tasks);
    printf("int8 dot peak %.0f Gop/s (%llu)\n", done / best * 1e-9, (unsigned long long)r.sums[1]);
}
#else
static void measure_peak(kn_pool *pool, const kn_ops *ops) { (void)pool, (void)ops; }
#endif

static void fill(uint8_t *bytes, size_t size, const kn_format *format) {
    uint32_t state = 12345;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    for (size_t i = 0; i + format->bytes_per_block <= size; i += format->bytes_per_block) {
        if (format->tile == KN_TILE_F32) bytes[i + 3] = 0x3C;
        if (format->tile == KN_TILE_BF16) bytes[i + 1] = 0x3C;
        for (size_t h = 0; h < format->f16_count; h++) { /* small positive scales */
            bytes[i + format->f16_offset[h] + 1] = 0x20;
        }
    }
}

static const char *const input_names[KN_INPUT_KINDS] = {"float", "int8", "row"};

static void measure(kn_pool *pool, const kn_ops *ops, const kn_format *format,
                    kn_input_kind input) {
    const size_t tile_bytes = kn_tile_bytes(format->tile, COLUMNS);
    const size_t tiles_count = WEIGHT_BYTES / tile_bytes, rows = tiles_count * KN_TILE_ROWS;
    const size_t packed = tiles_count * tile_bytes;
    const size_t file_size = KN_TILE_ROWS * COLUMNS / format->values_per_block *
                             format->bytes_per_block;
    uint8_t *file = memory(file_size), *tiles = memory(packed);
    const float trailer = 0.01f;
    const kn_source source = {.blocks = file, .trailer = &trailer};
    fill(file, file_size, format);
    for (size_t i = 0; i < tiles_count; i++) { /* the same rows in each tile */
        format->pack(format, &source, 0, KN_TILE_ROWS, COLUMNS, tiles + i * tile_bytes);
    }
    float *x = memory(TOKENS_MAX * COLUMNS * 4), *out = memory(TOKENS_MAX * rows * 4);
    for (size_t i = 0; i < TOKENS_MAX * COLUMNS; i++) x[i] = (float)((int)(i * 7919 % 2001) - 1000);
    kn_product p = {.tiles = tiles, .kind = format->tile, .input = input, .rows = rows,
                    .columns = COLUMNS, .out = out, .out_stride = rows};
    void *scratch = memory(kn_drive_products_scratch(ops, &p, 1, TOKENS_MAX, COLUMNS));
    kn_chain *chain = kn_chain_make(memory(kn_chain_size()), pool);
    double rates[COUNTS][ROUNDS], took[COUNTS][ROUNDS], shares[COUNTS][ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNTS; i++) {
            rates[i][round] = read_rate(pool, tiles, packed);
            double start = now();
            kn_drive_products(chain, ops, &p, 1, (kn_rows){x, COLUMNS}, token_counts[i], COLUMNS,
                              scratch);
            took[i][round] = now() - start;
            shares[i][round] = (double)packed / took[i][round] / rates[i][round];
        }
    }
    for (size_t i = 0; i < COUNTS; i++) {
        double seconds = median(took[i], ROUNDS), rate = median(rates[i], ROUNDS);
        double operations = 2.0 * (double)rows * COLUMNS * (double)token_counts[i];
        printf("%-7s %-5s rows %3zu  %6.1f GB/s of %6.1f  share %.2f  %7.1f Gop/s  sum %g\n",
               format->name, input_names[input], token_counts[i],
               (double)packed / seconds * 1e-9, rate * 1e-9, median(shares[i], ROUNDS),
               operations / seconds * 1e-9, (double)out[rows / 2]);
    }
    free(file), free(tiles), free(x), free(out), free(scratch), free(chain);
}

/* One row of each of many streams, over the layers of the 15M shape. */
static void measure_attention(kn_pool *pool, const kn_ops *ops) {
    enum { STREAMS = 16, LENGTH = 256, LAYERS = 6, HEADS = 6, HEAD = 48 };
    enum { PAGES = STREAMS * LENGTH / KN_PAGE_POSITIONS };
    const size_t half = (size_t)PAGES * KN_PAGE_POSITIONS * HEADS * HEAD;
    float *cache = memory(LAYERS * 2 * half * 4), *q = memory(2 * STREAMS * HEADS * HEAD * 4);
    float *scores = memory(kn_pool_threads(pool) * KN_ATTEND_ROWS * LENGTH * 4);
    int32_t pages[PAGES];
    kn_span spans[STREAMS];
    for (int32_t i = 0; i < PAGES; i++) pages[i] = i;
    for (size_t i = 0; i < STREAMS; i++) {
        spans[i] = (kn_span){.pages = i * PAGES / STREAMS, .first = LENGTH - 1, .rows = 1};
    }
    for (size_t i = 0; i < LAYERS * 2 * half; i++) cache[i] = (float)(i % 97) * 0.01f;
    for (size_t i = 0; i < STREAMS * HEADS * HEAD; i++) q[i] = (float)(i % 89) * 0.01f;
    kn_attention a = {.pages = pages, .spans = spans, .span_count = STREAMS, .heads = HEADS,
                      .scale = 0.1f, .q = {q, HEADS * HEAD},
                      .out = {q + STREAMS * HEADS * HEAD, HEADS * HEAD},
                      .scores = {scores, LENGTH}};
    kn_chain *chain = kn_chain_make(memory(kn_chain_size()), pool);
    double took[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        double start = now();
        for (size_t layer = 0; layer < LAYERS; layer++) {
            float *keys = cache + layer * 2 * half;
            a.layer = (kn_cache_layer){.keys = keys, .values = keys + half, .kv_heads = HEADS,
                                       .key_length = HEAD, .value_length = HEAD,
                                       .value_width = HEAD};
            kn_drive_attend(chain, ops, a);
        }
        took[round] = now() - start;
    }
    double bytes = 4.0 * LAYERS * 2 * (double)half, seconds = median(took, ROUNDS);
    printf("attention of %d streams, %d positions, %d layers: %.2f ms, %.1f MB, %.1f GB/s (%g)\n",
           STREAMS, LENGTH, LAYERS, seconds * 1e3, bytes * 1e-6, bytes / seconds * 1e-9,
           (double)a.out.at[0]);
    free(cache), free(q), free(scores), free(chain);
}

static bool is_wanted(const kn_format *format, int count, char **names) {
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], format->name) == 0) return true;
    }
    return count <= 0;
}

/* The median of the rounds' readings. */
static void measure_bandwidth(kn_pool *pool) {
    void *bytes = memory(WEIGHT_BYTES);
    double rates[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) rates[i] = read_rate(pool, bytes, WEIGHT_BYTES);
    printf("read %.1f GB/s\n", median(rates, ROUNDS) * 1e-9);
    free(bytes);
}

int main(int argc, char **argv) {
    unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    kn_isa isa = kn_isa_best();
    for (int i = 0; i < KN_ISAS && argc > 2; i++) {
        const kn_ops *ops = kn_ops_for((kn_isa)i);
        if (ops && strcmp(argv[2], ops->name) == 0) isa = (kn_isa)i;
    }
    const kn_ops *ops = kn_ops_for(isa);
    kn_pool *pool = kn_pool_create(threads);
    if (pool == NULL) return 70;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s, %u threads\n", ops->name, threads);
    if (argc == 4 && strcmp(argv[3], "bandwidth") == 0) {
        measure_bandwidth(pool);
        kn_pool_destroy(pool);
        return 0;
    }
    measure_peak(pool, ops);
    size_t count;
    const kn_format *formats = kn_format_all(&count);
    for (const kn_format *f = formats; f < formats + count; f++) {
        if (!is_wanted(f, argc - 3, argv + 3)) continue;
        for (int input = 0; input < KN_INPUT_KINDS; input++) {
            if (kn_tile_accepts(f->tile, (kn_input_kind)input)) {
                measure(pool, ops, f, (kn_input_kind)input);
            }
        }
    }
    measure_attention(pool, ops);
    kn_pool_destroy(pool);
    return 0;
}
