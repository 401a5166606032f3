/*
 * Attention over a paged cache, and the storing of keys and values there, cut into portions. The
 * rows of a portion of attention share a pass over the keys and values.
 *
 * A portion takes up to 8 (token, query head) rows of a key/value head: the heads of its group, and
 * as many consecutive tokens of the span as fit. When there are few portions for the threads, each
 * portion takes a single head of the group instead.
 * Guarantees: the cut changes no result. Does not: allocate.
 */
#include "chain.h"
#include "internal.h"
#include "kn_drive.h"

typedef struct store_job {
    kn_cache_layer layer;
    kn_rows k, v;
    const int32_t *slots;
    size_t rows, rows_per_portion;
} store_job;

static void store_row(const store_job *job, size_t r) {
    const kn_cache_layer *layer = &job->layer;
    size_t page = (size_t)job->slots[r] / KN_PAGE_POSITIONS;
    size_t offset = (size_t)job->slots[r] % KN_PAGE_POSITIONS;
    float *key = layer->keys + page * layer->page_stride + offset;
    float *value = layer->values + page * layer->page_stride + offset * layer->value_width;
    const float *k = job->k.at + r * job->k.stride, *v = job->v.at + r * job->v.stride;
    for (size_t h = 0; h < layer->kv_heads; h++) {
        for (size_t d = 0; d < layer->key_length; d++) key[d * KN_PAGE_POSITIONS] = k[d];
        memcpy(value, v, layer->value_length * sizeof(float));
        key += layer->key_length * KN_PAGE_POSITIONS;
        value += layer->value_width * KN_PAGE_POSITIONS;
        k += layer->key_length;
        v += layer->value_length;
    }
}

static void store_portion(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const store_job *job = context;
    size_t row = portion * job->rows_per_portion, end = row + job->rows_per_portion;
    for (; row < end && row < job->rows; row++) store_row(job, row);
}

void kn_drive_store(kn_chain *chain, kn_cache_layer layer, kn_rows k, kn_rows v,
                    const int32_t *slots, size_t rows) {
    /* Floats worth a join, some twenty microseconds. A key counts four times, because each of
     * its values has a cache line of its own. */
    enum { STORE_WORK_MIN = 64 * 1024, KEY_WEIGHT = 4 };
    if (rows == 0) return;
    store_job *job = kn_chain_job(chain, sizeof *job);
    *job = (store_job){.layer = layer, .k = k, .v = v, .slots = slots, .rows = rows,
                       .rows_per_portion = rows};
    size_t threads = kn_chain_threads(chain);
    size_t work = rows * layer.kv_heads * (KEY_WEIGHT * layer.key_length + layer.value_length);
    if (threads > 1 && work >= STORE_WORK_MIN) {
        /* The positions of a page share cache lines, so long runs of rows go by whole pages. */
        size_t per_thread = (rows + 4 * threads - 1) / (4 * threads);
        job->rows_per_portion = per_thread < KN_PAGE_POSITIONS / 2 ? per_thread : KN_PAGE_POSITIONS;
    }
    kn_chain_add(chain, store_portion, job,
                 (rows + job->rows_per_portion - 1) / job->rows_per_portion, false);
    kn_chain_end(chain, work);
}

typedef struct attend_job {
    const kn_ops *ops;
    kn_attention whole;
    size_t head_tile, head_tiles; /* head_tiles per span row group, over all kv heads */
    size_t row_tile;
} attend_job;

static size_t row_tiles(const attend_job *job, const kn_span *span) {
    return (span->rows + job->row_tile - 1) / job->row_tile;
}

static void attend_portion(void *context, size_t portion, unsigned worker) {
    const attend_job *job = context;
    const kn_attention *whole = &job->whole;
    const kn_cache_layer *layer = &whole->layer;
    size_t tile = portion / job->head_tiles, head_index = portion % job->head_tiles, base = 0;
    const kn_span *span = whole->spans;
    while (tile >= row_tiles(job, span)) {
        tile -= row_tiles(job, span);
        base += span->rows;
        span++;
    }
    size_t group = whole->heads / layer->kv_heads;
    size_t tiles_per_group = (group + job->head_tile - 1) / job->head_tile;
    size_t kv_head = head_index / tiles_per_group;
    size_t first = kv_head * group + head_index % tiles_per_group * job->head_tile;
    size_t end = (kv_head + 1) * group;
    kn_attend a = {
        .keys = layer->keys + kv_head * layer->key_length * KN_PAGE_POSITIONS,
        .values = layer->values + kv_head * layer->value_width * KN_PAGE_POSITIONS,
        .key_page_stride = layer->page_stride, .value_page_stride = layer->page_stride,
        .pages = whole->pages + span->pages, .key_length = layer->key_length,
        .value_length = layer->value_length, .scale = whole->scale,
        .scores = whole->scores.at + worker * whole->scores.stride * KN_ATTEND_ROWS,
        .score_stride = whole->scores.stride,
    };
    size_t row_end = (tile + 1) * job->row_tile < span->rows ? (tile + 1) * job->row_tile
                                                             : span->rows;
    for (size_t row = tile * job->row_tile; row < row_end; row++) {
        for (size_t h = first; h < first + job->head_tile && h < end; h++, a.rows++) {
            a.q[a.rows] = whole->q.at + (base + row) * whole->q.stride + h * layer->key_length;
            a.out[a.rows] = whole->out.at + (base + row) * whole->out.stride +
                            h * layer->value_length;
            a.length[a.rows] = span->sees ? span->sees : span->first + row + 1;
        }
    }
    job->ops->attend(&a);
}

void kn_drive_attend(kn_chain *chain, const kn_ops *ops, kn_attention attention) {
    enum { WORK_MIN = 8 * 1024 }; /* multiply-adds worth a join */
    attend_job *job = kn_chain_job(chain, sizeof *job);
    *job = (attend_job){.ops = ops, .whole = attention};
    const kn_cache_layer *layer = &attention.layer;
    const kn_span *spans = attention.spans;
    size_t heads = attention.heads, span_count = attention.span_count;
    size_t group = heads / layer->kv_heads, threads = kn_chain_threads(chain), rows = 0, work = 0;
    for (size_t i = 0; i < span_count; i++) {
        rows += spans[i].rows;
        size_t length = spans[i].sees ? spans[i].sees : spans[i].first + spans[i].rows;
        work += spans[i].rows * length * heads * layer->key_length;
    }
    job->head_tile = group < KN_ATTEND_ROWS ? group : KN_ATTEND_ROWS;
    if (threads > 1 && rows * layer->kv_heads < 4 * threads) job->head_tile = 1;
    job->row_tile = KN_ATTEND_ROWS / job->head_tile;
    job->head_tiles = layer->kv_heads * ((group + job->head_tile - 1) / job->head_tile);
    size_t portions = 0;
    for (size_t i = 0; i < span_count; i++) portions += row_tiles(job, &spans[i]) * job->head_tiles;
    kn_chain_add(chain, attend_portion, job, portions, work < WORK_MIN);
    kn_chain_end(chain, work);
}
