/*
 * Self check: each kernel of a table against the scalar one, on random blocks, bit for bit.
 */
#ifndef KN_CHECK_H
#define KN_CHECK_H

#include "kn_ops.h"

/* Kernels are numbered 0..kn_kernel_count()-1, in a fixed order. */
size_t kn_kernel_count(void);
const char *kn_kernel_name(size_t kernel);

/* Whether the kernel gives the bits of the scalar one for blocks made from the seed. Allocates and
 * frees some 100 KB; without memory the answer is false. */
bool kn_kernel_agrees(const kn_ops *ops, size_t kernel, uint64_t seed);

/* Replaces one kernel of a (copied) table by that of another table. */
void kn_kernel_replace(kn_ops *ops, size_t kernel, const kn_ops *by);

#endif
