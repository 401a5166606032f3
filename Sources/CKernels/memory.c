/*
 * Copying and first touch of large memory, cut into portions.
 *
 * Two threads that touch a huge page at the same time both clear a page, and the system drops one
 * of them. So a portion of the first touch is a huge page.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "kn_drive.h"

enum { COPY_PORTION = 256 * 1024, HUGE_PAGE = 2 * 1024 * 1024 };

typedef struct memory_job {
    const uint8_t *from;
    uint8_t *to;
    size_t bytes;
} memory_job;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void copy_portion(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const memory_job *job = context;
    size_t start = portion * COPY_PORTION;
    memcpy(job->to + start, job->from + start, least(COPY_PORTION, job->bytes - start));
}

void kn_drive_copy(kn_pool *pool, const void *from, void *to, size_t bytes) {
    memory_job job = {.from = from, .to = to, .bytes = bytes};
    kn_pool_run(pool, copy_portion, &job, (bytes + COPY_PORTION - 1) / COPY_PORTION);
}

static void touch_portion(void *context, size_t portion, unsigned worker) {
    (void)worker;
    const memory_job *job = context;
    size_t start = portion * HUGE_PAGE;
#ifdef MADV_POPULATE_WRITE
    madvise(job->to + start, least(HUGE_PAGE, job->bytes - start), MADV_POPULATE_WRITE);
#else
    (void)start;
#endif
}

/* A thread that stands aside touches memory as it writes. The advice would hold the lock of the
 * address space for as long as others keep such a thread off its core. */
void kn_drive_touch(kn_pool *pool, void *at, size_t bytes) {
    if (kn_pool_stands_aside()) return;
    memory_job job = {.to = at, .bytes = bytes};
    kn_pool_run(pool, touch_portion, &job, (bytes + HUGE_PAGE - 1) / HUGE_PAGE);
}
