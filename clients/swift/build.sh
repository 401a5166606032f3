#!/bin/sh
# Builds the library, the driver, the example and the benchmark with this folder's own package,
# which needs no part of the server. build/ gets links to the programs. The root package builds the
# tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v swift >/dev/null 2>&1; then
    echo "clients/swift: there is no swift here; Swift 6.2 or later builds this client" >&2
    exit 1
fi
swift build -c release --package-path "$here" ${ASSAY_SWIFT_FLAGS:-}
mkdir -p "$here/build"
for name in driver example bench; do
    ln -sf "../.build/release/$name" "$here/build/$name"
done
