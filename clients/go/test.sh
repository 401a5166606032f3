#!/bin/sh
# Checks format, runs vet and the unit tests, with the race detector where cgo and a C compiler
# exist.
set -eu
cd "$(dirname "$0")"
command -v go >/dev/null || {
    echo "test.sh: needs go 1.19 or newer, found none in PATH" >&2
    exit 69
}
export GOFLAGS=-mod=mod GOPROXY=off
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || {
    echo "test.sh: gofmt would change $unformatted" >&2
    exit 1
}
go vet ./...
race=-race
[ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null || race=
go test -v $race -count=1 ./...
