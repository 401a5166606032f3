/*
 * Whole operations cut into tasks for the pool.
 *
 * Guarantees: all cuts give identical bits, because tasks own disjoint outputs and a kernel never
 * splits the inner dimension. Small work stays on the caller.
 * Does not: allocate. Scratch comes from the caller.
 */
#include "kn_drive.h"

#include "internal.h"

/* Below about two microseconds of work a fork-join costs more than it saves. Work is counted in
 * weight bytes times tokens for products and in floats for row-wise operations. */
enum {
    PRODUCT_WORK_MIN = 48 * 1024,
    PRODUCT_TASK_WORK = 32 * 1024, /* least work of a task */
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
    const float *x;
    size_t stride;
    void *panels[KN_INPUT_KINDS]; /* NULL when no product needs the kind */
    size_t tiles_per_task, panels_per_task, panel_groups;
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

/* Task: a panel of the input, converted to each kind that a product needs. */
static void prepare_panel(void *context, size_t panel, unsigned worker) {
    (void)worker;
    const product_job *job = context;
    size_t start = kn_panel_start(job->tokens, panel);
    size_t size = kn_panel_start(job->tokens, panel + 1) - start;
    const float *x = job->x + start * job->stride;
    for (int kind = 0; kind < KN_INPUT_KINDS; kind++) {
        uint8_t *to = job->panels[kind];
        if (!to || to == (const void *)job->x) continue;
        to += start * panel_bytes((kn_input_kind)kind, job->columns);
        input_kernel(job->ops, (kn_input_kind)kind)(x, job->stride, size, job->columns, to);
    }
}

static size_t tile_count(const kn_product *p) { return quotient_up(p->rows, KN_TILE_ROWS); }

/* Task: some tiles of a product times a group of panels. Neighbouring tasks share the tiles. */
static void multiply(void *context, size_t task, unsigned worker) {
    (void)worker;
    const product_job *job = context;
    size_t group = task % job->panel_groups, chunk = task / job->panel_groups;
    const kn_product *p = job->products;
    for (size_t chunks; chunk >= (chunks = quotient_up(tile_count(p), job->tiles_per_task)); p++) {
        chunk -= chunks;
    }
    size_t panels = kn_panel_count(job->tokens);
    size_t tile0 = chunk * job->tiles_per_task, panel0 = group * job->panels_per_task;
    bool is_ternary_float = p->kind == KN_TILE_TERNARY && p->input == KN_INPUT_FLOAT;
    (is_ternary_float ? job->ops->ternary_float : job->ops->product[p->kind])(
        p, tile0, least(tile0 + job->tiles_per_task, tile_count(p)), job->panels[p->input],
        job->tokens, panel0, least(panel0 + job->panels_per_task, panels));
}

/* Chooses the cut and returns the number of tasks. */
static size_t cut_products(product_job *job, unsigned threads, size_t work, size_t tiles) {
    size_t panels = kn_panel_count(job->tokens);
    job->tiles_per_task = SIZE_MAX / 2;
    job->panels_per_task = panels;
    job->panel_groups = 1;
    if (threads > 1 && work >= PRODUCT_WORK_MIN) {
        size_t wanted = least((size_t)threads * TASKS_PER_THREAD,
                              most(2, work / PRODUCT_TASK_WORK));
        job->tiles_per_task = most(1, tiles / wanted);
        size_t chunks = quotient_up(tiles, job->tiles_per_task);
        if (chunks < wanted && panels > 1) {
            job->panels_per_task = quotient_up(panels, least(panels, quotient_up(wanted, chunks)));
            job->panel_groups = quotient_up(panels, job->panels_per_task);
        }
    }
    size_t chunks = 0;
    for (size_t i = 0; i < job->count; i++) {
        chunks += quotient_up(tile_count(&job->products[i]), job->tiles_per_task);
    }
    return chunks * job->panel_groups;
}

void kn_drive_products(kn_pool *pool, const kn_ops *ops, const kn_product *products, size_t count,
                       const float *x, size_t stride, size_t tokens, size_t columns,
                       void *const panels[KN_INPUT_KINDS]) {
    if (tokens == 0 || count == 0) return;
    product_job job = {.ops = ops, .products = products, .count = count, .tokens = tokens,
                       .columns = columns, .x = x, .stride = stride};
    size_t work = 0, tiles = 0;
    bool prepares = false; /* stays false when x is the panel: single token, float input */
    for (size_t i = 0; i < count; i++) {
        tiles += tile_count(&products[i]);
        work += tile_count(&products[i]) * kn_tile_bytes(products[i].kind, columns) * tokens;
        kn_input_kind input = products[i].input;
        bool is_row_itself = input == KN_INPUT_FLOAT && tokens == 1;
        job.panels[input] = is_row_itself ? (void *)(uintptr_t)x : panels[input];
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
    size_t tasks = cut_products(&job, kn_pool_threads(pool), work, tiles);
    if (tasks == count) { /* no product is cut: the caller runs all */
        for (size_t i = 0; i < tasks; i++) multiply(&job, i, 0);
    } else {
        kn_pool_run(pool, multiply, &job, tasks);
    }
}

/* ---- packing ---- */

typedef struct pack_job {
    const kn_format *format;
    const kn_source *source;
    uint8_t *tiles;
    size_t tile_bytes, columns, first_tile, row_end, tiles_per_task;
} pack_job;

static void pack_tiles(void *context, size_t task, unsigned worker) {
    (void)worker;
    const pack_job *job = context;
    size_t tile = job->first_tile + task * job->tiles_per_task;
    size_t end = least(tile + job->tiles_per_task, quotient_up(job->row_end, KN_TILE_ROWS));
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
        .tiles_per_task = most(1, PACK_TASK_BYTES / most(1, tile_bytes)),
    };
    size_t count = quotient_up(row1, KN_TILE_ROWS) - job.first_tile;
    kn_pool_run(pool, pack_tiles, &job, quotient_up(count, job.tiles_per_task));
}

/* ---- row-wise operations ---- */

typedef struct row_job {
    const kn_ops *ops;
    const float *a, *b, *bias;
    float *out;
    size_t a_stride, b_stride, out_stride, width, rows, rows_per_task;
    float epsilon, factor;
    kn_activation act;
    void (*one)(const struct row_job *job, size_t row);
    size_t heads, head_length, rotary;
    kn_rope_style style;
    const float *const *cosines, *const *sines;
} row_job;

static void run_rows(void *context, size_t task, unsigned worker) {
    (void)worker;
    const row_job *job = context;
    size_t row = task * job->rows_per_task, end = least(row + job->rows_per_task, job->rows);
    for (; row < end; row++) job->one(job, row);
}

static void drive_rows(kn_pool *pool, row_job *job) {
    if (job->rows == 0) return;
    size_t tasks = 1;
    if (job->rows * job->width >= ROW_WORK_MIN) {
        tasks = least(job->rows, (size_t)kn_pool_threads(pool) * TASKS_PER_THREAD);
    }
    job->rows_per_task = quotient_up(job->rows, tasks);
    kn_pool_run(pool, run_rows, job, quotient_up(job->rows, job->rows_per_task));
}

static void norm_row(const row_job *j, size_t row) {
    j->ops->rms_norm(j->a + row * j->a_stride, j->b, j->epsilon, j->width,
                     j->out + row * j->out_stride);
}

void kn_drive_rms_norm(kn_pool *pool, const kn_ops *ops, const float *x, size_t x_stride,
                       const float *weight, float epsilon, size_t rows, size_t width, float *y,
                       size_t y_stride) {
    row_job job = {.ops = ops, .one = norm_row, .a = x, .a_stride = x_stride, .b = weight,
                   .epsilon = epsilon, .rows = rows, .width = width, .out = y,
                   .out_stride = y_stride};
    drive_rows(pool, &job);
}

static void layer_norm_row(const row_job *j, size_t row) {
    j->ops->layer_norm(j->a + row * j->a_stride, j->b, j->bias, j->epsilon, j->width,
                       j->out + row * j->out_stride);
}

void kn_drive_layer_norm(kn_pool *pool, const kn_ops *ops, const float *x, size_t x_stride,
                         const float *weight, const float *bias, float epsilon, size_t rows,
                         size_t width, float *y, size_t y_stride) {
    row_job job = {.ops = ops, .one = layer_norm_row, .a = x, .a_stride = x_stride, .b = weight,
                   .bias = bias, .epsilon = epsilon, .rows = rows, .width = width, .out = y,
                   .out_stride = y_stride};
    drive_rows(pool, &job);
}

static void head_norm_row(const row_job *j, size_t row) {
    for (size_t h = 0; h < j->heads; h++) {
        float *head = j->out + row * j->out_stride + h * j->head_length;
        j->ops->rms_norm(head, j->b, j->epsilon, j->head_length, head);
    }
}

void kn_drive_head_norm(kn_pool *pool, const kn_ops *ops, float *x, size_t stride, size_t rows,
                        size_t heads, size_t head_length, const float *weight, float epsilon) {
    row_job job = {.ops = ops, .one = head_norm_row, .out = x, .out_stride = stride, .rows = rows,
                   .width = heads * head_length, .heads = heads, .head_length = head_length,
                   .b = weight, .epsilon = epsilon};
    drive_rows(pool, &job);
}

/* Rounds each value once, so the compiler's choice of instructions does not change the bits. */
static void scale_row(const row_job *j, size_t row) {
    float *x = j->out + row * j->out_stride;
    for (size_t i = 0; i < j->width; i++) x[i] = x[i] * j->factor;
}

void kn_drive_scale(kn_pool *pool, float factor, float *x, size_t stride, size_t rows,
                    size_t width) {
    row_job job = {.one = scale_row, .out = x, .out_stride = stride, .rows = rows, .width = width,
                   .factor = factor};
    drive_rows(pool, &job);
}

static void round_row(const row_job *j, size_t row) {
    float *x = j->out + row * j->out_stride, largest = KN_ROUND_ROWS_MIN;
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

void kn_drive_round_rows(kn_pool *pool, float *x, size_t stride, size_t rows, size_t width) {
    row_job job = {.one = round_row, .out = x, .out_stride = stride, .rows = rows,
                   .width = width};
    drive_rows(pool, &job);
}

static void rope_row(const row_job *j, size_t row) {
    for (size_t h = 0; h < j->heads; h++) {
        j->ops->rope(j->out + row * j->out_stride + h * j->head_length, j->style, j->rotary,
                     j->cosines[row], j->sines[row]);
    }
}

void kn_drive_rope(kn_pool *pool, const kn_ops *ops, float *x, size_t stride, size_t rows,
                   size_t heads, size_t head_length, size_t rotary, kn_rope_style style,
                   const float *const *cosines, const float *const *sines) {
    row_job job = {.ops = ops, .one = rope_row, .out = x, .out_stride = stride, .rows = rows,
                   .width = heads * head_length, .heads = heads, .head_length = head_length,
                   .rotary = rotary, .style = style, .cosines = cosines, .sines = sines};
    drive_rows(pool, &job);
}

static void gate_row(const row_job *j, size_t row) {
    j->ops->gate(j->act, j->a + row * j->a_stride, j->b ? j->b + row * j->b_stride : NULL, j->width,
                 j->out + row * j->out_stride);
}

void kn_drive_gate(kn_pool *pool, const kn_ops *ops, kn_activation act, const float *gate,
                   size_t gate_stride, const float *up, size_t up_stride, size_t rows,
                   size_t width, float *out, size_t out_stride) {
    row_job job = {.ops = ops, .one = gate_row, .act = act, .a = gate, .a_stride = gate_stride,
                   .b = up, .b_stride = up_stride, .rows = rows, .width = width, .out = out,
                   .out_stride = out_stride};
    drive_rows(pool, &job);
}

static void add_row(const row_job *j, size_t row) {
    j->ops->add(j->a + row * j->a_stride, j->width, j->out + row * j->out_stride);
}

void kn_drive_add(kn_pool *pool, const kn_ops *ops, const float *a, size_t a_stride, size_t rows,
                  size_t width, float *b, size_t b_stride) {
    row_job job = {.ops = ops, .one = add_row, .a = a, .a_stride = a_stride, .rows = rows,
                   .width = width, .out = b, .out_stride = b_stride};
    drive_rows(pool, &job);
}
