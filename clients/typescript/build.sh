#!/bin/sh
# Compiles the library, driver, example, bench and tests into build/.
set -eu
cd "$(dirname "$0")"
for tool in node tsc; do
    command -v $tool >/dev/null || {
        echo "build.sh: needs node 18 and tsc 4.8 or newer, found no $tool in PATH" >&2
        exit 69
    }
done
rm -rf build
tsc -p .
