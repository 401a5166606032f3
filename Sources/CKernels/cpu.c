/*
 * Which instruction sets this machine can run.
 *
 * Guarantees: a table is handed out only when the machine can run every instruction in it.
 */
#include "internal.h"

kn_isa kn_isa_best(void) { return KN_SCALAR; }

const kn_ops *kn_ops_for(kn_isa isa) { return isa == KN_SCALAR ? &kn_scalar_ops : NULL; }
