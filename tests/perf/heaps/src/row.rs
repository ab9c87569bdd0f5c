//! A row here: some work that gives back all memory it takes.

use freehold_perf_allocators::limit;
use freehold_perf_harness::job::{Job, Sample, repeat};
use freehold_perf_harness::row::{Contender, Kind, Nature, Row};
use freehold_perf_harness::{clock, counting};

/// Some work that gives back all memory it takes.
pub trait Work {
    const NAME: &'static str;
    /// What the time is divided by: what the row's name speaks of.
    const OPERATIONS: usize;
    /// Once, in some milliseconds. The result depends on what was read back from memory, and is always the same.
    fn run() -> u64;
}

/// The row of this work, in a group. Its one contender is the allocator of this program, whose name the program does not know.
pub fn row<W: Work>(group: &'static str) -> Row {
    Row {
        group,
        name: W::NAME.to_owned(),
        operations: W::OPERATIONS,
        counted: 0,
        bytes: 0,
        nature: Nature::Steady,
        contenders: vec![Contender::new("", Kind::Peer, measure::<W>)],
    }
}

fn measure<W: Work>(job: &Job) -> Sample {
    let mark = limit::mark();
    let before = counting::start();
    let start = clock::nanoseconds();
    let checksum = repeat(job.iterations, W::run);
    let nanoseconds = clock::nanoseconds() - start;
    assert_eq!(counting::now(), before, "{} keeps memory", W::NAME);
    // SAFETY: the work keeps nothing, as the program that counts has seen; and nothing else ran here.
    unsafe { limit::release(mark) };
    Sample { nanoseconds, checksum, claimed: claimed(before) }
}

/// In the program that counts: the most bytes that the work had at once. In others: the most that were resident in this process.
#[cfg(not(target_arch = "wasm32"))]
fn claimed(before: usize) -> usize {
    match counting::peak() {
        0 => (crate::usage::resident("VmHWM:") * 1024.0) as usize,
        peak => peak - before,
    }
}

/// In the program that counts: the most bytes that the work had at once. In others: all there are in this instance.
#[cfg(target_arch = "wasm32")]
fn claimed(before: usize) -> usize {
    match counting::peak() {
        0 => core::arch::wasm32::memory_size(0) << 16,
        peak => peak - before,
    }
}
