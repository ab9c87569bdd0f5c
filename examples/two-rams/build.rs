//! Links as cortex-m-rt wants it: by its script, which reads our `memory.x`. On the host there is nothing to do.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=memory.x");
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumb")) {
        println!("cargo:rustc-link-search={}", env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        println!("cargo:rustc-link-arg-bins=-Tlink.x");
    }
}
