//! The side jobs of this repository: `cargo verify`, `cargo demo`, `cargo maps` and `cargo emscripten`.

mod beside_libc;
mod boards;
mod c;
mod command;
mod cores;
mod debian;
mod demo;
mod emscripten;
mod examples;
mod fuzz;
#[cfg(test)]
mod hazards;
mod hints;
mod imports;
mod javascript;
mod malloc;
mod maps;
mod must_find;
mod need;
mod nightly;
mod npm;
mod pip;
mod soak;
mod soaked;
mod step;
mod steps;
mod suites;
#[cfg(test)]
mod tested;
mod threads;
mod tools;
mod verify;
mod viewers;
mod waits;
mod wide;
#[cfg(test)]
mod words;
mod zig;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", about)]
enum Job {
    /// Run every check of this repository, and end with a table of what ran
    Verify(verify::Args),
    /// Parse JSON into scoped arenas inside a wasm module, and print what it cost
    Demo(demo::Args),
    /// Draw the diagrams of docs/targets.md
    Maps(maps::Args),
    /// Run a command that calls Emscripten's `emcc`, which is installed under target/
    Emscripten(emscripten::Args),
}

fn main() -> ExitCode {
    let done = match Job::parse() {
        Job::Verify(args) => verify::run(&args),
        Job::Maps(args) => maps::run(&args).map(|()| ExitCode::SUCCESS),
        Job::Emscripten(args) => emscripten::run(&args),
        Job::Demo(args) => demo::run(args).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
