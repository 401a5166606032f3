#!/bin/sh
# run.sh driver|example|bench [ARGS]: runs a program made by build.sh.
set -eu
program=${1:?"run.sh: say driver, example or bench"}
shift
exec "$(dirname "$0")/build/$program" "$@"
