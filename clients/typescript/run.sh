#!/bin/sh
# run.sh driver|example|bench [ARGS]: runs a program that build.sh has built.
set -eu
program=${1:?"run.sh: say driver, example or bench"}
shift
exec node "$(dirname "$0")/build/$program/main.js" "$@"
