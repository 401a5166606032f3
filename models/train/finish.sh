#!/usr/bin/env bash
# After a training run: everything that depends on the model file, made anew and checked in this
# order: export, seal, goldens, questions, scores through the server, tests, demonstration. Needs a
# release build of the project (`make build`) and the Python packages of train.py; PYTHON names the
# interpreter. Without a folder the model file is taken as it is.
# Usage: models/train/finish.sh [RUN_FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
python=${PYTHON:-python3}
swift=${SWIFT:-swift}
run=${1:+$(realpath "$1")}
model=$root/models/assay-demo.gguf

if [ -n "$run" ]; then
    (cd models/train && "$python" export.py --run "$run" --out "$model")
fi
[ "$(stat -c %s "$model")" -le $((4 << 20)) ] || { echo "finish: over 4 MB" >&2; exit 1; }
.build/release/assay inspect --seal --force "$model"
(cd models/train && "$python" goldens.py --model "$model" ${run:+--run "$run"})
(cd models/train && "$python" heldout.py)

# The build copies file and seal beside the programs; only then does the server have them.
"$swift" build -c release --build-tests
export SWIFT=$swift
ASSAY_DEMO_SCORES=$root/models/scores.json scripts/test.sh --filter HeldOutTests
cat models/scores.json
scripts/test.sh --filter 'DemoModelTests|DemoServingTests|HeldOutTests'
scripts/demo.sh .build/release
