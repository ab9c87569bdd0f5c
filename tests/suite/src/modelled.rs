//! Random programs on every backing; and with each claim refused once (h12).

use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::Then;
use freehold::{DefaultBacking, Ledger, Region};

use crate::STEPS;
use crate::backings::{Control, MANNERS, Manner, Memory, Simulated};
use crate::choices::{Choices, Seeded};
use crate::model::{pool_of_values, run};

pub mod heap;

const ROOM: usize = if cfg!(miri) { 256 << 10 } else { 16 << 20 };
const SEEDS: u32 = if cfg!(miri) { 2 } else { 8 };

/// The target's own pages.
pub fn default_backing() {
    for seed in 0..SEEDS {
        run(&Ledger::new(DefaultBacking::new()), &mut Seeded::new(seed, STEPS));
        pool_of_values(&Ledger::new(DefaultBacking::new()), &mut Seeded::new(seed, STEPS / 4));
    }
}

/// A small buffer, alone: most requests are refused; and before the target's own pages.
pub fn regions() {
    for seed in 0..SEEDS {
        let mut buffer = [MaybeUninit::uninit(); 4000];
        run(&Ledger::new(Region::new(&mut buffer)), &mut Seeded::new(seed, STEPS / 2));
        run(
            &Ledger::new(Then::new(Region::new(&mut buffer), DefaultBacking::new())),
            &mut Seeded::new(seed, STEPS / 2),
        );
        pool_of_values(&Ledger::new(Region::new(&mut buffer)), &mut Seeded::new(seed, STEPS / 4));
    }
}

/// A simulated backing in that manner.
pub fn on_simulated(manner: Manner, gap: usize, refuse: usize, choices: &mut impl Choices) -> usize {
    let mut memory = Memory::new(ROOM);
    let control = Control::new();
    control.gap.store(gap, Relaxed);
    control.refuse.store(refuse, Relaxed);
    run(&Ledger::new(Simulated::new(&mut memory, &control, manner)), choices);
    assert_eq!(control.lent.load(Relaxed), 0, "loans that did not come back");
    control.asked.load(Relaxed)
}

/// Every manner of giving.
pub fn every_manner() {
    for seed in 0..SEEDS {
        for &(manner, gap) in MANNERS {
            on_simulated(manner, gap, 0, &mut Seeded::new(seed ^ 0xabc, STEPS / 4));
        }
    }
}

/// The first claim is refused, and the program goes on; then, in another run, the second; and so on (h12).
pub fn h12_each_claim_fails_once() {
    let steps = if cfg!(miri) { 20 } else { 400 };
    for seed in 0..SEEDS / 2 {
        for manner in [Manner::Exact, Manner::Steps(2048), Manner::Loans, Manner::Lots] {
            let mut refuse = 1;
            while on_simulated(manner, 0, refuse, &mut Seeded::new(seed, steps)) >= refuse {
                refuse += if cfg!(miri) { 20 } else { 1 };
            }
        }
    }
}

/// libc's heap.
#[cfg(any(unix, target_os = "wasi"))]
pub fn libc() {
    for seed in 0..SEEDS {
        let ledger = Ledger::new(freehold::Libc::new());
        run(&ledger, &mut Seeded::new(seed, STEPS));
        pool_of_values(&ledger, &mut Seeded::new(seed, STEPS / 4));
        assert_eq!(ledger.snapshot().granted, 0, "blocks that did not go back");
    }
}

/// Rust's global allocator, alone and behind a buffer on the stack.
#[cfg(feature = "collections")]
pub fn over_the_global_allocator() {
    use allocator_api2::alloc::Global;
    use freehold::backing::Over;
    for seed in 0..SEEDS {
        run(&Ledger::new(Over::new(Global)), &mut Seeded::new(seed, STEPS));
        let mut buffer = [MaybeUninit::uninit(); 3000];
        run(&Ledger::new(Then::new(Region::new(&mut buffer), Over::new(Global))), &mut Seeded::new(seed, STEPS / 2));
    }
}
