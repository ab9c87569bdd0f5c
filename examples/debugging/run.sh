#!/bin/sh
# Builds the module and runs it in node. Lines are found by llvm-symbolizer: SYMBOLIZER=name for another one.
set -eu
cd "$(dirname "$0")/../.."
target=wasm32-unknown-unknown
symbolizer=${SYMBOLIZER:-llvm-symbolizer-19}
. examples/need.sh
need rust rust:$target node llvm-symbolizer

# Not for release: with the names of lines in it.
cargo build --quiet -p freehold-example-debugging --target $target
node examples/debugging/run.mjs "${CARGO_TARGET_DIR:-target}/$target/debug/freehold_example_debugging.wasm" "$symbolizer"
