#!/bin/sh
# Formatting and lints where the tools are there, then the tests; ends with cargo's own line.
set -eu
cd "$(dirname "$0")"
if ! command -v cargo >/dev/null; then
    echo "clients/rust: cargo was not found: install Rust 1.63 or later" >&2
    exit 1
fi
if cargo fmt --version >/dev/null 2>&1; then
    cargo fmt --check
fi
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --offline --quiet --all-targets -- -D warnings
fi
cargo test --offline --quiet --doc
cargo test --offline --quiet --lib --tests
