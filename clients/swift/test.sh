#!/bin/sh
# Runs the unit tests that build.sh has built.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
exec swift test -c release --skip-build --disable-xctest --no-parallel --filter AssayClientTests
