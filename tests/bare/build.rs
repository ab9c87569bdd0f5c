//! With addresses of 64 bits: everything lies above 4 GiB, the program's data first. What was grown is touched here and there only.

use std::env;

const LINK: [&str; 3] = ["--global-base=4294967296", "--initial-heap=1048576", "--max-memory=17179869184"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm64") {
        LINK.iter().for_each(|arg| println!("cargo::rustc-link-arg-cdylib={arg}"));
    }
}
