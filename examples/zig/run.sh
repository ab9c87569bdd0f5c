#!/bin/sh
# Builds the module and runs it: `run.sh` in node, `run.sh serve [PORT]` for a browser, `run.sh chromium` in one without a window.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-unknown-unknown
page=$build/zig-example
case ${1:-} in
chromium) browser=chromium ;;
*) browser= ;;
esac
. examples/need.sh
. examples/zig.sh
need rust rust:$target node $browser $zig_needs
get_zig

# A folder of its own for what Zig keeps, so that nothing lies in that of the source.
case $build in /*) ;; *) build=$PWD/$build ;; esac
(cd examples/zig && CARGO_TARGET_DIR=$build ZIG_GLOBAL_CACHE_DIR=$build/zig/cache \
    "$zig" build --cache-dir "$build/zig/words" --prefix "$build/zig-example")
cp "$page/bin/words.wasm" examples/zig/index.html examples/zig/*.js examples/zig/run.mjs src/bindings/javascript/freehold.js "$page"
echo '{ "type": "module" }' >"$page/package.json"

case ${1:-node} in
node)
    node "$page/run.mjs" "$page/words.wasm"
    ;;
serve)
    node examples/serve.mjs "$page" "${2:-8080}"
    ;;
chromium)
    node tests/hosts/browser.mjs --click '#count' --click '#large' --click '#too-large' "$page" '' 'ready: ' '4 the' '1000000 word' 'refused: `texts` asked for' '│ texts'
    ;;
*)
    echo "usage: $0 [node|serve [PORT]|chromium]" >&2
    exit 2
    ;;
esac
