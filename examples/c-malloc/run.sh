#!/bin/sh
# Builds and runs C whose `malloc` is freehold's: `run.sh` (or `run.sh wasi`) beside WASI's libc, `run.sh emscripten` beside
# Emscripten's, `run.sh alone` without any libc.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
. examples/need.sh

# A library of its own: the one without the feature has the same name.
library() {
    cargo build --quiet -p freehold-c --release --features malloc --target "$1" --target-dir "$build/c-malloc"
    library=$build/c-malloc/$1/release/libfreehold_c.a
}

case ${1:-wasi} in
wasi)
    target=wasm32-wasip1
    need rust rust:$target wasi-clang node
    library $target
    ${CLANG:-clang-19} --target=wasm32-wasi -std=c99 -O2 -Wall -Wextra -I src/bindings/c examples/c-malloc/main.c "$library" -o "$build/c-malloc/wasi.wasm"
    node --no-turbo-fast-api-calls --no-warnings tests/hosts/wasi.mjs "$build/c-malloc/wasi.wasm"
    ;;
emscripten)
    target=wasm32-unknown-emscripten
    need rust rust:$target node emcc
    command -v emcc >/dev/null || exec cargo emscripten examples/c-malloc/run.sh "$@"
    library $target
    # At -O2 and above Emscripten 3.1.69 refuses what Rust 1.95 writes.
    emcc -std=c99 -O1 -Wall -Wextra -I src/bindings/c examples/c-malloc/main.c "$library" -sMALLOC=none -sALLOW_MEMORY_GROWTH -o "$build/c-malloc/program.js"
    node "$build/c-malloc/program.js"
    ;;
alone)
    target=wasm32-unknown-unknown
    need rust rust:$target clang node
    library $target
    ${CLANG:-clang-19} --target=wasm32 -std=c99 -O2 -Wall -Wextra -nostdlib -Wl,--no-entry -Wl,--max-memory=16777216 -Wl,--strip-all \
        -I src/bindings/c examples/c-malloc/alone.c "$library" -o "$build/c-malloc/alone.wasm"
    node examples/c-malloc/run.mjs "$build/c-malloc/alone.wasm"
    ;;
*)
    echo "usage: $0 [wasi|emscripten|alone]" >&2
    exit 2
    ;;
esac
