#!/bin/sh
# Builds and runs the example: `run.sh` (or `run.sh native`) on the host, `run.sh cpp` C++ there, `run.sh wasm` in a wasm module.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
. examples/need.sh

case ${1:-native} in
native)
    need rust cc
    cargo build --quiet -p freehold-c --release
    ${CC:-cc} -std=c99 -O2 -Wall -Wextra -I src/bindings/c examples/c/main.c "$build/release/libfreehold_c.a" \
        -lpthread -ldl -lm -o "$build/release/words"
    "$build/release/words"
    ;;
cpp)
    need rust c++
    cargo build --quiet -p freehold-c --release
    ${CXX:-c++} -std=c++17 -O2 -Wall -Wextra -I src/bindings/c examples/c/frames.cpp "$build/release/libfreehold_c.a" \
        -lpthread -ldl -lm -o "$build/release/frames"
    "$build/release/frames"
    ;;
wasm)
    target=wasm32-unknown-unknown
    need rust rust:$target clang node
    cargo build --quiet -p freehold-c --release --target $target
    ${CLANG:-clang-19} --target=wasm32 -std=c99 -O2 -Wall -Wextra -nostdlib -Wl,--no-entry -Wl,--max-memory=16777216 -Wl,--strip-all \
        -I src/bindings/c examples/c/codec.c "$build/$target/release/libfreehold_c.a" -o "$build/$target/release/codec.wasm"
    node examples/c/run.mjs "$build/$target/release/codec.wasm"
    ;;
*)
    echo "usage: $0 [native|cpp|wasm]" >&2
    exit 2
    ;;
esac
