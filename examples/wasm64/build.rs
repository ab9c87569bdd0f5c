//! Up to where memory may grow, as the linker is told: 12 GiB. (Engines have a limit of their own: 16 GiB in V8.)

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm64") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory=12884901888");
    }
}
