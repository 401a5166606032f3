/*
 * The fork-join pool, of C11 atomics and a futex each way.
 *
 * Guarantees: a portion runs exactly once. The caller returns only when all portions have run. A
 * worker that is off its core holds up at most the claimed portion, and the caller sleeps while
 * waiting for the portion, so that the worker can use the caller's core. A spinning thread offers
 * its core to threads that wait for it.
 * Does not: order portions, pin threads to cores, or measure anything.
 */
#define _GNU_SOURCE
#include "kn_pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPIN_NANOSECONDS = 50000, PAUSES_PER_LOOK_AT_CLOCK = 32 };

/*
 * A job's life. The caller writes portion, context, count, and then `unclaimed` = count. The thread
 * that takes `unclaimed` from r to r - 1 owns portion count - r, and may read portion, context and
 * count, because the job cannot end before the portion does. When no portion is left to claim, each
 * worker adds the number of its portions to `finished`. The caller returns when `finished` plus its
 * own number is count.
 */
struct kn_pool {
    alignas(64) _Atomic uint32_t unclaimed;
    alignas(64) _Atomic uint32_t finished; /* portions run by workers. The caller sleeps on it */
    _Atomic uint32_t caller_sleeps;
    alignas(64) kn_portion portion;
    void *context;
    uint32_t count;
    alignas(64) _Atomic uint32_t wake_ups; /* futex that idle workers sleep on */
    _Atomic uint32_t sleepers;
    _Atomic bool stopping;
    _Atomic bool busy;
    unsigned threads, started;
    struct worker {
        struct kn_pool *pool;
        pthread_t thread;
        unsigned index;
    } workers[];
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t expected) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, uint32_t threads) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Runs portions until none is left to claim. Returns the number of portions run. */
static uint32_t run_claimed(kn_pool *pool, unsigned worker) {
    uint32_t done = 0, left = atomic_load_explicit(&pool->unclaimed, memory_order_acquire);
    while (left > 0) {
        if (!atomic_compare_exchange_weak_explicit(&pool->unclaimed, &left, left - 1,
                                                   memory_order_acq_rel, memory_order_acquire)) {
            continue;
        }
        pool->portion(pool->context, pool->count - left, worker);
        done++;
        left = atomic_load_explicit(&pool->unclaimed, memory_order_acquire);
    }
    return done;
}

static bool has_news(kn_pool *pool) {
    return atomic_load(&pool->unclaimed) > 0 || atomic_load(&pool->stopping);
}

static void wait_for_news(kn_pool *pool) {
    int64_t deadline = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < PAUSES_PER_LOOK_AT_CLOCK; i++) {
            if (has_news(pool)) return;
            relax();
        }
        sched_yield();
    } while (nanoseconds() < deadline);
    /* Announce the sleep before the last look. Either the caller sees the sleeper and changes
     * wake_ups, or the worker sees the job. */
    atomic_fetch_add(&pool->sleepers, 1);
    uint32_t seen = atomic_load(&pool->wake_ups);
    if (!has_news(pool)) futex_wait(&pool->wake_ups, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
}

static void *worker_main(void *argument) {
    struct worker *self = argument;
    kn_pool *pool = self->pool;
    while (!atomic_load(&pool->stopping)) {
        wait_for_news(pool);
        uint32_t done = run_claimed(pool, self->index);
        if (done == 0) continue;
        atomic_fetch_add(&pool->finished, done);
        if (atomic_load(&pool->caller_sleeps)) futex_wake(&pool->finished, 1);
    }
    return NULL;
}

static void wake_workers(kn_pool *pool, uint32_t threads) {
    if (atomic_load(&pool->sleepers) == 0) return;
    atomic_fetch_add(&pool->wake_ups, 1);
    futex_wake(&pool->wake_ups, threads);
}

/* Spins, then sleeps, until the workers have finished `expected` portions. */
static void wait_for_workers(kn_pool *pool, uint32_t expected) {
    int64_t deadline = 0;
    for (unsigned spins = 1;; spins++) {
        if (atomic_load_explicit(&pool->finished, memory_order_acquire) == expected) return;
        relax();
        if (spins % PAUSES_PER_LOOK_AT_CLOCK != 0) continue;
        sched_yield();
        int64_t now = nanoseconds();
        if (deadline == 0) deadline = now + SPIN_NANOSECONDS;
        if (now >= deadline) break;
    }
    atomic_store(&pool->caller_sleeps, 1);
    for (;;) {
        uint32_t seen = atomic_load(&pool->finished);
        if (seen == expected) break;
        futex_wait(&pool->finished, seen);
    }
    atomic_store(&pool->caller_sleeps, 0);
}

void kn_pool_run(kn_pool *pool, kn_portion portion, void *context, size_t count) {
    bool idle = false;
    if (count <= 1 || pool->threads == 1 || count > UINT32_MAX ||
        !atomic_compare_exchange_strong(&pool->busy, &idle, true)) {
        for (size_t i = 0; i < count; i++) portion(context, i, 0);
        return;
    }
    pool->portion = portion;
    pool->context = context;
    pool->count = (uint32_t)count;
    atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
    atomic_store(&pool->unclaimed, (uint32_t)count);
    uint32_t helpers = pool->threads - 1;
    wake_workers(pool, count - 1 < helpers ? (uint32_t)(count - 1) : helpers);
    uint32_t own = run_claimed(pool, 0);
    wait_for_workers(pool, (uint32_t)count - own);
    atomic_store_explicit(&pool->busy, false, memory_order_release);
}

/* Signals belong to the threads of the program, never to a worker. */
static bool start_worker(struct worker *worker) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0;
}

kn_pool *kn_pool_create(unsigned threads) {
    if (threads == 0 || threads > 4096) return NULL;
    size_t size = sizeof(kn_pool) + (threads - 1) * sizeof(struct worker);
    kn_pool *pool = aligned_alloc(64, (size + 63) / 64 * 64);
    if (pool == NULL) return NULL;
    atomic_init(&pool->unclaimed, 0);
    atomic_init(&pool->finished, 0);
    atomic_init(&pool->caller_sleeps, 0);
    atomic_init(&pool->wake_ups, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->busy, false);
    pool->threads = threads;
    for (pool->started = 0; pool->started + 1 < threads; pool->started++) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->index = pool->started + 1;
        if (!start_worker(worker)) {
            kn_pool_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

void kn_pool_destroy(kn_pool *pool) {
    if (pool == NULL) return;
    atomic_store(&pool->stopping, true);
    atomic_fetch_add(&pool->wake_ups, 1);
    futex_wake(&pool->wake_ups, INT_MAX);
    for (unsigned i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    free(pool);
}

unsigned kn_pool_threads(const kn_pool *pool) { return pool->threads; }
