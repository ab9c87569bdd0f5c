//! Words counted in a heap of 8 KiB, and sorted in an arena, on a riscv32: `firmware.rs`. On the host there is only this line that says so.

#![cfg_attr(all(target_arch = "riscv32", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "riscv32", target_os = "none"))]
mod firmware;

#[cfg(not(all(target_arch = "riscv32", target_os = "none")))]
fn main() {
    println!("this is for a riscv32: examples/riscv32/run.sh builds it and runs it in qemu");
}
