//! What `cargo perf` measures of global allocators. Each program in `src/bin` is one allocator, and all of this.

mod row;
mod rows;

/// What can go wrong.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A native program's `main`. On wasm nobody calls it: `run.mjs` calls exports.
pub fn main() -> Result<()> {
    #[cfg(not(target_arch = "wasm32"))]
    freehold_perf_harness::program::main(rows::all())?;
    Ok(())
}

freehold_perf_harness::exports!(crate::rows::all);
