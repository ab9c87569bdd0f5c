#!/bin/sh
# Builds the firmware and runs it in qemu, which prints what it says and ends as it does.
set -eu
cd "$(dirname "$0")/../.."
target=thumbv6m-none-eabi
. examples/need.sh
need rust rust:$target qemu-system-arm

cargo build --quiet -p freehold-example-cortex-m0 --release --target $target
qemu-system-arm -machine microbit -nographic -semihosting-config enable=on,target=native -icount shift=6 \
    -kernel "${CARGO_TARGET_DIR:-target}/$target/release/freehold-example-cortex-m0" </dev/null
