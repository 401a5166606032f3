#!/usr/bin/env bash
# Makes sure the machine can build Assay: a Swift tool chain, libuv and liblz4 with their headers.
# Installs missing Debian packages when it may; otherwise prints the one command that does and exits 1.
set -euo pipefail

missing=()
command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
has_library() { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1"; }
has_library libuv || missing+=(libuv1-dev)
has_library liblz4 || missing+=(liblz4-dev)
for program in git make; do
    command -v "$program" >/dev/null 2>&1 || missing+=("$program")
done

if ! command -v "${SWIFT:-swift}" >/dev/null 2>&1; then
    echo "setup: no Swift tool chain on PATH. Assay needs Swift 6.2 or newer;" \
        "install it from swift.org and run this again." >&2
    exit 1
fi

[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: missing ${missing[*]} (Debian's names); install them with your package manager" >&2
    exit 1
fi

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        install=(sudo "${install[@]}")
    else
        echo "setup: missing packages. Run this once, then make again:" >&2
        echo "    sudo ${install[*]}" >&2
        exit 1
    fi
fi

echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "${install[@]}" >"$log" 2>&1; then
    # A machine that never ran `apt-get update` has no package lists yet.
    update=(apt-get update)
    [ "$(id -u)" -ne 0 ] && update=(sudo apt-get update)
    if ! { "${update[@]}" && "${install[@]}"; } >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "setup: could not install ${missing[*]}; run: ${install[*]}" >&2
        exit 1
    fi
fi
