#!/bin/sh
# Runs the bridge built by build.sh: run.sh bridge [ARGUMENTS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != bridge ]; then
    echo "clients/bridge: no program ${1:-}; there is bridge" >&2
    exit 2
fi
shift
if [ ! -x "$here/build/venv/bin/assay-bridge" ]; then
    echo "clients/bridge: not built yet: run $here/build.sh" >&2
    exit 1
fi
exec "$here/build/venv/bin/assay-bridge" "$@"
