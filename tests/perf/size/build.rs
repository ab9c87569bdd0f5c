//! Links the allocator that is not Rust's, where `cargo perf` says where it is.

use std::env;

fn main() {
    for (feature, variable) in [("WASI_LIBC", "FREEHOLD_PERF_WASI_LIBC"), ("ZIG", "FREEHOLD_PERF_ZIG")] {
        println!("cargo::rerun-if-env-changed={variable}");
        if let (Ok(object), Ok(_)) = (env::var(variable), env::var(format!("CARGO_FEATURE_{feature}"))) {
            println!("cargo::rustc-link-arg-cdylib={object}");
        }
    }
}
