//! With addresses of 64 bits: memory for what lies beyond 4 GiB, of which little is touched.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm64") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory=8589934592");
    }
}
