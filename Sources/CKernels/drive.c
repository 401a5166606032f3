/*
 * Whole operations cut into portions for the pool.
 *
 * Guarantees: all cuts give identical bits, because portions own disjoint outputs and a kernel
 * never splits the inner dimension. Small work stays on the caller.
 * Does not: allocate. Scratch comes from the caller.
 */
#include "kn_drive.h"

#include "internal.h"

/* Below about two microseconds of work a fork-join costs more than it saves. Work is counted in
 * weight bytes times tokens for products and in floats for row-wise operations. */
enum {
    PRODUCT_WORK_MIN = 48 * 1024,
    PRODUCT_TASK_WORK = 32 * 1024, /* least work of a portion */
    TASKS_PER_THREAD = 8,          /* enough for balance when a core is shared */
    ROW_WORK_MIN = 16 * 1024,
    PACK_TASK_BYTES = 256 * 1024
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t most(size_t a, size_t b) { return a > b ? a : b; }
static size_t quotient_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* ---- products ---- */

typedef struct product_job {
    const kn_ops *ops;
    const kn_product *products;
    size_t count, tokens, columns;
    kn_rows x;
    void *panels[KN_INPUT_KINDS]; /* NULL when no product needs the kind */
    size_t tiles_per_portion, panels_per_portion, panel_groups;
} product_job;

typedef void input_function(const float *x, size_t stride, size_t tokens, size_t columns,
                            void *panel);

static input_function *input_kernel(const kn_ops *ops, kn_input_kind kind) {
    switch (kind) {
    case KN_INPUT_FLOAT: return ops->interleave;
    case KN_INPUT_INT8: return ops->quantise;
    default: return ops->quantise_row;
    }
}

/* Bytes of a panel per token. */
static size_t panel_bytes(kn_input_kind kind, size_t columns) {
    return kind == KN_INPUT_FLOAT ? columns * sizeof(float) : kn_int8_panel_bytes(columns);
}

/* Portion: a panel of the input, converted to each kind that a product needs. */
static void prepare_panel(void *context, size_t panel, unsigned worker) {
    (void)worker;
    const product_job *job = context;
    size_t start = kn_panel_start(job->tokens, panel);
    size_t size = kn_panel_start(job->tokens, panel + 1) - start;
    const float *x = job->x.at + start * job->x.stride;
    for (int kind = 0; kind < KN_INPUT_KINDS; kind++) {
        uint8_t *to = job->panels[kind];
        if (!to || to == (const void *)job->x.at) continue;
        to += start * panel_bytes((kn_input_kind)kind, job->columns);
        input_kernel(job->ops, (kn_input_kind)kind)(x, job->x.stride, size, job->columns, to);
    }
}

static size_t tile_count(const kn_product *p) { return quotient_up(p->rows, KN_TILE_ROWS); }

static size_t chunk_count(const product_job *job, const kn_product *p) {
    return quotient_up(tile_count(p), job->tiles_per_portion);
}

/* A portion: some tiles of a product times a group of panels. Neighbouring portions share the
 * tiles. */
static void multiply(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const product_job *job = context;
    size_t group = portion % job->panel_groups, chunk = portion / job->panel_groups;
    const kn_product *p = job->products;
    for (size_t chunks; chunk >= (chunks = chunk_count(job, p)); p++) chunk -= chunks;
    size_t panels = kn_panel_count(job->tokens);
    size_t tile0 = chunk * job->tiles_per_portion, panel0 = group * job->panels_per_portion;
    job->ops->product[p->kind][p->input](
        p, tile0, least(tile0 + job->tiles_per_portion, tile_count(p)), job->panels[p->input],
        job->tokens, panel0, least(panel0 + job->panels_per_portion, panels));
}

/* Chooses the cut and returns the number of portions. */
static size_t cut_products(product_job *job, unsigned threads, size_t work, size_t tiles) {
    size_t panels = kn_panel_count(job->tokens);
    job->tiles_per_portion = SIZE_MAX / 2;
    job->panels_per_portion = panels;
    job->panel_groups = 1;
    if (threads > 1 && work >= PRODUCT_WORK_MIN) {
        size_t wanted = least((size_t)threads * TASKS_PER_THREAD,
                              most(2, work / PRODUCT_TASK_WORK));
        job->tiles_per_portion = most(1, tiles / wanted);
        size_t chunks = quotient_up(tiles, job->tiles_per_portion);
        if (chunks < wanted && panels > 1) {
            job->panels_per_portion =
                quotient_up(panels, least(panels, quotient_up(wanted, chunks)));
            job->panel_groups = quotient_up(panels, job->panels_per_portion);
        }
    }
    size_t chunks = 0;
    for (size_t i = 0; i < job->count; i++) {
        chunks += chunk_count(job, &job->products[i]);
    }
    return chunks * job->panel_groups;
}

void kn_drive_products(kn_pool *pool, const kn_ops *ops, const kn_product *products, size_t count,
                       kn_rows x, size_t tokens, size_t columns,
                       void *const panels[KN_INPUT_KINDS]) {
    if (tokens == 0 || count == 0) return;
    product_job job = {.ops = ops, .products = products, .count = count, .tokens = tokens,
                       .columns = columns, .x = x};
    size_t work = 0, tiles = 0;
    bool prepares = false; /* stays false when x is the panel: single token, float input */
    for (size_t i = 0; i < count; i++) {
        tiles += tile_count(&products[i]);
        work += tile_count(&products[i]) * kn_tile_bytes(products[i].kind, columns) * tokens;
        kn_input_kind input = products[i].input;
        bool is_row_itself = input == KN_INPUT_FLOAT && tokens == 1;
        job.panels[input] = is_row_itself ? x.at : panels[input];
        prepares |= !is_row_itself;
    }
    if (prepares) {
        size_t count = kn_panel_count(tokens);
        if (tokens * columns < ROW_WORK_MIN) {
            for (size_t i = 0; i < count; i++) prepare_panel(&job, i, 0);
        } else {
            kn_pool_run(pool, prepare_panel, &job, count);
        }
    }
    size_t portions = cut_products(&job, kn_pool_threads(pool), work, tiles);
    if (portions == count) { /* no product is cut: the caller runs all */
        for (size_t i = 0; i < portions; i++) multiply(&job, i, 0);
    } else {
        kn_pool_run(pool, multiply, &job, portions);
    }
}

/* ---- packing ---- */

typedef struct pack_job {
    const kn_format *format;
    const kn_source *source;
    uint8_t *tiles;
    size_t tile_bytes, columns, first_tile, row_end, tiles_per_portion;
} pack_job;

static void pack_tiles(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const pack_job *job = context;
    size_t tile = job->first_tile + portion * job->tiles_per_portion;
    size_t end = least(tile + job->tiles_per_portion, quotient_up(job->row_end, KN_TILE_ROWS));
    for (; tile < end; tile++) {
        size_t row = tile * KN_TILE_ROWS;
        job->format->pack(job->format, job->source, row, least(KN_TILE_ROWS, job->row_end - row),
                          job->columns, job->tiles + tile * job->tile_bytes);
    }
}

void kn_drive_pack(kn_pool *pool, const kn_format *format, const kn_source *source, size_t row0,
                   size_t row1, size_t columns, void *tiles) {
    size_t tile_bytes = kn_tile_bytes(format->tile, columns);
    pack_job job = {
        .format = format, .source = source, .tiles = tiles, .columns = columns, .row_end = row1,
        .tile_bytes = tile_bytes, .first_tile = row0 / KN_TILE_ROWS,
        .tiles_per_portion = most(1, PACK_TASK_BYTES / most(1, tile_bytes)),
    };
    size_t count = quotient_up(row1, KN_TILE_ROWS) - job.first_tile;
    kn_pool_run(pool, pack_tiles, &job, quotient_up(count, job.tiles_per_portion));
}

/* ---- row-wise operations ---- */

typedef struct row_job {
    const kn_ops *ops;
    void (*one)(const struct row_job *job, size_t row);
    kn_rows x, up, out; /* operations in place: out */
    size_t rows, width, rows_per_portion;
    size_t heads, head_length;
    kn_norm norm;
    kn_rope rope;
    kn_activation act;
    float factor;
} row_job;

static float *row_at(kn_rows x, size_t row) { return x.at + row * x.stride; }

static void run_rows(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const row_job *job = context;
    size_t row = portion * job->rows_per_portion;
    size_t end = least(row + job->rows_per_portion, job->rows);
    for (; row < end; row++) job->one(job, row);
}

static void drive_rows(kn_pool *pool, row_job *job) {
    if (job->rows == 0) return;
    size_t portions = 1;
    if (job->rows * job->width >= ROW_WORK_MIN) {
        portions = least(job->rows, (size_t)kn_pool_threads(pool) * TASKS_PER_THREAD);
    }
    job->rows_per_portion = quotient_up(job->rows, portions);
    kn_pool_run(pool, run_rows, job, quotient_up(job->rows, job->rows_per_portion));
}

static void norm_row(const row_job *j, size_t row) {
    j->ops->rms_norm(row_at(j->x, row), j->norm.weight, j->norm.epsilon, j->width,
                     row_at(j->out, row));
}

void kn_drive_rms_norm(kn_pool *pool, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                       size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = norm_row, .x = x, .out = y, .rows = rows, .width = width,
                   .norm = norm};
    drive_rows(pool, &job);
}

static void layer_norm_row(const row_job *j, size_t row) {
    j->ops->layer_norm(row_at(j->x, row), j->norm.weight, j->norm.bias, j->norm.epsilon, j->width,
                       row_at(j->out, row));
}

void kn_drive_layer_norm(kn_pool *pool, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                         size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = layer_norm_row, .x = x, .out = y, .rows = rows,
                   .width = width, .norm = norm};
    drive_rows(pool, &job);
}

static void head_norm_row(const row_job *j, size_t row) {
    for (size_t h = 0; h < j->heads; h++) {
        float *head = row_at(j->out, row) + h * j->head_length;
        j->ops->rms_norm(head, j->norm.weight, j->norm.epsilon, j->head_length, head);
    }
}

void kn_drive_head_norm(kn_pool *pool, const kn_ops *ops, kn_norm norm, kn_rows x, size_t rows,
                        size_t heads, size_t head_length) {
    row_job job = {.ops = ops, .one = head_norm_row, .out = x, .rows = rows,
                   .width = heads * head_length, .heads = heads, .head_length = head_length,
                   .norm = norm};
    drive_rows(pool, &job);
}

/* Rounds each value once, so the compiler's choice of instructions does not change the bits. */
static void scale_row(const row_job *j, size_t row) {
    float *x = row_at(j->out, row);
    for (size_t i = 0; i < j->width; i++) x[i] = x[i] * j->factor;
}

void kn_drive_scale(kn_pool *pool, float factor, kn_rows x, size_t rows, size_t width) {
    row_job job = {.one = scale_row, .out = x, .rows = rows, .width = width, .factor = factor};
    drive_rows(pool, &job);
}

static void round_row(const row_job *j, size_t row) {
    float *x = row_at(j->out, row), largest = KN_ROUND_ROWS_MIN;
    for (size_t i = 0; i < j->width; i++) {
        float size = fabsf(x[i]);
        largest = size > largest ? size : largest;
    }
    float scale = 127.0f / largest;
    for (size_t i = 0; i < j->width; i++) {
        float step = rintf(x[i] * scale);
        x[i] = (step < -128.0f ? -128.0f : step > 127.0f ? 127.0f : step) / scale;
    }
}

void kn_drive_round_rows(kn_pool *pool, kn_rows x, size_t rows, size_t width) {
    row_job job = {.one = round_row, .out = x, .rows = rows, .width = width};
    drive_rows(pool, &job);
}

static void rope_row(const row_job *j, size_t row) {
    const kn_rope *rope = &j->rope;
    for (size_t h = 0; h < rope->heads; h++) {
        j->ops->rope(row_at(j->out, row) + h * rope->head_length, rope->style, rope->rotary,
                     rope->cosines[row], rope->sines[row]);
    }
}

void kn_drive_rope(kn_pool *pool, const kn_ops *ops, kn_rope rope, kn_rows x, size_t rows) {
    row_job job = {.ops = ops, .one = rope_row, .out = x, .rows = rows,
                   .width = rope.heads * rope.head_length, .rope = rope};
    drive_rows(pool, &job);
}

static void gate_row(const row_job *j, size_t row) {
    j->ops->gate(j->act, row_at(j->x, row), j->up.at ? row_at(j->up, row) : NULL, j->width,
                 row_at(j->out, row));
}

void kn_drive_gate(kn_pool *pool, const kn_ops *ops, kn_activation act, kn_rows gate, kn_rows up,
                   kn_rows out, size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = gate_row, .act = act, .x = gate, .up = up, .out = out,
                   .rows = rows, .width = width};
    drive_rows(pool, &job);
}

static void add_row(const row_job *j, size_t row) {
    j->ops->add(row_at(j->x, row), j->width, row_at(j->out, row));
}

void kn_drive_add(kn_pool *pool, const kn_ops *ops, kn_rows a, kn_rows b, size_t rows,
                  size_t width) {
    row_job job = {.ops = ops, .one = add_row, .x = a, .out = b, .rows = rows, .width = width};
    drive_rows(pool, &job);
}
