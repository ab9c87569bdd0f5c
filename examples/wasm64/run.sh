#!/bin/sh
# Builds the module for 64-bit addresses and runs it in node.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm64-unknown-unknown
. examples/need.sh
need rust nightly node24

# Rust's library does not come for this target: it is built anew, which only a nightly Rust does. A folder of its own, as this is for nothing else.
rustup run "${NIGHTLY:-nightly}" \
    cargo build --quiet -p freehold-example-wasm64 --release --target $target -Zbuild-std=core,alloc --target-dir "$build/wasm64"
"${NODE:-node}" examples/wasm64/run.mjs "$build/wasm64/$target/release/freehold_example_wasm64.wasm"
