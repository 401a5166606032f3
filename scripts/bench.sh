#!/usr/bin/env bash
# The benchmark behind `make bench`: choices of a token beside a full sort, a conversation's rendering
# beside jinja2 (where Python has it), the products of a few formats beside the memory's bandwidth, then
# one table of round trips, engine and serving beside a bare libuv echo and llama.cpp.
# ROUNDS (5), QUICK=1, ONLY=TEXT, PEER=none and THREADS are flags of scripts/bench.
# Usage: scripts/bench.sh BIN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:?usage: scripts/bench.sh BIN_FOLDER}
fixtures=${ASSAY_FIXTURES:-../shared/fixtures}

if [ -z "${ONLY:-}" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    scripts/kernels-bench.sh "$work/kernels-bench"
    "$work/kernels-bench" "$(nproc)" best Q8_0 Q4_0 Q4_K TQ2_0
    "$bin/assay-bench" sampling
    peer=()
    if python3 -c 'import jinja2' 2>/dev/null; then peer=(--peer scripts/jinja-peer.py); fi
    "$bin/assay-bench" templates ${peer[@]+"${peer[@]}"}
    published=()
    for name in Qwen-Qwen3-0.6B meta-llama-Llama-3.1-8B-Instruct openai-gpt-oss-120b \
        mistralai-Mistral-Nemo-Instruct-2407 zai-org-GLM-5.1; do
        if [ -f "$fixtures/templates/$name.jinja" ]; then
            published+=("$fixtures/templates/$name.jinja")
        fi
    done
    if [ ${#published[@]} -gt 0 ]; then
        "$bin/assay-bench" templates ${peer[@]+"${peer[@]}"} "${published[@]}"
    else
        echo "bench: no fixtures at $fixtures, published templates not measured" >&2
    fi
fi

words=(--rounds "${ROUNDS:-5}")
[ -z "${QUICK:-}" ] || words+=(--quick)
[ -z "${ONLY:-}" ] || words+=(--only "$ONLY")
[ -z "${PEER:-}" ] || words+=(--peer "$PEER")
[ -z "${THREADS:-}" ] || words+=(--threads "$THREADS")
python3 scripts/bench --bin "$bin" "${words[@]}"
