#!/bin/sh
# Builds the program and runs it: `run.sh` (or `run.sh node`) in node, `run.sh wasmtime` in wasmtime.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-wasip1
program=$build/$target/release/freehold-example-wasi.wasm
. examples/need.sh

build() {
    cargo build --quiet -p freehold-example-wasi --release --target $target
}

case ${1:-node} in
node)
    need rust rust:$target node
    build
    # Without the first option node 20 may crash in a memory of more than 100 MB.
    node --no-turbo-fast-api-calls --no-warnings tests/hosts/wasi.mjs "$program"
    ;;
wasmtime)
    # As a package of Python's, in a folder of this repository's own.
    tools=$build/tools/wasmtime
    if [ -d "$tools" ]; then need rust rust:$target python3; else need rust rust:$target pip; fi
    build
    [ -d "$tools" ] || python3 -m pip install --quiet --disable-pip-version-check --target "$tools" wasmtime==50.0.1
    PYTHONPATH=$tools python3 tests/hosts/run_wasmtime.py "$program"
    ;;
*)
    echo "usage: $0 [node|wasmtime]" >&2
    exit 2
    ;;
esac
