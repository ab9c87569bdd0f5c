#!/bin/sh
# Builds the firmware and runs it in qemu, which prints what it says and ends as it does.
set -eu
cd "$(dirname "$0")/../.."
target=thumbv7em-none-eabihf
. examples/need.sh
need rust rust:$target qemu-system-arm

cargo build --quiet -p freehold-example-cortex-m --release --target $target
qemu-system-arm -cpu cortex-m4 -machine mps2-an386 -nographic -semihosting-config enable=on,target=native \
    -kernel "${CARGO_TARGET_DIR:-target}/$target/release/freehold-example-cortex-m" </dev/null
