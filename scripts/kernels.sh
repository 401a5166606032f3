#!/usr/bin/env bash
# Builds the kernels and Tests/KernelChecks with the address sanitizer, and runs the program: the
# products of every instruction set of this machine beside the scalar ones. Objects stay in
# .build/kernel-checks until a source changes, so that a second run takes seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

out=.build/kernel-checks
swift=$(readlink -f "$(command -v "${SWIFT:-swift}")")
clang=${CLANG:-$(dirname "$swift")/clang}
flags=(-O1 -ffp-contract=off -fsanitize=address -fno-omit-frame-pointer -Wall -Wextra -Werror
    -ISources/CKernels/include)
mkdir -p "$out"

stamp=$(cat Sources/CKernels/*.[chi]* Sources/CKernels/include/* Tests/KernelChecks/*.c "$0" | cksum)
if [ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -f "$out"/*
    for source in Sources/CKernels/*.c Tests/KernelChecks/products.c; do
        echo "$source"
    done | xargs -P "$(nproc)" -I{} sh -c '"$0" "$@" -c {} -o "'"$out"'/$(basename {} .c).o"' \
        "$clang" "${flags[@]}"
    "$clang" -fsanitize=address -fuse-ld=lld "$out"/*.o -lm -lpthread -o "$out/products"
    echo "$stamp" > "$out/stamp"
fi
"$out/products"
