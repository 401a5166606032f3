# Sourced by setup.sh and clients.sh: installs Debian packages, or says the one command that does.
#
# install_packages PROGRAM PACKAGE...   0 when they are there afterwards; 1 and sentences, each
# beginning with PROGRAM, when this user, machine or network cannot.
install_packages() {
    local program=$1 log sudo=()
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "$program: missing $* (Debian's names); install them with your package manager" >&2
        return 1
    fi
    local install=(apt-get install -y --no-install-recommends "$@")
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then
            echo "$program: missing packages. Run this once, then make again:" >&2
            echo "    sudo ${install[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    echo "$program: installing $*"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    # A machine that never ran `apt-get update` has no package lists yet.
    if "${sudo[@]}" "${install[@]}" >"$log" 2>&1 \
        || { "${sudo[@]}" apt-get update && "${sudo[@]}" "${install[@]}"; } >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "$program: could not install $*; run: ${install[*]}" >&2
    return 1
}
