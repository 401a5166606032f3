#!/usr/bin/env bash
# Fetches and builds llama.cpp, the yardstick of `make bench`, once. The sources come from PyPI, in
# the archive of llama-cpp-python, with a pinned hash. Results in FOLDER/bin: `native` for the best
# instructions of this machine, and `avx2`, equal programs with a CPU back end that stops at AVX2. Both
# have llama-bench and llama-server. Options are llama.cpp's own for a release build, on the CPU only.
# JOBS bounds the build. Takes 15 CPU minutes. Usage: scripts/llama-cpp.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

version=0.3.36
sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
folder=$(realpath -m "${1:-${ASSAY_LLAMA_CPP:-.build-llama.cpp}}")
source=$folder/llama_cpp_python-$version/vendor/llama.cpp

say() { echo "llama-cpp: $*"; }
fail() {
    echo "llama-cpp: $*" >&2
    exit 1
}

if [ "$(cat "$folder/bin/version" 2>/dev/null)" = "$version" ]; then
    say "llama.cpp of llama-cpp-python $version is built in $folder/bin"
    exit 0
fi
mkdir -p "$folder"

need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
missing=()
need python3 python3
need c++ g++
need make make
need objdump binutils
python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
[ ${#missing[@]} -eq 0 ] || install_packages llama-cpp "${missing[@]}"

# cmake of the system where there is one, else PyPI's.
venv=$folder/venv
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
pip=("$venv/bin/pip" --quiet --disable-pip-version-check --retries 2)
cmake=$(command -v cmake) || cmake=$venv/bin/cmake
[ -x "$cmake" ] || "${pip[@]}" install cmake

if [ ! -f "$source/CMakeLists.txt" ]; then
    say "fetching llama-cpp-python $version"
    echo "llama-cpp-python==$version --hash=sha256:$sha256" >"$folder/requirement.txt"
    "${pip[@]}" download --no-deps --no-binary llama-cpp-python --require-hashes \
        --dest "$folder" --requirement "$folder/requirement.txt" \
        || fail "llama-cpp-python $version cannot be had from PyPI"
    tar -xzf "$folder/llama_cpp_python-$version.tar.gz" -C "$folder"
    [ -f "$source/CMakeLists.txt" ] || fail "no llama.cpp in llama-cpp-python $version"
fi

# build NAME TARGET... -- OPTION... : one configuration in FOLDER/build-NAME.
build() {
    local name=$1 targets=()
    shift
    while [ "$1" != -- ]; do
        targets+=("$1")
        shift
    done
    shift
    say "building $name in $folder/build-$name (log beside)"
    {
        "$cmake" -S "$source" -B "$folder/build-$name" -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
            -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF "$@" &&
            "$cmake" --build "$folder/build-$name" --parallel "${JOBS:-$(nproc)}" \
                --target "${targets[@]}"
    } >"$folder/build-$name.log" 2>&1 || {
        tail -n 20 "$folder/build-$name.log" >&2
        fail "$name does not build, see $folder/build-$name.log"
    }
}

build native llama-bench llama-server -- -DGGML_NATIVE=ON
# Only the CPU back end is compiled for a set of instructions, so the others are taken from `native`.
build avx2 ggml-cpu -- -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON \
    -DGGML_BMI2=ON -DGGML_AVX512=OFF -DCMAKE_C_FLAGS=-mtune=native -DCMAKE_CXX_FLAGS=-mtune=native

rm -rf "$folder/bin"
for name in native avx2; do
    mkdir -p "$folder/bin/$name"
    cp -a "$folder"/build-native/bin/lib*.so* "$folder/build-native/bin/llama-bench" \
        "$folder/build-native/bin/llama-server" "$folder/bin/$name"
done
cp -a "$folder"/build-avx2/bin/libggml-cpu.so* "$folder/bin/avx2"

# The column of AVX2 must be true.
if objdump -d --no-show-raw-insn "$folder/bin/avx2/libggml-cpu.so" | grep -q '%zmm'; then
    fail "the AVX2 build has instructions of AVX-512"
fi
for name in native avx2; do
    "$folder/bin/$name/llama-bench" --help >/dev/null 2>&1 || fail "$name/llama-bench does not run"
    "$folder/bin/$name/llama-server" --version >/dev/null 2>&1 \
        || fail "$name/llama-server does not run"
done
echo "$version" >"$folder/bin/version"
say "built in $folder/bin"
