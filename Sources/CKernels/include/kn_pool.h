/*
 * A small pool of threads for fork-join work of a few microseconds.
 *
 * A job is `count` independent portions. The caller and the workers claim portions singly from an
 * atomic counter, so a worker that the system has taken off its core delays only the claimed
 * portion. Workers spin for about 50 microseconds after a job and then sleep on a futex. The caller
 * waits for the last portion in the same way.
 *
 * Does not: nest (a portion must not start a job). Two threads may share a pool: while the pool is
 * busy with the first thread's job, the second thread runs its own job alone.
 */
#ifndef KN_POOL_H
#define KN_POOL_H

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

/* Runs all portions, then returns. The caller sees all memory writes of the portions. */
void kn_pool_run(kn_pool *pool, kn_portion portion, void *context, size_t count);

#endif
