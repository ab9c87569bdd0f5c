//! The host sets the stack pointer itself: to have little stack left, and to put it right after a trap, as a trap leaves it where it was.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Elsewhere it is only looked at by lints.
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=--export=__stack_pointer");
    }
}
