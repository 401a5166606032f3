#!/bin/sh
# Builds, then runs the unit tests with Node's own runner.
set -eu
cd "$(dirname "$0")"
./build.sh
node --test build/test/*.test.js
