/*
 * A small pool of threads for fork-join work of a few microseconds.
 *
 * A job is `count` independent tasks. The caller and the workers claim tasks one at a time from an
 * atomic counter, so a worker that the system has taken off its core delays nothing but the one
 * task it holds. Workers spin for about 50 microseconds after a job and then sleep on a futex; the
 * caller does the same while it waits for the last task.
 *
 * Does not: nest (a task must not start a job). Two threads may use one pool: the second finds it
 * busy and runs its job alone, on itself.
 */
#ifndef KN_POOL_H
#define KN_POOL_H

#include <stddef.h>

typedef struct kn_pool kn_pool;

/* task: 0..count-1, each exactly once. worker: 0 = the caller, up to threads - 1; unique among the
 * threads that work on the same job at the same time. */
typedef void (*kn_task)(void *context, size_t task, unsigned worker);

/* threads includes the caller: 1 makes a pool without workers. NULL: out of memory or threads. */
kn_pool *kn_pool_create(unsigned threads);

/* Waits for the workers to leave. No job may be running. */
void kn_pool_destroy(kn_pool *pool);

unsigned kn_pool_threads(const kn_pool *pool);

/* Returns when all tasks are done; what they wrote is then visible to the caller. */
void kn_pool_run(kn_pool *pool, kn_task task, void *context, size_t count);

#endif
