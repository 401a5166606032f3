#!/bin/sh
# Runs a built program: run.sh driver|example|bench [ARGUMENTS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case "${1:-}" in
driver | example | bench) ;;
*)
    echo "usage: run.sh driver|example|bench [ARGUMENTS]" >&2
    exit 2
    ;;
esac
if [ ! -x "$here/build/$1" ]; then
    echo "clients/rust: build/$1 is not there: run build.sh first" >&2
    exit 1
fi
program=$1
shift
exec "$here/build/$program" "$@"
