//! h41: programs that a sanitizer must end, and the same programs without their fault, in which it must find nothing.
//!
//! `freehold-sanitizers address` (or `leak`) in a program that was built with `-Zsanitizer=address` (or `leak`): each runs in a process of
//! its own, once with its fault and once without. `freehold-sanitizers NAME`, and `NAME` with `-` before it, is one of them.

mod leaks;
mod touched;

use std::env;
use std::process::{Command, ExitCode, Output};

use freehold::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

/// A program with a fault that it leaves out if told so.
struct Program {
    name: &'static str,
    /// Which sanitizers find it.
    by: &'static [&'static str],
    /// What they say.
    says: &'static str,
    run: fn(Fault),
}

/// Whether the fault is made.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Made,
    LeftOut,
}

fn main() -> ExitCode {
    let word = env::args().nth(1).unwrap_or_default();
    let programs = || touched::PROGRAMS.iter().chain(leaks::PROGRAMS);
    if programs().any(|program| program.by.contains(&word.as_str())) {
        let chosen = programs().filter(|program| program.by.contains(&word.as_str()));
        let (passed, failed): (Vec<_>, Vec<_>) = chosen.partition(|program| judge(program));
        let result = if failed.is_empty() { "ok" } else { "FAILED" };
        println!("test result: {result}. {} passed; {} failed", passed.len(), failed.len());
        return if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let (name, fault) = word.strip_prefix('-').map_or((word.as_str(), Fault::Made), |name| (name, Fault::LeftOut));
    let Some(program) = programs().find(|program| program.name == name) else {
        eprintln!("what is to run?");
        return ExitCode::FAILURE;
    };
    (program.run)(fault);
    ExitCode::SUCCESS
}

/// Runs a program both ways, and says how it went.
fn judge(program: &Program) -> bool {
    let run = |word: &str| -> (bool, String) {
        let done = env::current_exe().and_then(|this| Command::new(this).arg(word).output());
        let Output { status, stderr, .. } = done.expect("this very program runs");
        (status.success(), String::from_utf8_lossy(&stderr).into_owned())
    };
    let (passed, found) = run(program.name);
    let (clean, noise) = run(&format!("-{}", program.name));
    let good = !passed && found.contains(program.says) && clean && noise.is_empty();
    let Program { name, says, .. } = program;
    println!("test h41_{name} ... {}", if good { "ok" } else { "FAILED" });
    if !good {
        println!("with its fault, wants {says:?}:\n{found}\nwithout it, wants nothing:\n{noise}");
    }
    good
}
