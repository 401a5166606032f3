/*
 * CKernels: the arithmetic of the CPU back end, in C11.
 *
 * Every operation exists as a plain scalar reference and as AVX2 and AVX-512 variants. All variants
 * give identical bits, for any number of threads and any way of cutting the work: lanes are
 * independent outputs, the order over the inner dimension is fixed, every fused multiply-add is
 * written out, and horizontal sums use a fixed tree. The headers below are the documentation.
 *
 * Nothing here validates a file's contents: callers (Compute) check shapes and sizes first.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "kn_chain.h"
#include "kn_check.h"
#include "kn_drive.h"
#include "kn_formats.h"
#include "kn_ops.h"
#include "kn_pool.h"
#include "kn_weights.h"

#endif
