//! `hint IN.wasm -o OUT.wasm`: tells engines which branches of a module are hardly ever taken, those to freehold's cold functions.
//!
//! From the file to the file: [`module`] takes the bytes apart, [`names`] says which functions are cold, [`graph`] draws a function's
//! instructions and [`hints`] finds the branches, [`module`] puts the section in, and [`file`] writes it.

mod cli;
mod file;
mod graph;
mod hints;
mod module;
mod names;
mod problem;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(&cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("hint: {problem}");
            ExitCode::from(problem.code())
        }
    }
}
