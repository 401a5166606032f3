#!/bin/sh
# Runs a program installed by build.sh: run.sh driver|example|example_asyncio|example_testing|bench
# [ARGUMENTS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${1:?driver, example or bench}
shift
case $program in
    driver | example | example_asyncio | example_testing | bench) ;;
    *) echo "clients/python: no program $program; there are driver, example, bench" >&2; exit 2 ;;
esac
if [ ! -x "$here/build/venv/bin/python" ]; then
    echo "clients/python: not built yet: run $here/build.sh" >&2
    exit 1
fi
exec "$here/build/venv/bin/python" "$here/$program.py" "$@"
