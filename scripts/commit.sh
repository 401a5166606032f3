#!/usr/bin/env bash
# Prints the commit of this tree, twelve hexadecimal digits and -modified when tracked files differ,
# or nothing: without git, and without a repository of its own (a tarball inside another checkout).
# The value of ASSAY_COMMIT goes before, for builds of a copy of the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${ASSAY_COMMIT:-}" ]; then
    echo "$ASSAY_COMMIT"
elif [ -e .git ]; then
    git describe --always --dirty=-modified --abbrev=12 --exclude='*' 2>/dev/null || true
fi
