#!/usr/bin/env bash
# Builds, tests and compares the clients in clients/: one script for a developer and for CI.
#
#   clients.sh setup          installs what is missing (Debian's packages), or prints the command
#   clients.sh build          builds every client that is there
#   clients.sh test           everything: descriptions and vectors fresh, tests of the kit, the soak
#                             and the cases, each client's tests, conformance, live scenarios, README
#                             examples; the last line adds it up: N passed, N failed, N skipped
#   clients.sh conformance    the table of the conformance kit over every client (words go to run.py)
#   clients.sh bench          each client's Ping beside a bare socket ping-pong, one table
#
# ASSAY_BIN is the folder of assayd and bare-echo (default .build/release), ASSAY_CLIENTS the clients
# (names; default: every folder of clients/). A client whose tool chain is missing fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
bin=$(realpath -m "${ASSAY_BIN:-.build/release}")
kit=Protocol/conformance
export ASSAYD=${ASSAYD:-$bin/assayd}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# What is built and tested; and of that what has a driver: the clients themselves.
folders=() clients=()
for folder in ${ASSAY_CLIENTS:-clients/*/}; do
    name=$(basename "$folder")
    folders+=("$name")
    if [ -x "clients/$name/run.sh" ] && [ "$name" != bridge ]; then clients+=("$name"); fi
done
has() { [ -d "clients/$1" ]; }

# ---------------------------------------------------------------- setup

setup() {
    local missing=()
    need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
    need python3 python3
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
    if has c; then
        command -v gcc >/dev/null 2>&1 || missing+=(gcc libc6-dev)
        need pkg-config pkg-config
        [ -e /usr/include/lz4.h ] || missing+=(liblz4-dev)
    fi
    if has go; then need go golang-go; fi
    if has typescript; then
        need node nodejs
        need tsc node-typescript
    fi
    if has rust; then
        need cargo cargo
        need rustc rustc
        command -v cc >/dev/null 2>&1 || missing+=(gcc libc6-dev)
    fi
    [ ${#missing[@]} -eq 0 ] && return 0
    install_packages clients "${missing[@]}"
}

# ---------------------------------------------------------------- build and test

# build: every client; prints what failed, and returns how many did.
build() {
    local failed=0 name
    for name in "${clients[@]}"; do
        if ! ASSAY_BIN=$bin "clients/$name/build.sh" >"$logs/build.$name" 2>&1; then
            echo "clients: building $name failed:" >&2
            tail -n 30 "$logs/build.$name" >&2
            failed=$((failed + 1))
        fi
    done
    return $failed
}

passed=0 failed=0 skipped=0
add() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
}

# step TITLE COMMAND...: runs it, shows the end of what it said, adds up.
step() {
    local title=$1 log="$logs/step" status=0 begun=$SECONDS numbers
    shift
    "$@" >"$log" 2>&1 || status=$?
    read -r -a numbers <<<"$(python3 scripts/count_tests.py "$log" "$status")"
    add "${numbers[@]}"
    if [ "${numbers[1]}" -ne 0 ]; then
        tail -n 60 "$log"
        printf '%-34s FAILED: %s passed, %s failed, %s skipped (%s s)\n' \
            "$title" "${numbers[@]}" $((SECONDS - begun))
    else
        printf '%-34s %s passed, %s skipped (%s s)\n' \
            "$title" "${numbers[0]}" "${numbers[2]}" $((SECONDS - begun))
    fi
}

# one COMMAND...: a check that says nothing itself when all is well.
one() {
    if "$@"; then echo "1 passed, 0 failed"; else
        echo "0 passed, 1 failed"
        return 1
    fi
}

drivers() {
    local name
    for name in "${clients[@]}"; do printf -- '--client\n%s=%s\n' "$name" "clients/$name/run.sh driver"; done
}

run_kit() {
    local words
    mapfile -t words < <(drivers)
    python3 "$kit/run.py" --jobs 3 "${words[@]}" "$@"
}

run_live() {
    local words name
    mapfile -t words < <(drivers)
    for name in "${clients[@]}"; do
        words+=(--example "$name=clients/$name/run.sh example" --readme "$name=clients/$name")
    done
    python3 "$kit/live.py" --assayd "$bin/assayd" --jobs 2 "${words[@]}" "$@"
}

# run_readme: the README test of the Swift tests leaves the block of Python to this.
run_readme() { scripts/readme --bin "$bin" --python clients/python/build/venv/bin/python; }

# start_builds: every client, one after another, beside what follows; built NAME waits for one.
start_builds() {
    local name
    for name in "${folders[@]}"; do
        [ -e "clients/$name/build.sh" ] || continue
        ASSAY_BIN=$bin "clients/$name/build.sh" >"$logs/build.$name" 2>&1 &&
            touch "$logs/built.$name" || touch "$logs/broken.$name"
    done
}

built() {
    until [ -e "$logs/built.$1" ] || [ -e "$logs/broken.$1" ]; do sleep 0.2; done
    cat "$logs/build.$1"
    [ -e "$logs/built.$1" ]
}

test_one() { ASSAY_BIN=$bin "clients/$1/test.sh"; }

run_tests() {
    local name builds
    start_builds &
    builds=$!
    step "generated files, SPEC.md" one python3 Protocol/generate.py --check
    step "vectors" one python3 Protocol/vectors/generate.py --check
    step "counting test results" python3 scripts/count_tests.py --test
    step "the soak's judgement" python3 -m unittest discover -s scripts/soak -p 'test_*.py'
    step "the cases' judgement" python3 -m unittest discover -s scripts/cases -p 'test_*.py'
    step "the benchmark's arithmetic" python3 -m unittest discover -s scripts/bench -p 'test_*.py'
    step "the pages' tables" python3 -m unittest discover -s scripts/docs -p 'test_*.py'
    step "the kit's own tests" python3 -m unittest discover -s "$kit/tests" -t "$kit/tests"
    for name in "${folders[@]}"; do
        if [ -e "clients/$name/build.sh" ]; then step "build $name" one built "$name"; fi
    done
    wait "$builds"
    for name in "${folders[@]}"; do
        if [ -e "clients/$name/test.sh" ]; then step "tests of $name" test_one "$name"; fi
    done
    if [ ${#clients[@]} -ne 0 ]; then
        step "conformance" run_kit
        echo
        sed -n '/^row  /,$p' "$logs/step" | sed '$d'
        if [ -x "$bin/assayd" ]; then
            step "live scenarios, README examples" run_live
            if has python; then step "README.md, its Python too" run_readme; fi
        else
            echo "live scenarios: no $bin/assayd; build the server first" >&2
            add 0 1
        fi
    fi
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

# ---------------------------------------------------------------- bench

# bench_one NAME CORE: the line that the client's bench prints, run on that core.
bench_one() {
    local name=$1 core=$2
    shift 2
    taskset -c "$core" "clients/$name/run.sh" bench "$@" 2>"$logs/bench.err" | tail -n 1
}

# Both servers stay on one core and the client on another, then all on one: left to the scheduler, the
# two halves of a comparison may be placed differently, which decides more than any client does.
run_bench() {
    local server="$logs/server.sock" echo="$logs/echo.sock" name own=() cores line core
    pids=() # not local: the trap at the script's end reads it
    # What the reader's own servers are set to must not change what is measured.
    for name in $(compgen -e ASSAY_ || true); do own+=(-u "$name"); done
    read -r -a cores <<<"$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')"
    taskset -c "${cores[0]}" env "${own[@]}" "$bin/assayd" --listen "unix://$server" --admin none \
        >"$logs/assayd" 2>&1 &
    pids+=($!)
    # Bound is sooner than up: while its model loads, the server's core is not its own.
    both_up() { grep -q '^listening on' "$logs/assayd" && [ -S "$echo" ]; }
    # It runs until its input ends: a pipe that we hold open ourselves.
    mkfifo "$logs/open"
    exec 9<>"$logs/open"
    taskset -c "${cores[0]}" "$bin/bare-echo" "unix://$echo" >"$logs/echo" 2>&1 <&9 &
    pids+=($!)
    trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$logs"' EXIT
    for _ in $(seq 1 300); do
        if both_up; then break; fi
        sleep 0.1
    done
    if ! both_up; then
        tail -n 5 "$logs/assayd" "$logs/echo" >&2
        echo "clients: assayd or bare-echo in $bin did not start" >&2
        return 1
    fi
    printf '%-12s %-10s %12s %12s %8s\n' client placed "Ping p50 us" "bare p50 us" ratio
    for name in "${clients[@]}"; do
        for core in "${cores[1]:-}" "${cores[0]}"; do
            [ -n "$core" ] || continue
            line=$(bench_one "$name" "$core" --server "unix://$server" --echo "unix://$echo" "$@") || {
                echo "$name: bench failed: $(tail -n 3 "$logs/bench.err")" >&2
                failed=1
                continue
            }
            PLACED=$([ "$core" = "${cores[0]}" ] && echo "one core" || echo "two cores") \
                NAME=$name LINE=$line python3 - <<'PYTHON'
import json
import os

row = json.loads(os.environ["LINE"])
print("%-12s %-10s %12.1f %12.1f %8.2f" % (
    os.environ["NAME"], os.environ["PLACED"], row["client_p50_us"], row["bare_p50_us"], row["ratio"]))
PYTHON
        done
    done
    return "$failed"
}

# ---------------------------------------------------------------- command line

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
setup) setup ;;
build) build ;;
test) run_tests ;;
conformance) run_kit "$@" ;;
live) run_live "$@" ;;
bench) run_bench "$@" ;;
*)
    sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
