#!/bin/sh
# Builds the program and runs it in node, with the `emcc` that is there, or else with one of this repository's own.
set -eu
cd "$(dirname "$0")/../.."
target=wasm32-unknown-emscripten
. examples/need.sh
need rust rust:$target node emcc
command -v emcc >/dev/null || exec cargo emscripten examples/emscripten/run.sh

# Rust calls `emcc` to link. At -O2 and above Emscripten 3.1.69 refuses what Rust 1.95 writes.
cargo rustc --quiet -p freehold-example-emscripten --release --target $target -- \
    -Clink-arg=-O1 -Clink-arg=-sALLOW_MEMORY_GROWTH -Clink-arg=-sMAXIMUM_MEMORY=4gb
node "${CARGO_TARGET_DIR:-target}/$target/release/freehold-example-emscripten.js"
