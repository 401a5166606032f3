/*
 * Whole operations cut into portions, as stages of a chain.
 *
 * Guarantees: all cuts give identical bits, because portions own disjoint outputs and a kernel
 * never splits the inner dimension. Small work is a single portion.
 * Does not: allocate. Scratch comes from the caller.
 */
#include "kn_drive.h"

#include "chain.h"
#include "internal.h"

/* Below about two microseconds of work a join costs more than it saves. Work is counted in weight
 * bytes times tokens for products and in floats for row-wise operations. */
enum {
    PRODUCT_WORK_MIN = 48 * 1024,
    PRODUCT_TASK_WORK = 48 * 1024, /* least work of a portion */
    TASKS_PER_THREAD = 8,          /* enough for balance when a core is shared */
    ROW_WORK_MIN = 16 * 1024,
    PORTION_PANEL_BYTES = 384 * 1024, /* most bytes of panels of a portion */
    PACK_TASK_BYTES = 256 * 1024
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t most(size_t a, size_t b) { return a > b ? a : b; }
static size_t quotient_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* ---- products ---- */

/* Inputs of a job: each layout of panels that a product reads, filled once. */
enum { INPUTS_MAX = 8, PRODUCTS_MAX = 8 };

typedef struct product_input {
    const kn_panels *panels;
    uint8_t *at;
    bool is_x; /* a single row of floats, read where it stands */
} product_input;

typedef struct product_job {
    const kn_ops *ops;
    size_t count, tokens, columns;
    kn_rows x;
    product_input inputs[INPUTS_MAX];
    size_t input_count;
    size_t tiles_per_portion, panel_groups;
    kn_product products[]; /* count */
} product_job;

static const kn_product_kernel *kernel_of(const kn_ops *ops, const kn_product *p) {
    return &ops->product[p->kind][p->input];
}

static size_t input_bytes(const kn_panels *panels, size_t tokens, size_t columns) {
    return quotient_up(tokens * kn_panel_token_bytes(panels, columns), 64) * 64;
}

/* Lists the distinct panels of the products from `scratch` on, and returns their bytes. */
static size_t place_inputs(product_job *job, const kn_product *products, uint8_t *scratch) {
    size_t used = 0;
    for (size_t i = 0; i < job->count; i++) {
        const kn_panels *panels = kernel_of(job->ops, &products[i])->panels;
        size_t known = 0;
        while (known < job->input_count && job->inputs[known].panels != panels) known++;
        if (known < job->input_count) continue;
        bool is_x = job->tokens == 1 && products[i].input == KN_INPUT_FLOAT;
        job->inputs[job->input_count++] = (product_input){panels, scratch ? scratch + used : NULL,
                                                          is_x};
        if (!is_x) used += input_bytes(panels, job->tokens, job->columns);
    }
    return used;
}

size_t kn_drive_products_scratch(const kn_ops *ops, const kn_product *products, size_t count,
                                 size_t tokens, size_t columns) {
    product_job job = {.ops = ops, .count = count, .tokens = tokens, .columns = columns};
    return place_inputs(&job, products, NULL);
}

/* Portion: a panel of an input. */
static void fill_panel(void *context, size_t panel, unsigned worker) {
    (void)worker;
    const product_job *job = context;
    const product_input *input = job->inputs;
    for (size_t count;; panel -= count, input++) {
        count = input->is_x ? 0 : kn_panel_count(input->panels, job->tokens);
        if (panel < count) break;
    }
    const kn_panels *panels = input->panels;
    size_t start = kn_panel_start(panels, job->tokens, panel);
    size_t size = kn_panel_start(panels, job->tokens, panel + 1) - start;
    panels->fill(job->x.at + start * job->x.stride, job->x.stride, size, job->columns,
                 input->at + start * kn_panel_token_bytes(panels, job->columns));
}

static size_t filled_panels(const product_job *job) {
    size_t panels = 0;
    for (size_t i = 0; i < job->input_count; i++) {
        const product_input *input = &job->inputs[i];
        panels += input->is_x ? 0 : kn_panel_count(input->panels, job->tokens);
    }
    return panels;
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
    size_t groups = job->panel_groups, group = portion % groups, chunk = portion / groups;
    const kn_product *p = job->products;
    for (size_t chunks; chunk >= (chunks = chunk_count(job, p)); p++) chunk -= chunks;
    const kn_product_kernel *kernel = kernel_of(job->ops, p);
    const product_input *input = job->inputs;
    while (input->panels != kernel->panels) input++;
    size_t panels = kn_panel_count(kernel->panels, job->tokens);
    size_t tile0 = chunk * job->tiles_per_portion;
    kernel->multiply(p, tile0, least(tile0 + job->tiles_per_portion, tile_count(p)),
                     input->is_x ? (const void *)job->x.at : input->at, job->tokens,
                     group * panels / groups, (group + 1) * panels / groups);
}

/* Groups of panels that a portion walks for each tile: few enough to stay in a second-level cache,
 * and never more groups than the panels of any product. */
static size_t panel_groups(const product_job *job, size_t wanted) {
    size_t most_groups = SIZE_MAX;
    for (size_t i = 0; i < job->input_count; i++) {
        const kn_panels *panels = job->inputs[i].panels;
        size_t bytes = input_bytes(panels, job->tokens, job->columns);
        most_groups = least(most_groups, kn_panel_count(panels, job->tokens));
        wanted = most(wanted, quotient_up(bytes, PORTION_PANEL_BYTES));
    }
    return least(wanted, most_groups);
}

/* Chooses the cut and returns the number of portions. */
static size_t cut_products(product_job *job, unsigned threads, size_t work, size_t tiles) {
    job->tiles_per_portion = SIZE_MAX / 2;
    size_t wanted = 1, chunks = 1;
    if (threads > 1 && work >= PRODUCT_WORK_MIN) {
        wanted = least((size_t)threads * TASKS_PER_THREAD, most(2, work / PRODUCT_TASK_WORK));
        job->tiles_per_portion = most(1, tiles / wanted);
        chunks = quotient_up(tiles, job->tiles_per_portion);
    }
    job->panel_groups = panel_groups(job, quotient_up(wanted, chunks));
    chunks = 0;
    for (size_t i = 0; i < job->count; i++) {
        chunks += chunk_count(job, &job->products[i]);
    }
    return chunks * job->panel_groups;
}

/* At most PRODUCTS_MAX products. */
static void add_products(kn_chain *chain, const kn_ops *ops, const kn_product *products,
                         size_t count, kn_rows x, size_t tokens, size_t columns, void *scratch) {
    size_t list = count * sizeof *products, work = 0, tiles = 0;
    product_job *job = kn_chain_job(chain, sizeof *job + list);
    *job = (product_job){.ops = ops, .count = count, .tokens = tokens, .columns = columns, .x = x};
    memcpy(job->products, products, list);
    for (size_t i = 0; i < count; i++) {
        tiles += tile_count(&products[i]);
        work += tile_count(&products[i]) * kn_tile_bytes(products[i].kind, columns) * tokens;
    }
    place_inputs(job, products, scratch);
    kn_chain_add(chain, fill_panel, job, filled_panels(job), tokens * columns < ROW_WORK_MIN);
    size_t portions = cut_products(job, kn_chain_threads(chain), work, tiles);
    kn_chain_add(chain, multiply, job, portions, portions == count /* no product is cut */);
    kn_chain_end(chain, work);
}

void kn_drive_products(kn_chain *chain, const kn_ops *ops, const kn_product *products, size_t count,
                       kn_rows x, size_t tokens, size_t columns, void *scratch) {
    if (tokens == 0) return;
    for (; count > PRODUCTS_MAX; count -= PRODUCTS_MAX, products += PRODUCTS_MAX) {
        add_products(chain, ops, products, PRODUCTS_MAX, x, tokens, columns, scratch);
    }
    if (count > 0) add_products(chain, ops, products, count, x, tokens, columns, scratch);
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

static void drive_rows(kn_chain *chain, row_job rows) {
    if (rows.rows == 0) return;
    row_job *job = kn_chain_job(chain, sizeof *job);
    size_t portions = 1, work = rows.rows * rows.width;
    if (work >= ROW_WORK_MIN) {
        portions = least(rows.rows, (size_t)kn_chain_threads(chain) * TASKS_PER_THREAD);
    }
    *job = rows;
    job->rows_per_portion = quotient_up(rows.rows, portions);
    kn_chain_add(chain, run_rows, job, quotient_up(rows.rows, job->rows_per_portion), false);
    kn_chain_end(chain, work);
}

static void norm_row(const row_job *j, size_t row) {
    j->ops->rms_norm(row_at(j->x, row), j->norm.weight, j->norm.epsilon, j->width,
                     row_at(j->out, row));
}

void kn_drive_rms_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                       size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = norm_row, .x = x, .out = y, .rows = rows, .width = width,
                   .norm = norm};
    drive_rows(chain, job);
}

static void layer_norm_row(const row_job *j, size_t row) {
    j->ops->layer_norm(row_at(j->x, row), j->norm.weight, j->norm.bias, j->norm.epsilon, j->width,
                       row_at(j->out, row));
}

void kn_drive_layer_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, kn_rows y,
                         size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = layer_norm_row, .x = x, .out = y, .rows = rows,
                   .width = width, .norm = norm};
    drive_rows(chain, job);
}

static void head_norm_row(const row_job *j, size_t row) {
    for (size_t h = 0; h < j->heads; h++) {
        float *head = row_at(j->out, row) + h * j->head_length;
        j->ops->rms_norm(head, j->norm.weight, j->norm.epsilon, j->head_length, head);
    }
}

void kn_drive_head_norm(kn_chain *chain, const kn_ops *ops, kn_norm norm, kn_rows x, size_t rows,
                        size_t heads, size_t head_length) {
    row_job job = {.ops = ops, .one = head_norm_row, .out = x, .rows = rows,
                   .width = heads * head_length, .heads = heads, .head_length = head_length,
                   .norm = norm};
    drive_rows(chain, job);
}

/* Rounds each value once, so the compiler's choice of instructions does not change the bits. */
static void scale_row(const row_job *j, size_t row) {
    float *x = row_at(j->out, row);
    for (size_t i = 0; i < j->width; i++) x[i] = x[i] * j->factor;
}

void kn_drive_scale(kn_chain *chain, float factor, kn_rows x, size_t rows, size_t width) {
    row_job job = {.one = scale_row, .out = x, .rows = rows, .width = width, .factor = factor};
    drive_rows(chain, job);
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

void kn_drive_round_rows(kn_chain *chain, kn_rows x, size_t rows, size_t width) {
    row_job job = {.one = round_row, .out = x, .rows = rows, .width = width};
    drive_rows(chain, job);
}

static void rope_row(const row_job *j, size_t row) {
    const kn_rope *rope = &j->rope;
    for (size_t h = 0; h < rope->heads; h++) {
        j->ops->rope(row_at(j->out, row) + h * rope->head_length, rope->style, rope->rotary,
                     rope->cosines[row], rope->sines[row]);
    }
}

void kn_drive_rope(kn_chain *chain, const kn_ops *ops, kn_rope rope, kn_rows x, size_t rows) {
    row_job job = {.ops = ops, .one = rope_row, .out = x, .rows = rows,
                   .width = rope.heads * rope.head_length, .rope = rope};
    drive_rows(chain, job);
}

static void gate_row(const row_job *j, size_t row) {
    j->ops->gate(j->act, row_at(j->x, row), j->up.at ? row_at(j->up, row) : NULL, j->width,
                 row_at(j->out, row));
}

void kn_drive_gate(kn_chain *chain, const kn_ops *ops, kn_activation act, kn_rows gate, kn_rows up,
                   kn_rows out, size_t rows, size_t width) {
    row_job job = {.ops = ops, .one = gate_row, .act = act, .x = gate, .up = up, .out = out,
                   .rows = rows, .width = width};
    drive_rows(chain, job);
}

static void add_row(const row_job *j, size_t row) {
    j->ops->add(row_at(j->x, row), j->width, row_at(j->out, row));
}

void kn_drive_add(kn_chain *chain, const kn_ops *ops, kn_rows a, kn_rows b, size_t rows,
                  size_t width) {
    row_job job = {.ops = ops, .one = add_row, .x = a, .out = b, .rows = rows, .width = width};
    drive_rows(chain, job);
}
