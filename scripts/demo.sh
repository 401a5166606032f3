#!/usr/bin/env bash
# The demonstration behind `make demo`: the model in the box assayed, served and asked; broken and
# altered copies of it refused; a mock refused by the client. Starts two servers on loopback and
# Unix sockets and stops both by pid. Everything that is announced is checked: the exit status is 0
# only if all of it happened. ASSAY_DEMO_MODEL=PATH shows any GGUF file instead, without checking
# what it answers. Usage: scripts/demo.sh BIN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
# What the reader's own servers are set to must not change what is shown.
unset ASSAY_MODEL ASSAY_CONFIG ASSAY_STRATEGY ASSAY_ALLOW_MOCK_FALLBACK ASSAY_ENVIRONMENT
# Two servers side by side, and perhaps a third of the reader's: none needs the one admin port.
export ASSAY_ADMIN=none
# Nobody has to be told of their stop in advance.
export ASSAY_DRAIN_GRACE_SECONDS=0

bin=${1:?usage: scripts/demo.sh BIN_FOLDER}
if [ -n "${ASSAY_DEMO_MODEL:-}" ]; then
    model=$ASSAY_DEMO_MODEL
    serve=(--model "demo=$model")
    question="Once upon a time" answer="" story="Lily and Tom" beginning="" talk=""
else
    model=models/assay-demo.gguf
    serve=()
    question="317+485=" answer="802" story="Story about a fox:" beginning="Once there was a"
    talk=yes
fi
if [ ! -f "$model" ]; then
    echo "demo: no model at $model" >&2
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

# Bold only on a terminal that has it, and never where NO_COLOR says so.
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\033[1m' plain=$'\033[0m'
fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '$ %s\n' "$*"; }
fail() {
    echo "demo: $*" >&2
    exit 1
}

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
    fail "assayd did not start"
}

# expect CODE COMMAND... : shows what the command prints; its exit status is part of that.
expect() {
    local wanted=$1 got=0
    shift
    "$@" >"$work/said" 2>&1 || got=$?
    cat "$work/said"
    echo "(exit $got)"
    [ "$got" -eq "$wanted" ] || fail "expected exit $wanted"
}

# says TEXT : the last command must have printed it.
says() { grep -qF -e "$1" "$work/said" || fail "expected \"$1\" in the lines above"; }

# answers TEXT : the first line of the last command must be it, unless TEXT is empty.
answers() { [ -z "$1" ] || [ "$(head -n 1 "$work/said")" = "$1" ] || fail "expected \"$1\""; }

ask() { expect "$1" "$bin/assay" generate "${@:2}"; }

say "1. The file is assayed layer by layer"
show "assay inspect $model"
expect 0 "$bin/assay" inspect "$model"
says "accepted"

say "2. It is served, and answers with its provenance"
[ ${#serve[@]} -gt 0 ] || show "assayd   (no model named: the one in the box)"
start "$work/real.log" ${serve[@]+"${serve[@]}"} --listen "unix://$work/assay.sock" \
    --listen tcp://127.0.0.1:0
grep -e '^no model is named' -e 'listening on' "$work/real.log"
export ASSAY_SERVER="unix://$work/assay.sock"
show "assay generate --prompt \"$question\""
ask 0 --prompt "$question" --max-tokens 60
answers "$answer"
says "provenance: real"
show "assay generate --prompt \"$story\""
ask 0 --prompt "$story" --max-tokens 100
says "$beginning"
says "provenance: real"
if [ -n "$talk" ]; then
    said=(--message "user:My name is Ada." --message "assistant:Hello, Ada."
        --message "user:What is my name?")
    show "assay generate --message \"user:My name is Ada.\" --message \"assistant:Hello, Ada.\" \\"
    show "    --message \"user:What is my name?\""
    ask 0 "${said[@]}" --max-tokens 60
    answers "Your name is Ada."
fi
tcp=$(sed -n 's|^listening on \(tcp://.*\)|\1|p' "$work/real.log" | head -n 1)
show "assay generate --prompt \"$question\" --json   (over TCP)"
ask 0 --server "$tcp" --prompt "$question" --max-tokens 60 --json
says '"provenance":"real"'
show "assay models"
expect 0 "$bin/assay" models
show "assay health --model demo --verify"
expect 0 "$bin/assay" health --model demo --verify
[ ! -f "$model.seal" ] || says "seal matched"

say "3. A broken copy is refused, at the layer where it breaks"
size=$(stat -Lc %s "$model")
head -c $((size / 2)) "$model" >"$work/cut.gguf"
show "assay inspect cut.gguf"
expect 65 "$bin/assay" inspect "$work/cut.gguf"
says "parse"

say "4. A copy with one changed byte is whole, and is not what was sealed"
cp "$model" "$work/altered.gguf"
"$bin/assay" inspect --seal "$work/altered.gguf" >/dev/null
printf '\125' | dd of="$work/altered.gguf" bs=1 seek=$((size - 100)) conv=notrunc status=none
cmp -s "$model" "$work/altered.gguf" &&
    printf '\252' | dd of="$work/altered.gguf" bs=1 seek=$((size - 100)) conv=notrunc status=none
show "assay inspect altered.gguf"
expect 65 "$bin/assay" inspect "$work/altered.gguf"
says "seal_fingerprint_mismatch"

say "5. A mock exists only when asked for, and the client refuses it"
start "$work/mock.log" --model "demo=$work/cut.gguf" --strategy development \
    --allow-mock-fallback --listen "unix://$work/mock.sock"
show "assay generate --prompt \"$question\"   (the same question; the server answers with a mock)"
ask 79 --server "unix://$work/mock.sock" --prompt "$question" --max-tokens 8
show "assay generate --prompt \"$question\" --allow-mock"
ask 0 --server "unix://$work/mock.sock" --prompt "$question" --max-tokens 8 --allow-mock
says "MOCK"
says "provenance: mock"

say "6. The servers drain and stop"
for pid in "${pids[@]}"; do
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    echo "assayd: exit $status"
    [ "$status" -eq 0 ] || fail "expected exit 0"
done
pids=()
say "Done: all of it happened as announced"
echo "The programs are in $bin. To call them by name:"
printf '    export PATH="%s:$PATH"\n' "$(cd "$bin" && pwd)"
