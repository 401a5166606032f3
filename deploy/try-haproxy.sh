#!/usr/bin/env bash
# Runs deploy/haproxy.cfg: two servers behind HAProxy on loopback, asked through the proxy while one is
# drained, comes back, and is killed. Everything that is announced is checked, and the exit status is 0
# only if all of it happened. Without haproxy it says so and does nothing. Takes half a minute. Not part
# of CI. Usage: deploy/try-haproxy.sh [BIN_FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:-.build/release}
if ! command -v haproxy >/dev/null; then
    echo "try-haproxy: SKIPPED, there is no haproxy (Debian: apt-get install haproxy)" >&2
    exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/assay-haproxy-XXXXXX")
declare -A pids=()
finish() {
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
say() { printf '\n== %s\n' "$*"; }
fail() { echo "try-haproxy: $*" >&2; tail -n 5 "$work"/*.log >&2; exit 1; }
# settle COMMAND... : tries for 20 seconds.
settle() { for _ in $(seq 1 200); do "$@" && return 0; sleep 0.1; done; return 1; }
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

for name in PROXY ONE TWO; do export "ASSAY_${name}_PORT=$(free_port)"; done
for name in ONE TWO; do export "ASSAY_${name}_ADMIN=$(free_port)"; done

# start NAME PORT ADMIN : a server with the demo model, in an environment without the ports.
start() {
    env -u ASSAY_PROXY_PORT -u ASSAY_ONE_PORT -u ASSAY_ONE_ADMIN -u ASSAY_TWO_PORT -u ASSAY_TWO_ADMIN \
        "$bin/assayd" --threads 1 --listen "tcp://127.0.0.1:$2" --admin "127.0.0.1:$3" \
        >"$work/$1.log" 2>&1 &
    pids[$1]=$!
    settle grep -q '^listening on' "$work/$1.log" || fail "server $1 does not start"
}
# What HAProxy says about a server: UP or DOWN.
state() { tac "$work/haproxy.log" | grep -m 1 -oE "Server assayd/$1 is (UP|DOWN)" | grep -oE '(UP|DOWN)$'; }
is() { [ "$(state "$1" || echo UP)" = "$2" ]; }
ask() { "$bin/assay" generate --server "127.0.0.1:$ASSAY_PROXY_PORT" --prompt 317+485= --max-tokens 8 2>/dev/null; }
# How many connections a server has taken.
taken() {
    "$bin/assay" stats --server "127.0.0.1:$1" | awk '$1 == "connections_accepted" { print $2 }'
}

say "Two servers, and HAProxy before them"
start one "$ASSAY_ONE_PORT" "$ASSAY_ONE_ADMIN"
start two "$ASSAY_TWO_PORT" "$ASSAY_TWO_ADMIN"
haproxy -db -f deploy/haproxy.cfg >"$work/haproxy.log" 2>&1 &
pids[haproxy]=$!
settle ask >/dev/null || fail "no answer through the proxy"
for _ in 1 2 3 4 5 6 7 8; do [ "$(ask)" = 802 ] || fail "not the answer"; done
one=$(taken "$ASSAY_ONE_PORT") two=$(taken "$ASSAY_TWO_PORT")
echo "8 answers of 8; connections taken: one $one, two $two"
[ "$one" -gt 2 ] && [ "$two" -gt 2 ] || fail "one server took everything"

say "SIGTERM to one, with streams under way"
streams=()
for number in 1 2 3 4; do
    "$bin/assay" generate --server "127.0.0.1:$ASSAY_PROXY_PORT" --prompt "Story about a fox:" \
        --max-tokens 400 --ignore-eos --json >"$work/stream$number.json" 2>"$work/stream$number.log" &
    streams+=($!)
done
busy() { "$bin/assay" stats --server "127.0.0.1:$ASSAY_ONE_PORT" | grep -qE '^requests_in_flight +[1-9]'; }
settle busy || echo "(the streams ended before the signal)"
kill -TERM "${pids[one]}"
for pid in "${streams[@]}"; do wait "$pid" || fail "a stream was cut"; done
echo "4 streams of 4 ended as they should"
wait "${pids[one]}" || fail "server one did not drain"
settle is one DOWN || fail "HAProxy does not see that one is gone"
for _ in 1 2 3 4; do [ "$(ask)" = 802 ] || fail "not the answer while one is down"; done
echo "one has ended with status 0; HAProxy: one $(state one); 4 answers of 4 from two"

say "One comes back"
start one "$ASSAY_ONE_PORT" "$ASSAY_ONE_ADMIN"
settle is one UP || fail "HAProxy does not take one back"
for _ in 1 2 3 4; do [ "$(ask)" = 802 ] || fail "not the answer"; done
echo "HAProxy: one $(state one); connections taken by one: $(taken "$ASSAY_ONE_PORT")"

say "SIGKILL to two"
kill -KILL "${pids[two]}"
wait "${pids[two]}" 2>/dev/null || true
for _ in 1 2 3 4 5 6 7 8; do [ "$(ask)" = 802 ] || fail "not the answer after a kill"; done
settle is two DOWN || fail "HAProxy does not see that two is gone"
echo "8 answers of 8; HAProxy: two $(state two)"

say "Done: all of it happened as announced"
