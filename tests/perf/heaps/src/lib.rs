//! What `cargo perf` measures of global allocators. Each program in `src/bin` is one allocator, and all of this.

mod row;
mod rows;

#[cfg(not(target_arch = "wasm32"))]
mod programs;

/// What can go wrong.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A native program's `main`. On wasm nobody calls it: `engines/rows.mjs` calls exports.
pub fn main() -> Result<()> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments.split_first() {
            Some((word, program)) if word == "program" => println!("{}", programs::run(program)?),
            _ => freehold_perf_harness::program::main(rows::all())?,
        }
    }
    Ok(())
}

freehold_perf_harness::exports!(crate::rows::all);
