#!/bin/sh
# Makes the bridge as a folder for Debian's own Python, without a virtual environment:
#
#   bundle.sh [PREFIX]     PREFIX/bin/assay-bridge, PREFIX/lib/assay-bridge (default build/bundle)
#
# The folder may be moved as a whole. It holds the bridge, the Python client and the packages of
# bundle.txt, each of one version and digest, all of them plain Python. The compiled package that the
# client needs is Debian's: the target machine needs python3 (3.10 or later) and python3-lz4.
set -eu
cd "$(dirname "$0")"
mkdir -p "${1:-build/bundle}"
prefix=$(cd "${1:-build/bundle}" && pwd)
python=${PYTHON:-python3}
if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "clients/bridge: needs Python 3.10 or later with its venv module: apt-get install" \
        "python3-venv" >&2
    exit 1
fi
[ -x build/pip/bin/pip ] || { mkdir -p build && "$python" -m venv build/pip; }
pip() { build/pip/bin/pip --quiet --disable-pip-version-check "$@"; }
pip install setuptools wheel

lib=$prefix/lib/assay-bridge
# What an earlier build left is packed again, although its source may be gone.
rm -rf "$lib" build/lib ../python/build/lib
mkdir -p "$lib" "$prefix/bin"
pip install --target "$lib" --no-compile --only-binary :all: --require-hashes --requirement bundle.txt
rm -rf "$lib/bin" # programs of the packages, which nobody calls here
pip install --target "$lib" --no-compile --no-deps --no-build-isolation ../python .
rm -rf "$lib/bin" build/lib ../python/build/lib
compiled=$(find "$lib" -name '*.so*')
if [ -n "$compiled" ]; then
    echo "clients/bridge: $compiled is compiled for one machine; bundle.txt names plain Python only" >&2
    exit 1
fi

cat >"$prefix/bin/assay-bridge" <<'LAUNCHER'
#!/usr/bin/python3 -I
"""Runs the bridge that lies in ../lib/assay-bridge."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib" / "assay-bridge"))

try:
    import lz4.block  # noqa: F401
except ImportError:
    sys.exit("assay-bridge: Python's lz4 is missing: apt-get install python3-lz4")

from assay_bridge.__main__ import main  # noqa: E402

main()
LAUNCHER
chmod 755 "$prefix/bin/assay-bridge"
