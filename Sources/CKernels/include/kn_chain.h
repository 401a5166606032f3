/*
 * Operations that run on a pool, each at once, or deferred and then together as the stages of one
 * job.
 *
 * A chain that defers runs by itself when the recorded work would keep threads busy for so long
 * that a further join no longer counts, and when its memory is full. So a small model's step is a
 * few jobs, and an operation of a large model runs when it is called.
 * Does not: keep what operations read or write alive. Rows, weights and lists of deferred
 * operations stay valid and unchanged until kn_chain_run has returned. A chain is used by one
 * thread at a time.
 */
#ifndef KN_CHAIN_H
#define KN_CHAIN_H

#include "kn_pool.h"

typedef struct kn_chain kn_chain;

/* Bytes of a chain. */
size_t kn_chain_size(void);

/* Makes a chain that runs operations at once, in kn_chain_size bytes, aligned to 64. */
kn_chain *kn_chain_make(void *memory, kn_pool *pool);

/* Has the chain defer operations or run them at once. What has been deferred runs first. */
void kn_chain_defer(kn_chain *chain, bool defers);

/* Runs the deferred operations in order, and forgets them. */
void kn_chain_run(kn_chain *chain);

#endif
