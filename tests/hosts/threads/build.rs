//! A module whose instances share one memory, and what their host needs to give each a stack and thread-local values.

use std::env;

const LINK: &[&str] = &[
    "--shared-memory",
    "--import-memory",
    "--export-memory",
    "--initial-memory=2097152",
    "--max-memory=536870912",
    "--export=__stack_pointer",
    "--export=__tls_base",
    "--export=__wasm_init_tls",
    "--export=__tls_size",
    "--export=__tls_align",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm64") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory=8589934592");
    }
    // Without atomics there is nothing to share: then it is only looked at by lints.
    if features.split(',').any(|feature| feature == "atomics") {
        LINK.iter().for_each(|arg| println!("cargo::rustc-link-arg-cdylib={arg}"));
    }
}
