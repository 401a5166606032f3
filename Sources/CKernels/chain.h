/* Recording of operations in a chain. Private to the module. */
#ifndef KN_CHAIN_PRIVATE_H
#define KN_CHAIN_PRIVATE_H

#include "kn_chain.h"

enum { KN_CHAIN_STAGES_PER_JOB = 2 }; /* at most */

/* Memory for the job of an operation, valid until the operation has run. May run what has been
 * recorded. Returns NULL where `bytes` are more than a chain has. */
void *kn_chain_job(kn_chain *chain, size_t bytes);

/* Records a stage of the job that kn_chain_job returned last. `whole` as in kn_stage. */
void kn_chain_add(kn_chain *chain, kn_portion portion, void *job, size_t count, bool whole);

/* Ends an operation. `work` counts about a byte of weights, or a float, per token. */
void kn_chain_end(kn_chain *chain, size_t work);

unsigned kn_chain_threads(const kn_chain *chain);

#endif
