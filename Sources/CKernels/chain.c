/*
 * Recorded operations: stages, and the memory of their jobs.
 *
 * Does not: look into jobs. Operations without work record nothing.
 */
#include "chain.h"

#include <stdalign.h>
#include <stdint.h>

enum {
    STAGES_MAX = 256,
    JOB_BYTES = 64 * 1024,
    ALIGNMENT = 16,
    WORK_MAX = 16 << 20 /* then a join costs less than a hundredth */
};

struct kn_chain {
    kn_pool *pool;
    size_t stage_count, used, work, work_max;
    kn_stage stages[STAGES_MAX];
    alignas(64) uint8_t jobs[JOB_BYTES];
};

size_t kn_chain_size(void) { return sizeof(kn_chain); }

kn_chain *kn_chain_make(void *memory, kn_pool *pool) {
    kn_chain *chain = memory;
    chain->pool = pool;
    chain->stage_count = chain->used = chain->work = chain->work_max = 0;
    return chain;
}

void kn_chain_defer(kn_chain *chain, bool defers) {
    kn_chain_run(chain);
    chain->work_max = defers ? WORK_MAX : 0;
}

void kn_chain_run(kn_chain *chain) {
    if (chain->stage_count > 0) kn_pool_run_stages(chain->pool, chain->stages, chain->stage_count);
    chain->stage_count = chain->used = chain->work = 0;
}

void *kn_chain_job(kn_chain *chain, size_t bytes) {
    size_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > JOB_BYTES) return NULL;
    if (size > JOB_BYTES - chain->used ||
        chain->stage_count + KN_CHAIN_STAGES_PER_JOB > STAGES_MAX) {
        kn_chain_run(chain);
    }
    void *job = chain->jobs + chain->used;
    chain->used += size;
    return job;
}

void kn_chain_add(kn_chain *chain, kn_portion portion, void *job, size_t count, bool whole) {
    if (count == 0) return;
    chain->stages[chain->stage_count++] =
        (kn_stage){.portion = portion, .context = job, .count = count, .whole = whole};
}

void kn_chain_end(kn_chain *chain, size_t work) {
    chain->work += work;
    if (chain->work >= chain->work_max) kn_chain_run(chain);
}

unsigned kn_chain_threads(const kn_chain *chain) { return kn_pool_threads(chain->pool); }
