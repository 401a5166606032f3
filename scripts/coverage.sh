#!/usr/bin/env bash
# Line coverage of the modules that judge model files, from their own tests, as a table; then the
# lines nobody ran. A debug build in its own folder: the release products stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build-coverage
modules=(Sources/ModelFiles Sources/Loading)
swift test --scratch-path "$scratch" --disable-xctest --enable-code-coverage --no-parallel \
    --filter '^(ModelFilesTests|LoadingTests)\.' -j "$(nproc)"

bundle=$(find "$scratch/debug/" -maxdepth 1 -name '*.xctest' | head -n 1)
profile=$(find "$scratch" -name default.profdata | head -n 1)
tools=$(dirname "$(command -v swift)")
[ -x "$tools/llvm-cov" ] || tools=$(dirname "$(readlink -f "$(command -v swift)")")
"$tools/llvm-cov" report "$bundle" -instr-profile "$profile" --show-region-summary=false \
    --show-branch-summary=false "${modules[@]}"
echo
echo "Lines that no test ran:"
"$tools/llvm-cov" export "$bundle" -instr-profile "$profile" -format=lcov "${modules[@]}" |
    awk -F'[:,]' '/^SF:/ { file = $2; sub(/.*\/Sources\//, "Sources/", file) }
        /^DA:/ && $3 == 0 { print "  " file ":" $2 }'
