#!/bin/sh
# Builds the module with threads and runs it: `run.sh` in node, `run.sh serve [PORT]` for a browser, `run.sh chromium` in one without a window.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-unknown-unknown
page=$build/threads-example
case ${1:-} in
chromium) browser=chromium ;;
*) browser= ;;
esac
. examples/need.sh
need rust nightly node $browser

# Rust's library as it comes has no atomics: it is built anew, which only a nightly Rust does. A folder of its own, as these flags are for this alone.
RUSTFLAGS='-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals' rustup run "${NIGHTLY:-nightly}" \
    cargo build --quiet -p freehold-example-threads --release --target $target -Zbuild-std=core,alloc --target-dir "$build/threads"
mkdir -p "$page"
cp "$build/threads/$target/release/freehold_example_threads.wasm" "$page/module.wasm"
cp examples/threads/index.html examples/threads/*.js src/bindings/javascript/freehold.js "$page"
echo '{ "type": "module" }' >"$page/package.json"

case ${1:-node} in
node)
    cp examples/threads/run.mjs "$page"
    node "$page/run.mjs" "$page/module.wasm"
    ;;
serve)
    node examples/serve.mjs "$page" "${2:-8080}"
    ;;
chromium)
    node tests/hosts/browser.mjs "$page" '' done '216816 primes' 'a view has all of it'
    # Without the two headers it says why not.
    ! node tests/hosts/browser.mjs --without-isolation "$page" '' done
    ;;
esac
