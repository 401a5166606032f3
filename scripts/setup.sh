#!/usr/bin/env bash
# Makes sure the machine can build Assay: a Swift tool chain that starts and is new enough; make, git,
# pkg-config; libuv, liblz4, libcrypto, libedit, http-parser. Names everything that is missing at once.
# Installs Debian packages when it may, otherwise prints the one command that does, and exits 1. A Swift
# tool chain is never installed, and the command that installs one is printed.
# Usage: scripts/setup.sh [--check]   --check installs nothing
set -euo pipefail
folder=$(cd "$(dirname "$0")/.." && pwd)

check=no
case ${1:-} in
'') ;;
--check) check=yes ;;
*)
    echo "setup: \"$1\" is no option; allowed: --check" >&2
    exit 2
    ;;
esac

# ---------------------------------------------------------------- packages

missing=()
has_library() { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1"; }
for program in make git pkg-config; do
    command -v "$program" >/dev/null 2>&1 || missing+=("$program")
done
has_library libuv || missing+=(libuv1-dev)
has_library liblz4 || missing+=(liblz4-dev)
has_library libcrypto || missing+=(libssl-dev)
has_library libedit || missing+=(libedit-dev)
[ -e /usr/include/http_parser.h ] || missing+=(libhttp-parser-dev)

# ---------------------------------------------------------------- Swift

needed=$(sed -n '1s|^// swift-tools-version: *||p' "$folder/Package.swift")
swift=${SWIFT:-swift}
trouble='' # what is wrong with the tool chain
cured=no   # whether packages alone may mend that

# package_of LIBRARY: Debian's package of a library that a tool chain loads, or nothing.
package_of() {
    case $1 in
    libcurl.so.4) echo libcurl4 ;;
    libedit.so.2) echo libedit2 ;;
    libncurses.so.6) echo libncurses6 ;;
    libpython3.*.so*) sed 's/\.so.*//' <<<"$1" ;;
    libsqlite3.so.0) echo libsqlite3-0 ;;
    libstdc++.so.6) echo libstdc++6 ;;
    libtinfo.so.6) echo libtinfo6 ;;
    libuuid.so.1) echo libuuid1 ;;
    libxml2.so.2) echo libxml2 ;;
    libz.so.1) echo zlib1g ;;
    esac
}

# unloadable SENTENCE: libraries that the tool chain asks for and that are not there.
unloadable() {
    {
        grep -o 'lib[^ :/]*\.so[^ :/]*: cannot open' <<<"$1" | sed 's/:.*//' || true
        ldd "$(readlink -f "$(command -v "$swift")")" 2>/dev/null | awk '/not found/{print $1}' || true
    } | sort -u
}

look_at_swift() {
    local said status=0 found library package
    trouble='' cured=no
    if ! command -v "$swift" >/dev/null 2>&1; then
        trouble="found no \"$swift\" on PATH"
        return
    fi
    said=$("$swift" --version 2>&1) || status=$?
    if [ "$status" -ne 0 ]; then
        trouble="$(command -v "$swift") does not run (exit status $status): $(head -n 1 <<<"$said")"
        for library in $(unloadable "$said"); do
            package=$(package_of "$library")
            if [ -n "$package" ]; then
                missing+=("$package")
                cured=yes
            else
                trouble+="; the library $library is missing"
            fi
        done
        case $trouble in *'; the library '*) cured=no ;; esac
        return
    fi
    found=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$said" | head -n 1)
    if [ -z "$found" ]; then
        trouble="$(command -v "$swift") does not say its version: $(head -n 1 <<<"$said")"
    elif [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
        trouble="found Swift $found, $(command -v "$swift")"
    fi
}
look_at_swift

# ---------------------------------------------------------------- the answer

if [ ${#missing[@]} -eq 0 ] && [ -z "$trouble" ]; then exit 0; fi
{
    echo "setup: missing:"
    [ ${#missing[@]} -eq 0 ] || echo "    Debian packages: ${missing[*]}"
    [ -z "$trouble" ] || echo "    Swift $needed or newer: $trouble"
} >&2

status=0
if [ ${#missing[@]} -ne 0 ]; then
    if [ "$check" = yes ]; then
        echo "setup: the packages: sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        status=1
    else
        . "$folder/scripts/packages.sh"
        install_packages setup "${missing[@]}" || status=1
    fi
    # Libraries that have just been installed may have been all that was wrong.
    if [ "$status" -eq 0 ] && [ -n "$trouble" ]; then
        look_at_swift
        cured=no
    fi
fi
if [ -n "$trouble" ] && [ "$cured" = no ]; then
    {
        echo "setup: a tool chain (another one: SWIFT=PATH make ...), then a new shell:"
        echo "    curl -O https://download.swift.org/swiftly/linux/swiftly-\$(uname -m).tar.gz &&" \
            "tar zxf swiftly-\$(uname -m).tar.gz && ./swiftly init"
        echo "setup: https://www.swift.org/install/linux has other ways"
    } >&2
    status=1
fi
exit "$status"
