#!/bin/sh
# Builds a program of Rust and C for WASI and runs it in node: `run.sh` (or `run.sh rust`) a Rust program with a C library,
# `run.sh c` a C program with a Rust library.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-wasip1
made=$build/c-in-wasi
. examples/need.sh
need rust rust:$target wasi-clang node
mkdir -p "$made"

compile() {
    ${CLANG:-clang-19} --target=wasm32-wasi -std=c99 -O2 -Wall -Wextra "$@"
}

case ${1:-rust} in
rust)
    # Rust links it, with the libc that comes with Rust.
    compile -c examples/c-in-wasi/capitals.c -o "$made/capitals.o"
    ${AR:-llvm-ar-19} rcs "$made/libcapitals.a" "$made/capitals.o"
    cargo rustc --quiet -p freehold-example-c-in-wasi --release --target $target -- -L "native=$made" -l static=capitals
    program=$build/$target/release/freehold-example-c-in-wasi.wasm
    ;;
c)
    # clang links it, with the libc of the machine: any version does.
    cargo build --quiet -p freehold-c --release --target $target
    program=$made/words.wasm
    compile -I src/bindings/c examples/c/main.c "$build/$target/release/libfreehold_c.a" -o "$program"
    ;;
*)
    echo "usage: $0 [rust|c]" >&2
    exit 2
    ;;
esac
node --no-turbo-fast-api-calls --no-warnings tests/hosts/wasi.mjs "$program"
