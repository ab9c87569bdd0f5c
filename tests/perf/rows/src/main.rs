//! The rows as a native program: `harness/src/program.rs` says what it understands.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> freehold_perf_harness::program::Result<()> {
    freehold_perf_harness::program::main(freehold_perf_rows::all())
}

#[cfg(target_arch = "wasm32")]
fn main() {}
