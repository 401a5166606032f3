#!/usr/bin/env bash
# Boots the systemd of a root file system in which Assay is installed (deploy/try-in-chroot.sh makes
# one) and starts the unit as it is, sandbox and all: it must become ready, answer, survive a kill by
# being started again, drain on stop, and stay down when its configuration is wrong. Needs root,
# systemd-nspawn and a kernel with cgroups; bounded; the machine it boots ends with it.
# Usage: deploy/try-boot.sh ROOT_FOLDER
set -euo pipefail
root=${1:?usage: deploy/try-boot.sh ROOT_FOLDER}
command -v systemd-nspawn >/dev/null || { echo "try-boot: needs systemd-nspawn" >&2; exit 1; }

# The test runs inside, as a service of its own that powers the machine off at the end.
cat >"$root/usr/local/bin/try-assayd" <<'E2'
#!/bin/bash
set -u
result=1
finish() {
    echo "result $result"
    systemctl --no-block poweroff
}
trap finish EXIT
fail() { echo "failed: $*"; journalctl -u assayd --no-pager -n 30 -o cat; exit; }
state() { systemctl show -P "$1" assayd; }
page() {
    exec 3<>/dev/tcp/127.0.0.1/7412 || return 1
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    tr -d '\r' <&3
    exec 3<&-
}
ask() { assay generate --prompt 317+485= --max-tokens 8; }
settle() { for _ in $(seq 1 200); do "$@" && return 0; sleep 0.1; done; return 1; }

systemctl start assayd || fail "start"
echo "active: $(state ActiveState), $(state SubState), $(state StatusText)"
pid=$(state MainPID)
grep '^Uid\|^CapEff\|^CapBnd\|^NoNewPrivs\|^Seccomp:' "/proc/$pid/status" | tr '\t' ' '
page /readyz
answer=$(ask 2>&1 | sort) || fail "no answer"
echo "$answer"
grep -qx 802 <<<"$answer" || fail "not the answer"
grep -q 'provenance: real' <<<"$answer" || fail "not real"

kill -KILL "$pid"
restarted() { [ "$(state ActiveState)" = active ] && [ "$(state MainPID)" != "$pid" ]; }
settle restarted || fail "not started again after a kill"
echo "after a kill: $(state ActiveState), restarts $(state NRestarts)"
ask >/dev/null 2>&1 || fail "no answer after the restart"

systemctl stop assayd || fail "stop"
echo "after stop: $(state ActiveState), result $(state Result), exit $(state ExecMainStatus)"
[ "$(state Result)" = success ] || fail "the stop was not clean"

echo "thread: 1" >>/etc/assay/assayd.yaml
systemctl start assayd && fail "a wrong configuration was started"
sleep 3
echo "wrong configuration: $(state ActiveState), exit $(state ExecMainStatus), $(state SubState)"
[ "$(state ExecMainStatus)" = 78 ] && [ "$(state ActiveState)" = failed ] || fail "not 78 for good"
journalctl -u assayd --no-pager -n 12 -o cat | grep 'nearest' || fail "no sentence in the journal"
result=0
E2
chmod 755 "$root/usr/local/bin/try-assayd"
cat >"$root/etc/systemd/system/try-assayd.service" <<'E2'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/local/bin/try-assayd
StandardOutput=file:/var/log/try-assayd
StandardError=inherit
[Install]
WantedBy=default.target
E2
mkdir -p "$root/etc/systemd/system/default.target.wants"
ln -sf ../try-assayd.service "$root/etc/systemd/system/default.target.wants/"
rm -f "$root/var/log/try-assayd"
# Runs without a manager outside; that it cannot take its own mount point away afterwards is no fault.
timeout 180 systemd-nspawn --quiet --register=no --keep-unit --private-network --boot \
    --directory="$root" >"$root/var/log/boot" 2>&1 </dev/null || true
cat "$root/var/log/try-assayd"
grep -qx 'result 0' "$root/var/log/try-assayd"
