# The program `wasm-bindgen`, as $bindgen, below $build: of the version that the lock file holds, as it understands one version of the crate.
bindgen=$build/tools/bin/wasm-bindgen
need_bindgen() {
    version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
    [ "$("$bindgen" --version 2>/dev/null)" != "wasm-bindgen $version" ] || return 0
    echo "installing wasm-bindgen $version under $build/tools (two minutes, once)" >&2
    cargo install --quiet --debug --force wasm-bindgen-cli --version "$version" \
        --bin wasm-bindgen --bin wasm-bindgen-test-runner --root "$build/tools"
}
