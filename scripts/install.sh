#!/usr/bin/env bash
# Installs or removes the programs, their manual pages and completions, the bridge, the demo model, the
# services' units, an example configuration and the documents. Pages and completions are made by the
# programs, so these have to run here. An existing configuration is never overwritten, and one that was changed is never
# removed. Nothing is started and no user is made.
#
# Usage: scripts/install.sh install|uninstall [prefix=/usr/local] [DESTDIR=] [bin=.build-static/release]
# Also: sysconfdir (/etc when prefix is /usr, else PREFIX/etc), unitdir, docdir, strip=no to keep what
# debuggers want, bridge=FOLDER of clients/bridge/bundle.sh or none. All paths are absolute but bin and
# bridge.
set -euo pipefail
cd "$(dirname "$0")/.."

action=${1:-}
shift || true
prefix=/usr/local DESTDIR=${DESTDIR:-} bin=.build-static/release sysconfdir='' unitdir='' docdir=''
strip=yes bridge=clients/bridge/build/bundle
for setting in "$@"; do
    case $setting in
        prefix=* | DESTDIR=* | bin=* | sysconfdir=* | unitdir=* | docdir=* | strip=* | \
            bridge=*)
            declare "${setting%%=*}=${setting#*=}" ;;
        *)
            echo "install: \"$setting\" is no setting; allowed: prefix= DESTDIR= bin= sysconfdir=" \
                "unitdir= docdir= strip= bridge=" >&2
            exit 2 ;;
    esac
done
prefix=${prefix%/}
if [ "$prefix" = /usr ]; then : "${sysconfdir:=/etc}"; else : "${sysconfdir:=$prefix/etc}"; fi
: "${unitdir:=$prefix/lib/systemd/system}" "${docdir:=$prefix/share/doc/assay}"
for folder in "$prefix" "$sysconfdir" "$unitdir" "$docdir" ${DESTDIR:+"$DESTDIR"}; do
    case $folder in
        /*) ;;
        *) echo "install: \"$folder\" is not an absolute path" >&2; exit 2 ;;
    esac
done

bindir=$prefix/bin
bridgedir=$prefix/lib/assay-bridge
sharedir=$prefix/share/assay
configuration=$sysconfdir/assay/assayd.yaml
mandir=$prefix/share/man/man1
programs=(assayd assay assay-load)
data=(assay-demo.gguf assay-demo.gguf.seal)
documents=(README.md ARCHITECTURE.md CHANGELOG.md LICENSE Protocol/SPEC.md docs/*.md
    models/README.md:demo-model.md deploy/assayd.yaml)
shells=(bash zsh fish)
bridge_documents=(clients/bridge/README.md:bridge.md)

# place MODE SOURCE TARGET
place() { install -D -m "$1" "$2" "$DESTDIR$3"; }

documentName() { local name=${1#*:}; echo "${name##*/}"; }

# completion SHELL PROGRAM: where the shell looks for the completion of a program
completion() {
    case $1 in
        bash) echo "$prefix/share/bash-completion/completions/$2" ;;
        zsh) echo "$prefix/share/zsh/site-functions/_$2" ;;
        fish) echo "$prefix/share/fish/vendor_completions.d/$2.fish" ;;
    esac
}

# What the programs write of themselves, into the folder $made.
make_pages() {
    for program in "${programs[@]}"; do
        for shell in "${shells[@]}"; do
            if ! "$bin/$program" --generate-completion-script "$shell" >"$made/$program.$shell"; then
                echo "install: $bin/$program does not run here; the line above says why, and" \
                    "deploy/README.md which packages it needs" >&2
                exit 1
            fi
        done
    done
    if command -v python3 >/dev/null; then
        scripts/man-pages "$bin" "$made"
    else
        echo "install: note: no manual pages, because there is no python3 here" >&2
    fi
}

# install_unit NAME
install_unit() {
    local unit
    unit=$(mktemp)
    sed -e "s|@bindir@|$bindir|g" -e "s|@sysconfdir@|$sysconfdir|g" -e "s|@docdir@|$docdir|g" \
        "deploy/$1" >"$unit"
    place 644 "$unit" "$unitdir/$1"
    rm -f "$unit"
}

install_bridge() {
    if [ ! -x "$bridge/bin/assay-bridge" ]; then
        echo "install: note: no bridge in $bridge; clients/bridge/bundle.sh makes it" \
            "(or say bridge=none)" >&2
        return
    fi
    place 755 "$bridge/bin/assay-bridge" "$bindir/assay-bridge"
    # The folder is the bridge's alone: nothing of an older version may stay.
    rm -rf "$DESTDIR$bridgedir"
    mkdir -p "$DESTDIR$bridgedir"
    (cd "$bridge/lib/assay-bridge" && find . -type f ! -name '*.pyc' -print0) \
        | while IFS= read -r -d '' file; do
            place 644 "$bridge/lib/assay-bridge/$file" "$bridgedir/${file#./}"
        done
    for file in "${bridge_documents[@]}"; do
        place 644 "${file%%:*}" "$docdir/$(documentName "$file")"
    done
    install_unit assay-bridge.service
}

do_install() {
    for program in "${programs[@]}"; do
        if [ ! -x "$bin/$program" ]; then
            echo "install: no $program in $bin; build it first (make static)" >&2
            exit 1
        fi
        if readelf -d "$bin/$program" 2>/dev/null | grep -q 'NEEDED.*libswiftCore'; then
            echo "install: note: $bin/$program needs this machine's Swift; make static builds one" \
                "that does not" >&2
        fi
    done
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    make_pages
    for program in "${programs[@]}"; do
        for shell in "${shells[@]}"; do
            place 644 "$made/$program.$shell" "$(completion "$shell" "$program")"
        done
        [ ! -e "$made/$program.1" ] || place 644 "$made/$program.1" "$mandir/$program.1"
    done
    for program in "${programs[@]}"; do
        place 755 "$bin/$program" "$bindir/$program"
        # What a debugger wants is more than half of the file.
        [ "$strip" = no ] || strip --strip-unneeded "$DESTDIR$bindir/$program"
    done
    for file in "${data[@]}"; do place 644 "models/$file" "$sharedir/$file"; done
    for file in "${documents[@]}"; do
        place 644 "${file%%:*}" "$docdir/$(documentName "$file")"
    done
    install_unit assayd.service
    [ "$bridge" = none ] || install_bridge
    if [ -e "$DESTDIR$configuration" ]; then
        echo "kept $configuration; the current example is $docdir/assayd.yaml"
    else
        place 644 deploy/assayd.yaml "$configuration"
    fi
    echo "installed under $DESTDIR$prefix; settings in $DESTDIR$configuration"
    [ -n "$DESTDIR" ] || echo "to run it as a service: systemctl daemon-reload" \
        "&& systemctl enable --now assayd"
}

do_uninstall() {
    local target=$DESTDIR$configuration example=$DESTDIR$docdir/assayd.yaml
    if [ -e "$target" ] && cmp -s "$target" "$example"; then
        rm -f "$target"
    elif [ -e "$target" ]; then
        echo "kept $configuration: it was changed"
    fi
    for program in "${programs[@]}"; do
        rm -f "$DESTDIR$bindir/$program" "$DESTDIR$mandir/$program.1"
        for shell in "${shells[@]}"; do rm -f "$DESTDIR$(completion "$shell" "$program")"; done
    done
    for file in "${data[@]}"; do rm -f "$DESTDIR$sharedir/$file"; done
    for file in "${documents[@]}"; do rm -f "$DESTDIR$docdir/$(documentName "$file")"; done
    for file in "${bridge_documents[@]}"; do rm -f "$DESTDIR$docdir/$(documentName "$file")"; done
    rm -f "$DESTDIR$unitdir/assayd.service" "$DESTDIR$unitdir/assay-bridge.service"
    rm -f "$DESTDIR$bindir/assay-bridge"
    rm -rf "$DESTDIR$bridgedir"
    for folder in "$sharedir" "$docdir" "$sysconfdir/assay"; do
        rmdir "$DESTDIR$folder" 2>/dev/null || true
    done
    echo "removed from $DESTDIR$prefix"
}

case $action in
    install | uninstall) "do_$action" ;;
    *)
        echo "usage: scripts/install.sh install|uninstall [prefix=/usr/local] [DESTDIR=] [bin=…]" >&2
        exit 2 ;;
esac
