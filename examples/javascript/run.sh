#!/bin/sh
# Builds the module and runs it in node.
set -eu
cd "$(dirname "$0")/../.."
target=wasm32-unknown-unknown
. examples/need.sh
need rust rust:$target node

cargo build --quiet -p freehold-example-javascript --release --target $target
node examples/javascript/run.mjs "${CARGO_TARGET_DIR:-target}/$target/release/freehold_example_javascript.wasm"
