//! Links by cortex-m-rt's script, which reads our `memory.x`. On the host there is nothing to do.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none") {
        println!("cargo::rustc-link-search={}", env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
}
