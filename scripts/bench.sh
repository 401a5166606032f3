#!/usr/bin/env bash
# The benchmark behind `make bench`, all from one run: Ping round trips beside a bare libuv echo,
# a conversation's rendering beside jinja2 (where Python has it), the products of a few formats
# beside the memory's bandwidth, then tokens per second on stories260K (when the fixtures are there)
# and on a generated 15M-parameter file.
# Usage: scripts/bench.sh BIN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:?usage: scripts/bench.sh BIN_FOLDER}
fixtures=${ASSAY_FIXTURES:-../shared/fixtures}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin/assay-bench" wire --assayd "$bin/assayd" --echo "$bin/bare-echo"

peer=()
if python3 -c 'import jinja2' 2>/dev/null; then peer=(--peer scripts/jinja-peer.py); fi
"$bin/assay-bench" templates ${peer[@]+"${peer[@]}"}
swift=$(readlink -f "$(command -v "${SWIFT:-swift}")")
"${CLANG:-$(dirname "$swift")/clang}" -O3 -ISources/CKernels/include \
    Benchmarks/Kernels/kernels-bench.c "$bin"/CKernels.build/*.o -lm -lpthread \
    -o "$work/kernels-bench"
"$work/kernels-bench" "$(nproc)" best Q8_0 Q4_0 Q4_K TQ2_0
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

stories=$fixtures/stories/stories260K-f32.gguf
if [ -f "$stories" ]; then
    "$bin/assay-bench" engine "$stories"
else
    echo "bench: no fixtures at $fixtures, stories260K not measured" >&2
fi
"$bin/assay-bench" write-model "$work/random-15m-q8_0.gguf"
"$bin/assay-bench" engine "$work/random-15m-q8_0.gguf"
