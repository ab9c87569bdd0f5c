//! Links by the script of cortex-m-rt or riscv-rt. On the host there is nothing to do.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none") {
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
}
