#!/bin/sh
# Builds the library, its tests, the driver, the example and the benchmark: as part of the root
# package, whose products they are, so that nothing is built twice. build/ gets links to them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if ! command -v swift >/dev/null 2>&1; then
    echo "clients/swift: there is no swift here; Swift 6.2 or later builds this client" >&2
    exit 1
fi
cd "$root"
swift build -c release --build-tests ${ASSAY_SWIFT_FLAGS:-}
mkdir -p "$here/build"
products=$(swift build -c release --show-bin-path)
for name in driver example bench; do
    ln -sf "$products/assay-client-$name" "$here/build/$name"
done
