//! What the linker is told of pages where the compiler's flags say nothing of them: as a program's own build script may.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(freehold_page_size)");
    println!("cargo::rustc-link-arg-cdylib=--max-memory=4194304");
    if env::var_os("CARGO_FEATURE_UNSEEN").is_some() {
        println!("cargo::rustc-link-arg-cdylib=--page-size=1");
    }
}
