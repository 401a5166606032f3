#!/usr/bin/env bash
# The demonstration behind `make demo`: a real model assayed, served and asked; a broken file
# refused; a mock refused by the client. Starts two servers on loopback and a Unix socket and
# stops both by pid. Usage: scripts/demo.sh BIN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:?usage: scripts/demo.sh BIN_FOLDER}
fixtures=${ASSAY_FIXTURES:-../shared/fixtures}
model=${ASSAY_DEMO_MODEL:-$fixtures/stories/stories260K-f32.gguf}
if [ ! -f "$model" ]; then
    echo "demo: no model at $model" >&2
    echo "demo: name any llama GGUF with ASSAY_DEMO_MODEL=PATH make demo" >&2
    exit 1
fi

work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { printf '$ %s\n' "$*"; }

# start LOG ARGUMENTS... : runs assayd and waits until it says that it listens.
start() {
    local log=$1
    shift
    "$bin/assayd" "$@" >"$log" 2>&1 &
    pids+=($!)
    for _ in $(seq 1 300); do
        grep -q 'listening on' "$log" && return 0
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$log" >&2
    echo "demo: assayd did not start" >&2
    exit 1
}

# expect CODE COMMAND... : the exit status is part of what is shown.
expect() {
    local wanted=$1 got=0
    shift
    "$@" || got=$?
    echo "(exit $got)"
    if [ "$got" -ne "$wanted" ]; then
        echo "demo: expected exit $wanted" >&2
        exit 1
    fi
}

say "1. The file is assayed layer by layer"
show "assay inspect $(basename "$model")"
expect 0 "$bin/assay" inspect "$model"

say "2. It is served, and answers with its provenance"
start "$work/real.log" --model "stories=$model" --listen "unix://$work/assay.sock" \
    --listen tcp://127.0.0.1:0
grep 'listening on' "$work/real.log"
export ASSAY_SERVER="unix://$work/assay.sock"
show 'assay generate --prompt "Once upon a time" --max-tokens 120'
expect 0 "$bin/assay" generate --prompt "Once upon a time" --max-tokens 120
show 'assay generate --prompt "Lily and Tom" --max-tokens 16 --json   (over TCP)'
tcp=$(sed -n 's|^listening on \(tcp://.*\)|\1|p' "$work/real.log" | head -n 1)
expect 0 "$bin/assay" generate --server "$tcp" --prompt "Lily and Tom" --max-tokens 16 --json
show "assay models"
expect 0 "$bin/assay" models

say "3. A broken file is refused, at the layer where it breaks"
head -c "$(($(stat -c %s "$model") / 2))" "$model" >"$work/cut.gguf"
show "assay inspect cut.gguf"
expect 65 "$bin/assay" inspect "$work/cut.gguf"

say "4. A mock exists only when asked for, and the client refuses it"
start "$work/mock.log" --model "stories=$work/cut.gguf" --strategy development \
    --allow-mock-fallback --listen "unix://$work/mock.sock"
show 'assay generate --prompt "Once upon a time"   (the server answers with a mock)'
expect 79 "$bin/assay" generate --server "unix://$work/mock.sock" --prompt "Once upon a time" \
    --max-tokens 8
show 'assay generate --prompt "Once upon a time" --allow-mock'
expect 0 "$bin/assay" generate --server "unix://$work/mock.sock" --prompt "Once upon a time" \
    --max-tokens 8 --allow-mock

say "5. The servers drain and stop"
for pid in "${pids[@]}"; do
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    echo "assayd: exit $status"
    [ "$status" -eq 0 ] || exit 1
done
pids=()
say "Done"
