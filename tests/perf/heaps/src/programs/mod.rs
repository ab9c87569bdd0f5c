//! What whole programs do, natively. Each run is a process of its own, and says how long it took, what processor time that was, and how
//! much memory was resident.

mod parse;
mod print;

use std::time::Instant;

use crate::Result;
use crate::usage::{Usage, resident};

/// What a run did.
struct Done {
    seconds: f64,
    usage: Usage,
    /// Depends on all that was read.
    checksum: u64,
}

/// Does what the arguments say and gives a line: `SECONDS USER SYSTEM PEAK END CHECKSUM`, with memory in KiB, at the end when all is freed.
///
/// `parse THREADS LIST` parses the Rust sources that are named in a file, line by line; `print TIMES` makes HTML of a text that is so many
/// times as long as the one of the rows.
pub fn run(arguments: &[String]) -> Result<String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Done { seconds, usage, checksum } = match words[..] {
        ["parse", threads, list] => parse::run(threads.parse()?, list)?,
        ["print", times] => print::run(times.parse()?),
        _ => return Err(format!("`{}` is no program", words.join(" ")).into()),
    };
    let end = resident("VmRSS:");
    // The system notes the most only now and then.
    let peak = resident("VmHWM:").max(end);
    Ok(format!("{seconds} {} {} {peak} {end} {checksum}", usage.user, usage.system))
}

/// Does the work while the clock runs.
fn clocked(work: impl FnOnce() -> u64) -> Done {
    let (before, start) = (Usage::now(), Instant::now());
    let checksum = work();
    let seconds = start.elapsed().as_secs_f64();
    Done { seconds, usage: Usage::now().since(before), checksum }
}
