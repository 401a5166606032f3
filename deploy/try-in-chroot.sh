#!/usr/bin/env bash
# Tries what is in deploy/ in a bare Debian root file system: the container files' second stages, step
# by step as they are written there, and the systemd units. Needs root, debootstrap, unshare and a Debian
# mirror; takes a few minutes, bounded; removes what it made. Not part of CI.
#
# It proves: the statically linked programs start on a Debian that never saw Swift, with exactly the
# packages the container file names; as its user, without capabilities, on a read-only file system,
# they serve the demo model, answer through `assay`, `assay chat` (by a pipe) and `assay-load` with
# provenance real, are alive and ready on the admin port, pass the container's health check, and drain
# on SIGTERM; the installed completions are those of a shell; with the packages of the bridge's container
# file, and no others, the bridge answers over HTTP; the installed units are accepted by systemd-analyze
# verify and rated at most 1.0; uninstalling leaves nothing.
# With BOOT=1 it also boots that systemd (systemd-nspawn, needs cgroups) and starts the unit with its
# sandbox. It does not prove: the first stage (it takes the programs of scripts/build-static.sh), nor
# anything about an engine's own network or storage.
#
# The bridge is made here by clients/bridge/bundle.sh, which needs python3-venv and a network.
#
# Usage: deploy/try-in-chroot.sh [BIN_FOLDER]    MIRROR=URL, if not debootstrap's own choice
#        ROOTFS=FOLDER takes (and keeps) a root file system that debootstrap made before.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${1:-.build-static/release}
containerfile=deploy/Containerfile
fail() { echo "try-in-chroot: $*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }
[ "$(id -u)" -eq 0 ] || fail "needs root, for chroot and namespaces"
for tool in debootstrap unshare chroot ip setpriv; do
    command -v "$tool" >/dev/null || fail "needs $tool"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/assay-chroot-XXXXXX")
root=$work/root
stage=$work/stage
cleanup() {
    # Everything mounted lives in namespaces that end with their processes.
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# inside COMMAND... : runs in the root file system with its own mounts, processes and /proc.
inside() {
    timeout 600 unshare --mount --pid --fork --kill-child sh -c \
        'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"
}

say "A bare root file system"
if [ -n "${ROOTFS:-}" ]; then
    cp -a "$ROOTFS" "$root"
else
    timeout 900 debootstrap --variant=minbase bookworm "$root" ${MIRROR:+"$MIRROR"} >"$work/log" 2>&1 \
        || { tail -n 20 "$work/log" >&2; fail "debootstrap"; }
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
for settings in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
    if [ -f "$settings" ]; then cp "$settings" "$root/etc/apt/apt.conf.d/99host"; fi
done
[ ! -e "$root/usr/lib/swift" ] || fail "this root file system is not bare"
du -sh "$root" | sed 's|\t.*||; s|^|size: |'

say "Stage: scripts/install.sh install prefix=/usr DESTDIR=STAGE"
clients/bridge/bundle.sh
scripts/install.sh install prefix=/usr "DESTDIR=$stage" "bin=$bin"
(cd "$stage" && find . -type f -not -path './usr/lib/assay-bridge/*' -printf '%M %s %p\n' | sort -k3)
echo "and the bridge's folder: $(find "$stage/usr/lib/assay-bridge" -type f | wc -l) files"

words() { sed 's/^.*\[//; s/\].*$//; s/", *"/\n/g; s/^ *"//; s/" *$//' <<<"$1"; }

# play CONTAINERFILE: its second stage, step by step. Leaves `variables`, `user`, `entrypoint`, `health`.
play() {
    local steps step labels=0
    say "Second stage of $1, step by step"
    variables=() user='' entrypoint=() health=()
    # Lines that end in a backslash are joined; comments and the first stage are left out.
    steps=$(sed -e '/^ *#/d' "$1" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' \
        | awk '/^FROM /{stage++} stage==2 && NF')
    while IFS= read -r step; do
        echo "  $step" | cut -c 1-120
        case $step in
            "FROM docker.io/library/debian:bookworm-slim") labels=1 ;;
            "RUN "*)
                inside env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                    sh -c "${step#RUN }" >"$work/log" 2>&1 </dev/null \
                    || { tail -n 20 "$work/log" >&2; fail "this step failed"; } ;;
            "COPY --from=build /stage/usr /usr") cp -a "$stage/usr/." "$root/usr/" ;;
            "ENV "*) variables+=("${step#ENV }") ;;
            "USER "*) user=${step#USER } ;;
            "HEALTHCHECK "*) mapfile -t health < <(words "$step") ;;
            "ENTRYPOINT "*) mapfile -t entrypoint < <(words "$step") ;;
            "EXPOSE "* | "STOPSIGNAL SIGTERM") ;;
            *) fail "a step this script does not know: $step" ;;
        esac
    done <<<"$steps"
    [ "$labels" = 1 ] && [ -n "$user" ] && [ ${#entrypoint[@]} -gt 0 ] && [ ${#health[@]} -gt 0 ] \
        || fail "$1 lacks FROM, USER, ENTRYPOINT or HEALTHCHECK"
}

play "$containerfile"

say "Shared libraries that are asked for, and the packages they are in"
for program in assayd assay assay-load; do
    inside ldd "/usr/bin/$program" >"$work/ldd" || fail "ldd $program"
    ! grep -q 'not found' "$work/ldd" || { cat "$work/ldd"; fail "$program misses a library"; }
    echo "$program: $(awk '/=>/{print $1}' "$work/ldd" | sort | tr '\n' ' ')"
done
inside sh -c 'for l in $(ldd /usr/bin/assayd | awk "/=>/{print \$3}"); do
    dpkg -S "$(realpath "$l")" 2>/dev/null || dpkg -S "*/${l##*/}"; done' \
    | sed 's/:.*//' | sort -u | tr '\n' ' '
echo

say "Run as the container would: user $user, no capabilities, read-only, a network of its own"
cat >"$work/run.sh" <<'RUN'
# $1 root file system, $2 user, $3 log; then ENTRYPOINT words, "--", HEALTHCHECK words.
set -eu
root=$1 user=$2 log=$3
shift 3
entry=''
while [ "$1" != -- ]; do entry="$entry $1"; shift; done
shift
ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
as_user() {
    chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all \
        --bounding-set=-all --no-new-privs "$@"
}
as_user $entry >"$log" 2>&1 &
for _ in $(seq 1 600); do
    if grep -q '^listening on' "$log"; then break; fi
    kill -0 $! 2>/dev/null || { cat "$log"; exit 1; }
    sleep 0.1
done
server=$(pgrep -f -x "${entry# }" | head -n 1)
grep '^Uid\|^CapEff\|^NoNewPrivs\|^Threads' "/proc/$server/status"
grep -e '^admin:' -e '^listening' -e '^no model' "$log"
get() {
    exec 3<>/dev/tcp/127.0.0.1/7412
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    cat <&3 | tr -d '\r' | sed -n '1p;$p'
    exec 3<&-
}
for page in /livez /readyz /models; do echo "GET $page"; get $page; done | tee "$log.pages"
[ "$(grep -c '^HTTP/1.1 200' "$log.pages")" -eq 3 ] || { echo "a page is not green"; exit 1; }
echo "\$ assay generate --prompt 317+485="
as_user /usr/bin/assay generate --prompt 317+485= --max-tokens 8 >"$log.answer" 2>"$log.account"
cat "$log.answer" "$log.account"
[ "$(cat "$log.answer")" = 802 ] && grep -q 'provenance: real' "$log.account" \
    || { echo "not the answer"; exit 1; }
echo "\$ printf 'My name is Ada.\\nWhat is my name?\\n' | assay chat"
printf 'My name is Ada.\nWhat is my name?\n' | as_user /usr/bin/assay chat >"$log.chat" 2>&1
cat "$log.chat"
grep -q 'Your name is Ada' "$log.chat" || { echo "not the answer of a conversation"; exit 1; }
echo "\$ assay-load rpc --requests 50 --warmup 0"
as_user /usr/bin/assay-load rpc --requests 50 --warmup 0 >"$log.load" 2>&1 \
    || { cat "$log.load"; echo "assay-load fails"; exit 1; }
head -n 12 "$log.load"
for program in assayd assay assay-load; do
    completions=/usr/share/bash-completion/completions/$program
    as_user bash -c ". '$completions' && complete -p '$program'" \
        || { echo "no completions of $program"; exit 1; }
done
as_user "$@" || { echo "the health check fails"; exit 1; }
if as_user sh -c 'echo x >/tmp/x' 2>/dev/null; then echo "the file system is writable"; exit 1; fi
kill -TERM "$server"
for _ in $(seq 1 300); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
if kill -0 "$server" 2>/dev/null; then echo "it does not stop"; exit 1; fi
tail -n 1 "$log"
RUN
timeout 180 unshare --mount --pid --net --fork --kill-child --mount-proc \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" \
    bash "$work/run.sh" "$root" "$user" "$work/server.log" "${entrypoint[@]}" -- "${health[@]}" \
    || { tail -n 20 "$work/server.log" >&2; fail "the run in the root file system"; }

server_user=$user
server_variables=("${variables[@]}")
play deploy/Containerfile.bridge
echo "Python's packages from Debian: $(inside dpkg-query -W -f '${Package}\n' 'python3-*' | tr '\n' ' ')"

say "The bridge as the container would run it: user $user, in front of the server"
cat >"$work/bridge.sh" <<'RUN'
# $1 root file system, $2 user of the server, $3 of the bridge, $4 log; then the bridge's ENTRYPOINT
# words, "--", HEALTHCHECK words. The server is assayd with the variables of this process.
set -eu
root=$1 server_user=$2 user=$3 log=$4
shift 4
entry=()
while [ "$1" != -- ]; do entry+=("$1"); shift; done
shift
ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
as() {
    local who=$1
    shift
    exec chroot "$root" setpriv --reuid "$who" --regid "$who" --clear-groups --inh-caps=-all \
        --bounding-set=-all --no-new-privs "$@"
}
until_said() {
    for _ in $(seq 1 600); do
        if grep -q "$1" "$2"; then return; fi
        kill -0 "$3" 2>/dev/null || break
        sleep 0.1
    done
    cat "$2"
    exit 1
}
(as "$server_user" /usr/bin/assayd) >"$log" 2>&1 &
server=$!
until_said '^listening on' "$log" $server
(as "$user" "${entry[@]}") >"$log.bridge" 2>&1 &
bridge=$!
until_said '^listening on http' "$log.bridge" $bridge
(as "$user" /usr/bin/assay-bridge --version)
cat >"$log.ask" <<'ASK'
import json
import urllib.request

body = {"model": "demo", "prompt": "317+485=", "max_tokens": 8, "temperature": 0}
request = urllib.request.Request(
    "http://127.0.0.1:8411/v1/completions", json.dumps(body).encode(),
    {"Content-Type": "application/json"})
with urllib.request.urlopen(request, timeout=30) as response:
    answer = json.load(response)
print("POST /v1/completions:", answer["choices"][0]["text"], answer["assay"]["provenance"])
assert answer["choices"][0]["text"].strip() == "802" and answer["assay"]["provenance"] == "real"
ASK
(as "$user" /usr/bin/python3 - <"$log.ask") || { echo "the bridge gives no answer"; exit 1; }
(as "$user" "$@") || { echo "the bridge's health check fails"; exit 1; }
kill -TERM $bridge
status=0
wait $bridge || status=$?
# uvicorn ends by the signal itself.
[ $status -eq 143 ] || { echo "the bridge ends with $status"; cat "$log.bridge"; exit 1; }
kill -TERM $server
wait $server
echo "both ended"
RUN
timeout 180 unshare --mount --pid --net --fork --kill-child --mount-proc \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${server_variables[@]}" "${variables[@]}" \
    bash "$work/bridge.sh" "$root" "$server_user" "$user" "$work/bridge.log" \
    "${entrypoint[@]}" -- "${health[@]}" \
    || { tail -n 20 "$work/bridge.log" >&2; fail "the bridge in the root file system"; }

say "The units, by the systemd of this root file system"
cp -a "$stage/etc/." "$root/etc/"
inside env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c \
    'apt-get update && apt-get install -y --no-install-recommends systemd dbus' \
    >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; fail "installing systemd"; }
inside /usr/bin/assayd --check-config --config /etc/assay/assayd.yaml >/dev/null
echo "assayd --check-config accepts the installed configuration"
for unit in assayd assay-bridge; do
    inside systemd-analyze verify "/usr/lib/systemd/system/$unit.service" >"$work/log" 2>&1 \
        || { cat "$work/log"; fail "systemd-analyze verify $unit"; }
    if grep -q assay "$work/log"; then cat "$work/log"; fail "systemd-analyze verify warns of $unit"; fi
    echo "systemd-analyze verify $unit: nothing to say"
    inside env SYSTEMD_COLORS=0 SYSTEMD_URLIFY=0 systemd-analyze security --offline=true \
        --threshold=10 --no-pager "/usr/lib/systemd/system/$unit.service" >"$work/log" \
        || fail "systemd-analyze security $unit"
    tail -n 1 "$work/log"
done

if [ "${BOOT:-0}" = 1 ]; then
    say "Booted: the unit under its own sandbox"
    deploy/try-boot.sh "$root"
fi

say "Uninstall"
scripts/install.sh uninstall prefix=/usr "DESTDIR=$stage" >/dev/null
left=$(find "$stage" -type f)
[ -z "$left" ] || fail "left behind: $left"
echo "nothing is left"

say "Done: all of it happened as announced"
