#!/bin/sh
# Makes clients/bridge/build/venv with the bridge, the Python client, and the packages of the tests.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "clients/bridge: needs Python 3.10 or later with its venv module ($python is not)" >&2
    exit 1
fi
if [ ! -x build/venv/bin/pip ]; then
    mkdir -p build
    "$python" -m venv build/venv
fi
# Editable installs, so that edits take effect at once.
build/venv/bin/pip install --quiet --disable-pip-version-check \
    --editable ../python --editable '.[test]'
