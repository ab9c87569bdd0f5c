#!/bin/sh
# Builds the module, lets wasm-bindgen write its script, and runs both in node.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-unknown-unknown
. examples/need.sh
. examples/bindgen.sh
need rust rust:$target node
need_bindgen

cargo build --quiet -p freehold-example-wasm-bindgen --release --target $target
"$bindgen" --target nodejs --out-dir "$build/wasm-bindgen-example" \
    "$build/$target/release/freehold_example_wasm_bindgen.wasm"
node examples/wasm-bindgen/run.mjs "$build/wasm-bindgen-example/freehold_example_wasm_bindgen.js"
