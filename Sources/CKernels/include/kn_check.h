/*
 * Self check: compares the kernels of a table with the scalar kernels, on random blocks, bit for
 * bit.
 */
#ifndef KN_CHECK_H
#define KN_CHECK_H

#include "kn_ops.h"

/* Kernels are numbered 0..kn_kernel_count()-1, in a fixed order. */
size_t kn_kernel_count(void);
const char *kn_kernel_name(size_t kernel);

/* True when the kernel gives the bits of the scalar kernel for blocks made from the seed. Allocates
 * and frees about 170 KB. Without memory the answer is false. */
bool kn_kernel_agrees(const kn_ops *ops, size_t kernel, uint64_t seed);

/* Replaces a kernel of `ops` (a copied table) by the kernel of table `by`. */
void kn_kernel_replace(kn_ops *ops, size_t kernel, const kn_ops *by);

#endif
