// The block functions of the system's liblz4. Nothing is wrapped: every function that Wire calls
// (LZ4_compress_default, LZ4_decompress_safe, LZ4_compressBound) is callable from Swift as it is.
#ifndef ASSAY_CLZ4_SHIM_H
#define ASSAY_CLZ4_SHIM_H

#include <lz4.h>

#endif
