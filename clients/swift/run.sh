#!/bin/sh
# Runs a program that build.sh has built: run.sh driver|example|bench [ARGUMENTS].
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=${1:-}
if [ -z "$name" ] || [ ! -x "$here/build/$name" ]; then
    echo "clients/swift: run.sh driver|example|bench, after build.sh" >&2
    exit 2
fi
shift
exec "$here/build/$name" "$@"
