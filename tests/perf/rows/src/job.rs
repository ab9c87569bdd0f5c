//! A measurement in this program: where in memory it takes place, and what of memory is the contender's.

use std::alloc::Layout;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub use freehold_perf_harness::job::{Job, Sample, repeat};

use crate::counting::{self, Claims};
use crate::{callgrind, clock};

/// How much of the heap, of the ledger and of the stack comes before what is measured.
///
/// The speed of a loop depends on which of its addresses are equal in their low bits, by luck, by a quarter and more.
const PADS: [usize; 4] = [0, 1_072, 4_368, 66_880];

static SHIFT: AtomicUsize = AtomicUsize::new(0);

/// By how much a buffer that starts at a page should be shifted in this placement.
pub fn shift() -> usize {
    SHIFT.load(Relaxed)
}

/// What rows do with a job.
pub trait Measure {
    /// Runs `measure` with memory moved to the job's placement.
    fn placed(&self, measure: impl FnOnce(&Job) -> Sample) -> Sample;

    /// What is claimed from here on is the contender's.
    fn claims(&self) -> Claims;

    /// Runs `work` with the clock, or callgrind, on.
    fn timed(&self, claims: &Claims, work: impl FnOnce(u32) -> u64) -> Sample;
}

impl Measure for Job {
    fn placed(&self, measure: impl FnOnce(&Job) -> Sample) -> Sample {
        let pad = PADS[self.placement % PADS.len()];
        SHIFT.store(pad % 4096, Relaxed);
        let layout = Layout::from_size_align(pad, 16).expect("a small layout");
        let heap = Vec::<u8>::with_capacity(pad);
        let ledger = (pad > 0).then(|| freehold::ledger().claim("pad", layout));
        let sample = match self.placement % PADS.len() {
            0 => measure(self),
            1 => deeper::<80, _>(|| measure(self)),
            2 => deeper::<272, _>(|| measure(self)),
            _ => deeper::<1040, _>(|| measure(self)),
        };
        black_box((heap, ledger));
        sample
    }

    fn claims(&self) -> Claims {
        counting::start()
    }

    #[inline(always)]
    fn timed(&self, claims: &Claims, work: impl FnOnce(u32) -> u64) -> Sample {
        if let Some(name) = &self.counted {
            callgrind::start();
            let checksum = work(self.iterations);
            callgrind::stop(name);
            return Sample { nanoseconds: 0.0, checksum, claimed: claims.peak() };
        }
        let start = clock::nanoseconds();
        let checksum = work(self.iterations);
        let nanoseconds = clock::nanoseconds() - start;
        Sample { nanoseconds, checksum, claimed: claims.peak() }
    }
}

#[inline(never)]
fn deeper<const BYTES: usize, R>(work: impl FnOnce() -> R) -> R {
    let pad = [0u8; BYTES];
    black_box(&pad);
    let result = work();
    black_box(&pad);
    result
}
