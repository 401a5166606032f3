#!/bin/sh
# Builds the driver, the example and the bench into build/. The library is built with them.
set -eu
cd "$(dirname "$0")"
command -v go >/dev/null || {
    echo "build.sh: needs go 1.19 or newer, found none in PATH" >&2
    exit 69
}
for program in driver example bench; do
    GOFLAGS=-mod=mod GOPROXY=off go build -o build/$program ./$program
done
