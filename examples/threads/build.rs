//! What the linker is told for a module whose threads share memory.

use std::env;

const LINK: [&str; 9] = [
    // One memory for all instances: JavaScript makes it and hands it to each. Shared memory must have a maximum.
    "--shared-memory",
    "--import-memory",
    "--initial-memory=2097152",
    "--max-memory=1073741824",
    // What JavaScript needs to give each thread a stack and thread-local values of its own.
    "--export=__stack_pointer",
    "--export=__wasm_init_tls",
    "--export=__tls_size",
    "--export=__tls_align",
    "--export=__tls_base",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    // Without atomics there are no threads: then the code is only looked at by lints.
    if features.split(',').any(|feature| feature == "atomics") {
        LINK.iter().for_each(|arg| println!("cargo::rustc-link-arg-cdylib={arg}"));
    }
}
