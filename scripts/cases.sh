#!/usr/bin/env bash
# Runs the cases: scripts/cases.sh [FOLDER OF assayd AND assay]
#
# Prepares .build-cases/venv with the packages that cases name (from PyPI, once), then scripts/cases
# runs every case and prints a line for each. ONLY=PATTERN picks cases, RUNS=N runs each N times,
# ASSAY_CASES is the folder of given cases (default ../shared/cases), ASSAY_FIXTURES the models.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath -m "${1:-.build/release}")
venv=.build-cases/venv
packages=(lz4 starlette uvicorn httpx openai)
if ! "$venv/bin/python" -c 'import lz4, starlette, uvicorn, httpx, openai' 2>/dev/null; then
    echo "cases: installing ${packages[*]} into $venv"
    mkdir -p .build-cases
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
fi
exec "$venv/bin/python" scripts/cases --bin "$bin" --only "${ONLY:-*}" --runs "${RUNS:-1}"
