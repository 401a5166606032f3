#!/bin/sh
# Builds the crate, the driver, the example and the bench; the programs go to build/.
set -eu
cd "$(dirname "$0")"
if ! command -v cargo >/dev/null; then
    echo "clients/rust: cargo was not found: install Rust 1.63 or later" >&2
    exit 1
fi
cargo build --release --offline --quiet --lib --examples
mkdir -p build
target=${CARGO_TARGET_DIR:-target}
for program in driver example bench; do
    cp "$target/release/examples/$program" "build/$program.new"
    mv "build/$program.new" "build/$program"
done
echo "clients/rust: built the crate, build/driver, build/example, build/bench"
