#!/usr/bin/env bash
# Compares our tokenizers with the tokenizers library: scripts/fuzz-tokenizers.sh [FOLDER OF assay]
#
# Prepares .build-cases/tokenizers with the library (from PyPI, once), then scripts/fuzz-tokenizers
# makes FILES random files and TEXTS texts for each from SEED.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath -m "${1:-.build/release}")
venv=.build-cases/tokenizers
package=tokenizers==0.23.3
if ! "$venv/bin/python" -c 'import tokenizers' 2>/dev/null; then
    echo "fuzz-tokenizers: installing $package into $venv"
    mkdir -p .build-cases
    python3 -m venv "$venv"
    if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 2 "$package"; then
        echo "fuzz-tokenizers: $package cannot be installed from PyPI, so nothing was compared" >&2
        exit 1
    fi
fi
exec "$venv/bin/python" scripts/fuzz-tokenizers --bin "$bin" --files "${FILES:-300}" \
    --texts "${TEXTS:-50}" --seed "${SEED:-0}"
