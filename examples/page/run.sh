#!/bin/sh
# Builds the module, lets wasm-bindgen write its script, puts the page together, and serves it: `run.sh [PORT]`.
# `run.sh chromium` has it run in a Chromium without a window instead, presses its buttons, and prints what it says.
set -eu
cd "$(dirname "$0")/../.."
build=${CARGO_TARGET_DIR:-target}
target=wasm32-unknown-unknown
page=$build/page-example
case ${1:-} in
chromium) browser=chromium ;;
*) browser= ;;
esac
. examples/need.sh
. examples/bindgen.sh
need rust rust:$target node $browser
need_bindgen

cargo build --quiet -p freehold-example-page --release --target $target
"$bindgen" --target web --no-typescript --out-dir "$page" "$build/$target/release/freehold_example_page.wasm"
cp examples/page/index.html examples/page/page.js src/bindings/javascript/freehold.js "$page"

if [ "${1:-}" = chromium ]; then
    node tests/hosts/browser.mjs ${SCREENSHOT:+--screenshot "$SCREENSHOT"} --click '#more' --click '#freeze' "$page" '' 'turn 1' 'in add' 'memory did not grow' '4000 points' '│ arena'
else
    node examples/serve.mjs "$page" "${1:-8080}"
fi
