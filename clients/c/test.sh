#!/bin/sh
# Runs the unit tests of the C client: with the thread sanitizer, then with the address and
# undefined-behaviour sanitizers, where the compiler has them. Ends with the tests' closing line.
set -eu
cd "$(dirname "$0")"
CC=${CC:-cc}
mkdir -p build
warnings="-std=c11 -Wall -Wextra -Werror -Wconversion -Wshadow"
for other in gcc clang; do # both must take the library, when they are there
    if command -v "$other" >/dev/null; then
        # shellcheck disable=SC2086
        "$other" $warnings -Wpedantic -O2 -I. -c assay.c -o build/warnings.o
    fi
done
run() { # a name, and flags of a sanitizer
    # shellcheck disable=SC2086
    if ! echo 'int main(void){return 0;}' | "$CC" $2 -x c - -o build/probe 2>/dev/null; then
        echo "clients/c: $CC has no $1: skipped"
        return 0
    fi
    # shellcheck disable=SC2086
    "$CC" $warnings $2 -g -O1 -I. -pthread -o "build/test_$1" tests/test_assay.c -llz4 -lm
    echo "clients/c: $1"
    "build/test_$1"
}
run thread "-fsanitize=thread"
run address "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
