#!/usr/bin/env bash
# Builds Benchmarks/Kernels with the product's kernels. clang has to compile the reading of memory: gcc
# sends 64-byte vectors through the stack, which halves a reading.
# Usage: scripts/kernels-bench.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."

swift=$(readlink -f "$(command -v "${SWIFT:-swift}")")
exec "${CLANG:-$(dirname "$swift")/clang}" -O3 -ffp-contract=off -ISources/CKernels/include \
    Benchmarks/Kernels/kernels-bench.c Sources/CKernels/*.c -lm -lpthread \
    -o "${1:?usage: scripts/kernels-bench.sh PROGRAM}"
