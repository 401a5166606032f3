/*
 * Attention over a paged cache, cut into tasks. The rows of a task share a pass over the keys and
 * values.
 *
 * A task takes up to 8 (token, query head) rows of a key/value head: the heads of its group, and
 * as many consecutive tokens of the span as fit. When there are few tasks for the threads, each
 * task takes a single head of the group instead.
 * Guarantees: the cut changes no result. Does not: allocate.
 */
#include "internal.h"
#include "kn_drive.h"

void kn_cache_store(const kn_cache_layer *layer, const float *k, size_t k_stride, const float *v,
                    size_t v_stride, const int32_t *slots, size_t rows) {
    size_t key_page = layer->key_length * KN_PAGE_POSITIONS;
    size_t value_page = layer->value_width * KN_PAGE_POSITIONS;
    for (size_t r = 0; r < rows; r++) {
        size_t page = (size_t)slots[r] / KN_PAGE_POSITIONS;
        size_t offset = (size_t)slots[r] % KN_PAGE_POSITIONS;
        for (size_t h = 0; h < layer->kv_heads; h++) {
            float *key = layer->keys + (page * layer->kv_heads + h) * key_page + offset;
            float *value = layer->values + (page * layer->kv_heads + h) * value_page +
                           offset * layer->value_width;
            const float *from = k + r * k_stride + h * layer->key_length;
            for (size_t d = 0; d < layer->key_length; d++) key[d * KN_PAGE_POSITIONS] = from[d];
            memcpy(value, v + r * v_stride + h * layer->value_length,
                   layer->value_length * sizeof(float));
        }
    }
}

typedef struct attend_job {
    const kn_ops *ops;
    const kn_cache_layer *layer;
    const kn_span *spans;
    size_t heads, head_tile, head_tiles; /* head_tiles per span row group, over all kv heads */
    size_t row_tile;
    float scale;
    const float *q;
    size_t q_stride;
    float *out;
    size_t out_stride;
    float *scratch;
    size_t score_stride;
} attend_job;

static size_t row_tiles(const attend_job *job, const kn_span *span) {
    return (span->rows + job->row_tile - 1) / job->row_tile;
}

static void attend_task(void *context, size_t task, unsigned worker) {
    const attend_job *job = context;
    const kn_cache_layer *layer = job->layer;
    size_t tile = task / job->head_tiles, head_index = task % job->head_tiles, base = 0;
    const kn_span *span = job->spans;
    while (tile >= row_tiles(job, span)) {
        tile -= row_tiles(job, span);
        base += span->rows;
        span++;
    }
    size_t group = job->heads / layer->kv_heads;
    size_t tiles_per_group = (group + job->head_tile - 1) / job->head_tile;
    size_t kv_head = head_index / tiles_per_group;
    size_t first = kv_head * group + head_index % tiles_per_group * job->head_tile;
    size_t end = (kv_head + 1) * group;
    kn_attend a = {
        .keys = layer->keys + kv_head * layer->key_length * KN_PAGE_POSITIONS,
        .values = layer->values + kv_head * layer->value_width * KN_PAGE_POSITIONS,
        .key_page_stride = layer->kv_heads * layer->key_length * KN_PAGE_POSITIONS,
        .value_page_stride = layer->kv_heads * layer->value_width * KN_PAGE_POSITIONS,
        .pages = span->pages, .key_length = layer->key_length,
        .value_length = layer->value_length, .scale = job->scale,
        .scores = job->scratch + worker * job->score_stride * KN_ATTEND_ROWS,
        .score_stride = job->score_stride,
    };
    size_t row_end = (tile + 1) * job->row_tile < span->rows ? (tile + 1) * job->row_tile
                                                             : span->rows;
    for (size_t row = tile * job->row_tile; row < row_end; row++) {
        for (size_t h = first; h < first + job->head_tile && h < end; h++, a.rows++) {
            a.q[a.rows] = job->q + (base + row) * job->q_stride + h * layer->key_length;
            a.out[a.rows] = job->out + (base + row) * job->out_stride + h * layer->value_length;
            a.length[a.rows] = span->first + row + 1;
        }
    }
    job->ops->attend(&a);
}

void kn_drive_attend(kn_pool *pool, const kn_ops *ops, const kn_cache_layer *layer,
                     const kn_span *spans, size_t span_count, size_t heads, float scale,
                     const float *q, size_t q_stride, float *out, size_t out_stride,
                     float *scratch, size_t score_stride) {
    enum { WORK_MIN = 32 * 1024 }; /* multiply-adds worth a fork-join */
    attend_job job = {.ops = ops, .layer = layer, .spans = spans, .heads = heads, .scale = scale,
                      .q = q, .q_stride = q_stride, .out = out, .out_stride = out_stride,
                      .scratch = scratch, .score_stride = score_stride};
    size_t group = heads / layer->kv_heads, threads = kn_pool_threads(pool), rows = 0, work = 0;
    for (size_t i = 0; i < span_count; i++) {
        rows += spans[i].rows;
        work += spans[i].rows * (spans[i].first + spans[i].rows) * heads * layer->key_length;
    }
    job.head_tile = group < KN_ATTEND_ROWS ? group : KN_ATTEND_ROWS;
    if (threads > 1 && rows * layer->kv_heads < 4 * threads) job.head_tile = 1;
    job.row_tile = KN_ATTEND_ROWS / job.head_tile;
    job.head_tiles = layer->kv_heads * ((group + job.head_tile - 1) / job.head_tile);
    size_t tasks = 0;
    for (size_t i = 0; i < span_count; i++) tasks += row_tiles(&job, &spans[i]) * job.head_tiles;
    if (work >= WORK_MIN) {
        kn_pool_run(pool, attend_task, &job, tasks);
    } else {
        for (size_t i = 0; i < tasks; i++) attend_task(&job, i, 0);
    }
}
