#!/bin/sh
# Checks format and types of the Python client and runs its unit tests. The last line is unittest's.
set -eu
cd "$(dirname "$0")"
if [ ! -x build/venv/bin/python ]; then
    echo "clients/python: not built yet: run $PWD/build.sh" >&2
    exit 1
fi
build/venv/bin/ruff check --quiet .
build/venv/bin/ruff format --check --quiet .
build/venv/bin/mypy
exec build/venv/bin/python -m unittest discover -s tests -t .
