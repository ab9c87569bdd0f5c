# What an example can't do without. Its script reads this, and calls `need` before anything is built or downloaded: what is missing is
# said at once, all of it, with the line to type, and the script ends with 3.
#
#     . examples/need.sh
#     need rust:wasm32-unknown-unknown node
need() {
    lacks=
    for thing; do
        case $thing in
        rust)
            command -v cargo >/dev/null || lack cargo "https://rustup.rs has the line that installs Rust"
            ;;
        rust:*)
            need_target "${thing#rust:}"
            ;;
        node)
            # The oldest that the scripts were tried on.
            [ "$(node --print 'process.versions.node.split(".")[0] >= 20' 2>/dev/null)" = true ] ||
                lack "node 20 or later" "https://nodejs.org/en/download has the line that installs it"
            ;;
        node24)
            # Some have a newer one beside that of the path.
            [ "$("${NODE:-node}" --print 'process.versions.node.split(".")[0] >= 24' 2>/dev/null)" = true ] ||
                lack "node 24 or later" "https://nodejs.org/en/download has the line that installs it    # beside another one: NODE=name $0"
            ;;
        cc)
            command -v "${CC:-cc}" >/dev/null || lack "a C compiler, ${CC:-cc}" "apt-get install gcc libc6-dev    # another one: CC=name $0"
            ;;
        c++)
            command -v "${CXX:-c++}" >/dev/null || lack "a C++ compiler, ${CXX:-c++}" "apt-get install g++    # another one: CXX=name $0"
            ;;
        clang)
            # It links by itself, if its linker is there.
            compiles --target=wasm32 -nostdlib -Wl,--no-entry ||
                lack "${CLANG:-clang-19} with lld" "apt-get install clang-19 lld-19    # another one: CLANG=clang $0"
            ;;
        wasi-clang)
            compiles --target=wasm32-wasi && command -v "${AR:-llvm-ar-19}" >/dev/null ||
                lack "${CLANG:-clang-19} for WASI, and ${AR:-llvm-ar-19}" \
                    "apt-get install clang-19 lld-19 llvm-19 wasi-libc libclang-rt-19-dev-wasm32    # others: CLANG=clang AR=llvm-ar $0"
            ;;
        llvm-symbolizer)
            command -v "${SYMBOLIZER:-llvm-symbolizer-19}" >/dev/null ||
                lack "${SYMBOLIZER:-llvm-symbolizer-19}" "apt-get install llvm-19    # another one: SYMBOLIZER=llvm-symbolizer $0"
            ;;
        emcc)
            command -v emcc >/dev/null || need_own_emcc
            ;;
        pip)
            python3 -m pip --version >/dev/null 2>&1 || lack "Python with pip" "apt-get install python3-pip"
            ;;
        chromium)
            command -v "${CHROMIUM:-chromium}" >/dev/null ||
                lack "${CHROMIUM:-chromium}" "apt-get install chromium    # another one: CHROMIUM=google-chrome $0"
            ;;
        nightly)
            need_nightly
            ;;
        qemu-system-riscv32)
            # Older releases have it in qemu-system-misc.
            command -v "$thing" >/dev/null || lack "$thing" "apt-get install qemu-system-riscv"
            ;;
        *)
            command -v "$thing" >/dev/null || lack "$thing" "apt-get install $thing"
            ;;
        esac
    done
    [ -z "$lacks" ] || exit 3
}

lack() {
    lacks=yes
    printf 'missing: %s\n    %s\n' "$1" "$2" >&2
}

# Rust's standard library for a target.
need_target() {
    [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$1/lib" ] || lack "Rust for $1" "rustup target add $1"
}

# A nightly Rust, and the source of its library, which is built anew.
need_nightly() {
    nightly=${NIGHTLY:-nightly}
    if ! rustup run "$nightly" rustc --version >/dev/null 2>&1; then
        lack "a nightly Rust" "rustup toolchain install nightly --component rust-src    # another one: NIGHTLY=nightly-2026-05-01 $0"
    elif [ ! -d "$(rustup run "$nightly" rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
        lack "the library's source for $nightly" "rustup component add rust-src --toolchain $nightly"
    fi
}

# Whether clang compiles and links for this target.
compiles() {
    echo 'int main(void) { return 0; }' | "${CLANG:-clang-19}" "$@" -x c - -o /dev/null 2>/dev/null
}

# `cargo emscripten` gets one, in a Debian of its own: for that, and to enter it, one must be root.
need_own_emcc() {
    if [ "$(id -u)" != 0 ]; then
        lack emcc "https://emscripten.org/docs/getting_started/downloads.html has the lines that install it; or as root: sudo env \"PATH=$PATH\" $0"
    elif [ ! -x "${CARGO_TARGET_DIR:-target}/tools/emscripten/usr/bin/emcc" ]; then
        command -v debootstrap >/dev/null || lack "emcc, or debootstrap to get it" "apt-get install debootstrap"
    fi
}
