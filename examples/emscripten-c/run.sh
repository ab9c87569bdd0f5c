#!/bin/sh
# Builds the program and runs it in node: `run.sh` (or `run.sh growable`) in memory that grows, `run.sh fixed` in one that doesn't.
# It takes the `emcc` that is there, or else one of this repository's own.
set -eu
cd "$(dirname "$0")/../.."
case ${1:-growable} in
growable) memory="-sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=64mb" ;;
# Without the second option `malloc` would end the program where it is to return NULL.
fixed) memory="-sINITIAL_MEMORY=64mb -sABORTING_MALLOC=0" ;;
*)
    echo "usage: $0 [growable|fixed]" >&2
    exit 2
    ;;
esac
target=wasm32-unknown-emscripten
. examples/need.sh
need rust rust:$target node emcc
command -v emcc >/dev/null || exec cargo emscripten examples/emscripten-c/run.sh "$@"
release=${CARGO_TARGET_DIR:-target}/$target/release

cargo build --quiet -p freehold-c --release --target $target
# At -O2 and above Emscripten 3.1.69 refuses what Rust 1.95 writes.
emcc -std=c99 -O1 -Wall -Wextra -I src/bindings/c examples/emscripten-c/main.c "$release/libfreehold_c.a" $memory -o "$release/codec.js"
node "$release/codec.js"
