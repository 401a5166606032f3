#!/usr/bin/env bash
# The benchmark behind `make bench`, all from one run: Ping round trips beside a bare libuv echo,
# then tokens per second on stories260K (when the fixtures are there) and on a generated
# 15M-parameter file. Usage: scripts/bench.sh BIN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:?usage: scripts/bench.sh BIN_FOLDER}
fixtures=${ASSAY_FIXTURES:-../shared/fixtures}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin/assay-bench" wire --assayd "$bin/assayd" --echo "$bin/bare-echo"

stories=$fixtures/stories/stories260K-f32.gguf
if [ -f "$stories" ]; then
    "$bin/assay-bench" engine "$stories"
else
    echo "bench: no fixtures at $fixtures, stories260K not measured" >&2
fi
"$bin/assay-bench" write-model "$work/random-15m-q8_0.gguf"
"$bin/assay-bench" engine "$work/random-15m-q8_0.gguf"
