/*
 * A small pool of threads for fork-join work of a few microseconds.
 *
 * A job is a list of stages, and a stage is `count` independent portions. The caller and the
 * workers claim portions singly from an atomic counter, so a worker that the system has taken off
 * its core delays only the claimed portion. The thread that runs a stage's last portion goes on to
 * the next stage without waiting for the caller. Workers spin for about 50 microseconds and then
 * sleep on a futex. The caller waits in the same way.
 *
 * Does not: nest (a portion must not start a job). Two threads may share a pool: while the pool is
 * busy with the first thread's job, the second thread runs its own job alone.
 */
#ifndef KN_POOL_H
#define KN_POOL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kn_pool kn_pool;

/* portion: 0..count-1, each exactly once. worker: 0 for the caller, 1 .. threads - 1 for the
 * workers, unique among the threads that run a job together. */
typedef void (*kn_portion)(void *context, size_t portion, unsigned worker);

/* threads (1..4096) includes the caller: 1 makes a pool without workers. Returns NULL when threads
 * is out of range or the system has no memory or threads left. */
kn_pool *kn_pool_create(unsigned threads);

/* Ends the workers and frees the pool. No job may be running. */
void kn_pool_destroy(kn_pool *pool);

unsigned kn_pool_threads(const kn_pool *pool);

/* Portions that may run beside each other. */
typedef struct kn_stage {
    kn_portion portion;
    void *context;
    size_t count;
    bool whole; /* too little work for a join: one thread runs all portions */
} kn_stage;

/* Runs all portions of all stages, then returns. A portion sees all memory writes of the stages
 * before, and the caller those of all stages. A stage that is whole, or has one portion, runs where
 * the stage before it ended. */
void kn_pool_run_stages(kn_pool *pool, const kn_stage *stages, size_t count);

/* The same for a single stage. */
void kn_pool_run(kn_pool *pool, kn_portion portion, void *context, size_t count);

/* From now on the calling thread runs its jobs alone, leaves the workers of every pool to other
 * threads, and calls `rest(context)` after each portion. With NULL it no longer does. Results are
 * the same. Returns the context of the call before, or NULL. To be ended before the thread ends. */
void *kn_pool_stand_aside(void (*rest)(void *context), void *context);
bool kn_pool_stands_aside(void);

#endif
