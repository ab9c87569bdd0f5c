#!/bin/sh
# Builds the module, lets wasm-bindgen write its script, and runs both in node.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-unknown-unknown
bindgen=$build/tools/bin/wasm-bindgen
. examples/need.sh
need rust rust:$target node

# The program understands one version of the crate: the one that the lock file holds.
version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
if [ "$("$bindgen" --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    echo "installing wasm-bindgen $version under $build/tools (two minutes, once)" >&2
    cargo install --quiet --debug --force wasm-bindgen-cli --version "$version" \
        --bin wasm-bindgen --bin wasm-bindgen-test-runner --root "$build/tools"
fi

cargo build --quiet -p freehold-example-wasm-bindgen --release --target $target
"$bindgen" --target nodejs --out-dir "$build/wasm-bindgen-example" \
    "$build/$target/release/freehold_example_wasm_bindgen.wasm"
node examples/wasm-bindgen/run.mjs "$build/wasm-bindgen-example/freehold_example_wasm_bindgen.js"
