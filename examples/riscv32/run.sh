#!/bin/sh
# Builds the firmware and runs it in qemu, which prints what it says and ends as it does.
set -eu
cd "$(dirname "$0")/../.."
target=riscv32imc-unknown-none-elf
. examples/need.sh
need rust rust:$target qemu-system-riscv32

cargo build --quiet -p freehold-example-riscv32 --release --target $target
qemu-system-riscv32 -machine virt -bios none -nographic -semihosting-config enable=on,target=native \
    -kernel "${CARGO_TARGET_DIR:-target}/$target/release/freehold-example-riscv32" </dev/null
