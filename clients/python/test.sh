#!/bin/sh
# Format, types, unit tests of the Python client; ends with unittest's own last line.
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
