#!/usr/bin/env bash
# Compares our tokenizers with the tokenizers library: scripts/fuzz-tokenizers.sh [FOLDER OF assay]
#
# Prepares .build-cases/tokenizers with the library (from PyPI, once), then scripts/fuzz-tokenizers
# makes FILES random files and TEXTS texts for each from SEED.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath -m "${1:-.build/release}")
venv=.build-cases/tokenizers
if ! "$venv/bin/python" -c 'import tokenizers' 2>/dev/null; then
    echo "fuzz-tokenizers: installing tokenizers into $venv"
    mkdir -p .build-cases
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check tokenizers==0.23.3
fi
exec "$venv/bin/python" scripts/fuzz-tokenizers --bin "$bin" --files "${FILES:-300}" \
    --texts "${TEXTS:-50}" --seed "${SEED:-0}"
