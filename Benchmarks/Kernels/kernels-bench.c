/*
 * The products beside the machine's own limits: GB/s for one token (the weights are read once), and
 * Gop/s for many (two operations per multiply-add), beside a plain DRAM read and a plain int8 dot
 * product measured in the same run.
 *
 *   clang -O3 -ISources/CKernels/include Benchmarks/Kernels/kernels-bench.c \
 *       Sources/CKernels/[a-z]*.c -lm -lpthread -o kernels-bench
 *   ./kernels-bench [threads] [scalar|avx2|avx512] [format]
 *
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

typedef struct reading {
    const uint64_t *words;
    size_t count, tasks;
    uint64_t sums[256];
} reading;

static void read_part(void *context, size_t task, unsigned worker) {
    (void)worker;
    reading *r = context;
    size_t from = r->count / r->tasks * task, to = from + r->count / r->tasks;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t i = from; i + 32 <= to; i += 32) {
        for (size_t k = 0; k < 32; k += 4) {
            a += r->words[i + k], b += r->words[i + k + 1];
            c += r->words[i + k + 2], d += r->words[i + k + 3];
        }
    }
    r->sums[task] = a + b + c + d;
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
                    kn_input_kind input, size_t rows, size_t columns, size_t tokens,
                    double seconds) {
    if (columns % format->values_per_block) return;
    size_t blocks_size = rows * columns / format->values_per_block * format->bytes_per_block;
    size_t tile_bytes = kn_tile_bytes(format->tile, columns);
    size_t packed = (rows + 15) / 16 * tile_bytes;
    uint8_t *file = memory(blocks_size), *tiles = memory(packed);
    const float trailer = 0.01f;
    const kn_source source = {.blocks = file, .trailer = &trailer};
    fill(file, blocks_size, format);
    double start = now();
    kn_drive_pack(pool, format, &source, 0, rows, columns, tiles);
    double pack_seconds = now() - start;
    float *x = memory(tokens * columns * 4), *out = memory(tokens * rows * 4);
    for (size_t i = 0; i < tokens * columns; i++) x[i] = (float)((int)(i * 7919 % 2001) - 1000);
    void *panel = memory(tokens * columns * 4 + 64); /* enough for every kind of input */
    void *const panels[KN_INPUT_KINDS] = {panel, panel, panel};
    kn_product p = {.tiles = tiles, .kind = format->tile, .input = input, .rows = rows,
                    .columns = columns, .out = out, .out_stride = rows};
    double best = 1e9, total = 0;
    size_t runs = 0;
    while (total < seconds || runs < 3) {
        start = now();
        kn_drive_products(pool, ops, &p, 1, (kn_rows){x, columns}, tokens, columns, panels);
        double took = now() - start;
        if (took < best) best = took;
        total += took, runs++;
    }
    double ops_done = 2.0 * (double)rows * (double)columns * (double)tokens;
    printf("%-6s %-5s %6zu x %5zu  tokens %4zu  best %9.1f us  mean %9.1f us  %6.1f GB/s  "
           "%7.1f Gop/s  pack %5.2f GB/s  sum %g\n",
           format->name, input_names[input], rows, columns, tokens, best * 1e6,
           total / (double)runs * 1e6, (double)packed / best * 1e-9, ops_done / best * 1e-9,
           (double)blocks_size / pack_seconds * 1e-9, (double)out[rows / 2]);
    free(file), free(tiles), free(x), free(out), free(panel);
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
    reading r = {.count = (256u << 20) / 8, .tasks = 64};
    uint64_t *words = memory(r.count * 8);
    r.words = words;
    double best = 1e9;
    for (int i = 0; i < 6; i++) {
        double start = now();
        kn_pool_run(pool, read_part, &r, r.tasks);
        double took = now() - start;
        if (took < best) best = took;
    }
    printf("%s, %u threads; plain read %.1f GB/s (%llu)\n", ops->name, threads,
           (double)r.count * 8 / best * 1e-9, (unsigned long long)r.sums[0]);
    free(words);
    measure_peak(pool, ops);
    const struct { size_t rows, columns, tokens; } shapes[] = {
        {32768, 2048, 1}, {896, 896, 1}, {64, 64, 1}, {4864, 896, 8}, {4864, 896, 128},
        {896, 4864, 256}, {64, 64, 64}, {4096, 4096, 1}, {1024, 4096, 96},
    };
    size_t count;
    const kn_format *formats = kn_format_all(&count);
    for (const kn_format *f = formats; f < formats + count; f++) {
        if (argc > 3 && strcmp(argv[3], f->name) != 0) continue;
        for (int input = 0; input < KN_INPUT_KINDS; input++) {
            if (!kn_tile_accepts(f->tile, (kn_input_kind)input)) continue;
            for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
                measure(pool, ops, f, (kn_input_kind)input, shapes[s].rows, shapes[s].columns,
                        shapes[s].tokens, 0.1);
            }
        }
    }
    kn_pool_destroy(pool);
    return 0;
}
