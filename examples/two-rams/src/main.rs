//! A heap on two memories, and buffers that say in which they lie: `firmware.rs`. On the host there is only this line that says so.

#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod firmware;

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {
    println!("this is for a Cortex-M: examples/two-rams/run.sh builds it and runs it in qemu");
}
