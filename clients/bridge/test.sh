#!/bin/sh
# Format, types, and tests of the bridge against a real assayd (ASSAYD, or assayd in ASSAY_BIN, or
# .build/release/assayd of this repository) with the official openai package. Ends with unittest's
# own last line.
set -eu
cd "$(dirname "$0")"
if [ ! -x build/venv/bin/python ]; then
    echo "clients/bridge: not built yet: run $PWD/build.sh" >&2
    exit 1
fi
export ASSAYD="${ASSAYD:-${ASSAY_BIN:+$ASSAY_BIN/assayd}}"
build/venv/bin/ruff check --quiet .
build/venv/bin/ruff format --check --quiet .
build/venv/bin/mypy
exec build/venv/bin/python -m unittest discover -s tests -t ..
