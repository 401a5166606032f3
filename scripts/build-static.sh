#!/usr/bin/env bash
# Builds assayd, assay and assay-load with the Swift runtime inside, for machines without Swift, into
# .build-static/release. What stays shared: libuv, liblz4, libcrypto, http-parser, libedit (assay
# alone), and the C and C++ libraries of the system. JOBS bounds the build. Usage: scripts/build-static.sh
set -euo pipefail
cd "$(dirname "$0")/.."

ASSAY_COMMIT=$(scripts/commit.sh)
export ASSAY_COMMIT
for product in assayd assay assay-load; do
    "${SWIFT:-swift}" build -c release --static-swift-stdlib --scratch-path .build-static \
        -j "${JOBS:-$(nproc)}" --product "$product"
done
for product in assayd assay assay-load; do
    if readelf -d ".build-static/release/$product" | grep -q 'NEEDED.*libswift'; then
        echo "build-static: $product still asks for Swift's shared libraries" >&2
        exit 1
    fi
done
