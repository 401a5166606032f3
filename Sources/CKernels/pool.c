/*
 * The fork-join pool, of C11 atomics and a futex each way.
 *
 * Guarantees: a portion runs exactly once, after all portions of the stages before. The caller
 * returns only when all portions have run. A worker that is off its core holds up at most the
 * claimed portion, and the caller sleeps while waiting for the portion, so that the worker can use
 * the caller's core. A spinning thread offers its core to threads that wait for it, but not while a
 * thread stands aside, which would keep the core for a slice at each join.
 * Does not: order the portions of a stage, pin threads to cores, or measure anything.
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

enum { SPIN_NANOSECONDS = 50000, PAUSES_PER_LOOK_AT_CLOCK = 100 };

/*
 * A job's life. Each stage that threads share is opened by storing its number and its count in
 * `turn`. The thread that takes the count from r to r - 1 owns portion count - r, and may read
 * `stages` and `stage`, because the stage cannot end before the portion does. When no portion is
 * left to claim, each thread adds the number of its portions to `finished`. The thread that brings
 * it to the stage's count runs the stages that follow alone, up to the next shared one, or ends the
 * job. Numbers of stages never repeat while a thread may hold an old `turn`.
 */
struct kn_pool {
    alignas(64) _Atomic uint64_t turn; /* number of the stage, 32 bits of unclaimed portions */
    alignas(64) _Atomic uint32_t finished;
    alignas(64) const kn_stage *stages;
    size_t stage_count, stage;
    uint32_t number; /* of the stage opened last */
    alignas(64) _Atomic bool ended;
    _Atomic uint32_t caller_sleeps, caller_calls; /* futex that the caller sleeps on */
    alignas(64) _Atomic uint32_t wake_ups;        /* futex that idle workers sleep on */
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

/* Threads that leave the workers of every pool to others. */
static _Atomic uint32_t threads_aside;

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

static uint32_t unclaimed(uint64_t turn) { return (uint32_t)turn; }

static bool is_shared(const kn_stage *stage) { return stage->count > 1 && !stage->whole; }

static void run_stage(const kn_stage *stage, unsigned worker) {
    for (size_t i = 0; i < stage->count; i++) stage->portion(stage->context, i, worker);
}

static void wake_workers(kn_pool *pool, uint32_t threads) {
    if (atomic_load(&pool->sleepers) == 0) return;
    atomic_fetch_add(&pool->wake_ups, 1);
    futex_wake(&pool->wake_ups, threads);
}

static void wake_caller(kn_pool *pool) {
    if (atomic_load(&pool->caller_sleeps) == 0) return;
    atomic_fetch_add(&pool->caller_calls, 1);
    futex_wake(&pool->caller_calls, 1);
}

/* Runs stages from `stage` on, up to one that threads share, which it opens, or to the end. */
static void go_on(kn_pool *pool, size_t stage, unsigned worker) {
    for (; stage < pool->stage_count; stage++) {
        const kn_stage *next = &pool->stages[stage];
        if (!is_shared(next)) {
            run_stage(next, worker);
            continue;
        }
        uint32_t count = (uint32_t)next->count, helpers = pool->threads - 1;
        pool->stage = stage;
        atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
        atomic_store(&pool->turn, (uint64_t)++pool->number << 32 | count);
        wake_workers(pool, count - 1 < helpers ? count - 1 : helpers);
        wake_caller(pool);
        return;
    }
    atomic_store(&pool->ended, true);
    wake_caller(pool);
}

/* Claims and runs portions, of this stage and of those that open meanwhile. */
static void take_part(kn_pool *pool, unsigned worker) {
    uint64_t turn = atomic_load_explicit(&pool->turn, memory_order_acquire);
    while (unclaimed(turn) > 0) {
        uint32_t done = 0, count = 0;
        while (unclaimed(turn) > 0) {
            if (!atomic_compare_exchange_weak_explicit(&pool->turn, &turn, turn - 1,
                                                       memory_order_acq_rel,
                                                       memory_order_acquire)) {
                continue;
            }
            const kn_stage *stage = &pool->stages[pool->stage];
            count = (uint32_t)stage->count;
            stage->portion(stage->context, count - unclaimed(turn), worker);
            done++;
            turn = atomic_load_explicit(&pool->turn, memory_order_acquire);
        }
        if (done == 0) return;
        uint32_t before = atomic_fetch_add_explicit(&pool->finished, done, memory_order_acq_rel);
        if (before + done == count) go_on(pool, pool->stage + 1, worker);
        turn = atomic_load_explicit(&pool->turn, memory_order_acquire);
    }
}

/* Spins while nothing is to be done. Returns false when the time is over. */
static bool spin(kn_pool *pool, bool (*has_news)(kn_pool *pool)) {
    int64_t deadline = 0, now = 0;
    do {
        for (int i = 0; i < PAUSES_PER_LOOK_AT_CLOCK; i++) {
            if (has_news(pool)) return true;
            relax();
        }
        if (atomic_load_explicit(&threads_aside, memory_order_relaxed) == 0) sched_yield();
        now = nanoseconds();
        if (deadline == 0) deadline = now + SPIN_NANOSECONDS;
    } while (now < deadline);
    return false;
}

static bool worker_has_news(kn_pool *pool) {
    return unclaimed(atomic_load(&pool->turn)) > 0 || atomic_load(&pool->stopping);
}

/* A sleep is announced before the last look. Either the thread that brings news sees the sleeper
 * and changes the word it sleeps on, or the sleeper sees the news. */
static void *worker_main(void *argument) {
    struct worker *self = argument;
    kn_pool *pool = self->pool;
    while (!atomic_load(&pool->stopping)) {
        if (!spin(pool, worker_has_news)) {
            atomic_fetch_add(&pool->sleepers, 1);
            uint32_t seen = atomic_load(&pool->wake_ups);
            if (!worker_has_news(pool)) futex_wait(&pool->wake_ups, seen);
            atomic_fetch_sub(&pool->sleepers, 1);
        }
        take_part(pool, self->index);
    }
    return NULL;
}

static bool caller_has_news(kn_pool *pool) {
    return unclaimed(atomic_load(&pool->turn)) > 0 || atomic_load(&pool->ended);
}

static void await_news(kn_pool *pool) {
    if (spin(pool, caller_has_news)) return;
    atomic_store(&pool->caller_sleeps, 1);
    uint32_t seen = atomic_load(&pool->caller_calls);
    if (!caller_has_news(pool)) futex_wait(&pool->caller_calls, seen);
    atomic_store(&pool->caller_sleeps, 0);
}

/* True when threads share a stage, and every count fits. */
static bool needs_threads(const kn_stage *stages, size_t count) {
    bool any = false;
    for (size_t s = 0; s < count; s++) {
        if (stages[s].count > UINT32_MAX) return false;
        any |= is_shared(&stages[s]);
    }
    return any;
}

/* Set while the thread leaves the workers of every pool to others. */
static _Thread_local void (*rest)(void *context);
static _Thread_local void *rest_context;

void *kn_pool_stand_aside(void (*new_rest)(void *context), void *context) {
    void *before = rest_context;
    if (rest == NULL && new_rest != NULL) atomic_fetch_add(&threads_aside, 1);
    if (rest != NULL && new_rest == NULL) atomic_fetch_sub(&threads_aside, 1);
    rest = new_rest;
    rest_context = context;
    return before;
}

bool kn_pool_stands_aside(void) { return rest != NULL; }

static void run_aside(const kn_stage *stages, size_t count) {
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < stages[s].count; i++) {
            stages[s].portion(stages[s].context, i, 0);
            rest(rest_context);
        }
    }
}

void kn_pool_run_stages(kn_pool *pool, const kn_stage *stages, size_t count) {
    bool idle = false;
    if (rest != NULL) return run_aside(stages, count);
    if (pool->threads == 1 || !needs_threads(stages, count) ||
        !atomic_compare_exchange_strong(&pool->busy, &idle, true)) {
        for (size_t s = 0; s < count; s++) run_stage(&stages[s], 0);
        return;
    }
    pool->stages = stages;
    pool->stage_count = count;
    atomic_store_explicit(&pool->ended, false, memory_order_relaxed);
    go_on(pool, 0, 0);
    for (;;) {
        take_part(pool, 0);
        if (atomic_load_explicit(&pool->ended, memory_order_acquire)) break;
        await_news(pool);
    }
    atomic_store_explicit(&pool->busy, false, memory_order_release);
}

void kn_pool_run(kn_pool *pool, kn_portion portion, void *context, size_t count) {
    kn_stage stage = {.portion = portion, .context = context, .count = count};
    kn_pool_run_stages(pool, &stage, 1);
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
    atomic_init(&pool->turn, 0);
    atomic_init(&pool->finished, 0);
    atomic_init(&pool->ended, false);
    atomic_init(&pool->caller_sleeps, 0);
    atomic_init(&pool->caller_calls, 0);
    atomic_init(&pool->wake_ups, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->busy, false);
    pool->number = 0;
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
