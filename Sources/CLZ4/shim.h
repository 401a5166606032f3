// The block functions of the system's liblz4. Nothing is wrapped: Swift can call every function
// that Wire needs (LZ4_compress_default, LZ4_decompress_safe, LZ4_compressBound) directly.
#ifndef ASSAY_CLZ4_SHIM_H
#define ASSAY_CLZ4_SHIM_H

#include <lz4.h>

#endif
