#!/bin/sh
# Runs the unit tests, which the root package has built beside its own tests, so that no test is
# built twice. To test the client alone: swift test --package-path clients/swift
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
exec swift test -c release --skip-build --disable-xctest --no-parallel --filter AssayClientTests
