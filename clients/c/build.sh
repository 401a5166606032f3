#!/bin/sh
# Builds the library, the driver, the example and the bench into build/. CC and CFLAGS may be set.
set -eu
cd "$(dirname "$0")"
CC=${CC:-cc}
if ! command -v "$CC" >/dev/null; then
    echo "clients/c: no C compiler: install gcc or clang, or set CC" >&2
    exit 1
fi
if ! echo '#include <lz4.h>' | "$CC" -E - >/dev/null 2>&1; then
    echo "clients/c: lz4.h was not found: install liblz4-dev" >&2
    exit 1
fi
flags="-std=c11 -Wall -Wextra -Werror -Wconversion -Wshadow -Wpedantic ${CFLAGS:--O2 -g} -I. -pthread"
mkdir -p build
build() { # output, sources
    output=$1
    shift
    # shellcheck disable=SC2086
    "$CC" $flags -o "build/$output" "$@" build/libassay.a -llz4 -lm
}
# shellcheck disable=SC2086
"$CC" $flags -c -o build/assay.o assay.c
rm -f build/libassay.a
ar rcs build/libassay.a build/assay.o
build driver driver/driver.c driver/json.c
build example example/example.c
build bench bench/bench.c
echo "clients/c: built build/libassay.a, build/driver, build/example, build/bench"
