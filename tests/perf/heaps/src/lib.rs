//! What `cargo perf` measures of global allocators. Each program in `src/bin` is one allocator, and all of this; those whose names begin with
//! `layer` are a heap with a debug layer around it, and do few rows.

mod row;
pub mod rows;

#[cfg(not(target_arch = "wasm32"))]
mod programs;
#[cfg(not(target_arch = "wasm32"))]
mod usage;

pub use freehold_perf_harness as harness;

/// What can go wrong.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A program: what a module exports, which `engines/rows.mjs` calls, and `main`, which nobody calls on wasm. It does the rows of this name.
#[macro_export]
macro_rules! program {
    ($which:ident) => {
        $crate::harness::exports!($crate::rows::$which);

        fn main() -> $crate::Result<()> {
            $crate::$which()
        }
    };
}

/// A native program's `main`: [all rows](rows::all), and whole programs.
pub fn all() -> Result<()> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments.split_first() {
            Some((word, program)) if word == "program" => println!("{}", programs::run(program)?),
            _ => harness::program::main(rows::all())?,
        }
    }
    Ok(())
}

/// A native program's `main`: the rows of [debug layers](rows::layered).
pub fn layered() -> Result<()> {
    #[cfg(not(target_arch = "wasm32"))]
    harness::program::main(rows::layered())?;
    Ok(())
}
