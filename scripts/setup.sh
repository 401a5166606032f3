#!/usr/bin/env bash
# Makes sure the machine can build Assay: a Swift tool chain; libuv, liblz4, libcrypto, libedit,
# http-parser.
# Installs missing Debian packages when it may; otherwise prints the one command that does and exits 1.
set -euo pipefail

missing=()
command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
has_library() { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1"; }
has_library libuv || missing+=(libuv1-dev)
has_library liblz4 || missing+=(liblz4-dev)
has_library libcrypto || missing+=(libssl-dev)
has_library libedit || missing+=(libedit-dev)
[ -e /usr/include/http_parser.h ] || missing+=(libhttp-parser-dev)
for program in git make; do
    command -v "$program" >/dev/null 2>&1 || missing+=("$program")
done

if ! command -v "${SWIFT:-swift}" >/dev/null 2>&1; then
    echo "setup: no Swift tool chain on PATH. Assay needs Swift 6.2 or newer;" \
        "install it from swift.org and run this again." >&2
    exit 1
fi

[ ${#missing[@]} -eq 0 ] && exit 0

. "$(dirname "$0")/packages.sh"
install_packages setup "${missing[@]}"
