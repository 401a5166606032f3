#!/usr/bin/env bash
# Runs the Swift tests that are built. What failed is said once more at the end, since the end is
# what one sees of a long log. The last line is the runner's own.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${SWIFT:-swift}" test -c release --skip-build --disable-xctest --no-parallel \
    --skip AssayClientTests "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
    echo "What failed:"
    # The marks of the runner, without colour or with it, and the notes that follow them.
    grep -aE '✘|↳|^(Fatal error|error:)|signal code' "$log" | head -n 60
    grep -a 'Test run with' "$log" | tail -n 1
fi
exit "$status"
