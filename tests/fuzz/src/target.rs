//! What the targets' programs do.

use std::env;
use std::fs;
use std::process::ExitCode;

/// A target: under cargo-fuzz what LLVM's fuzzer calls, elsewhere a program that runs the files it is given.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[cfg(fuzzing)]
        mod fuzzed {
            use $crate::libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

            fuzz_target!(|program: &[u8]| $run(program));
            fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
                $crate::vary(data, size, most, seed, fuzzer_mutate)
            });
        }

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::replay($run)
        }
    };
}

/// Runs the program in each file that the command line names.
pub fn replay(run: fn(&[u8])) -> ExitCode {
    for file in env::args_os().skip(1) {
        println!("{}", file.display());
        match fs::read(&file) {
            Ok(program) => run(&program),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
