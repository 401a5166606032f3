#!/bin/sh
# Runs the tests. Formatting and lints come first, and only with the tool chain that the sources are
# formatted for, since tool chains differ in taste. The last lines are cargo's.
set -eu
cd "$(dirname "$0")"
if ! command -v cargo >/dev/null; then
    echo "clients/rust: cargo was not found: install Rust 1.63 or later" >&2
    exit 1
fi
case "$(rustc --version)" in
"rustc 1.95."*)
    if cargo fmt --version >/dev/null 2>&1; then
        cargo fmt --check
    fi
    if cargo clippy --version >/dev/null 2>&1; then
        cargo clippy --offline --quiet --all-targets -- -D warnings
    fi
    ;;
*) echo "clients/rust: formatting and lints are checked with Rust 1.95 only: skipped" ;;
esac
cargo test --offline --quiet --doc
cargo test --offline --quiet --lib --tests
