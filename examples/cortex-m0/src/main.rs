//! An interrupt that makes packets, and main that reads them, on a Cortex-M0: `firmware.rs`. On the host there is only this line that says so.

#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod firmware;

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {
    println!("this is for a Cortex-M0: examples/cortex-m0/run.sh builds it and runs it in qemu");
}
