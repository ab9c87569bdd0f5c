//! The conformance suite on every backing.

use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::{Backing, GRAIN, Then};
use freehold::{DefaultBacking, Ledger, Ram, Region, Regions};

use crate::backings::{Control, Manner, Memory, Simulated};
use crate::conformance::{again, everything};

/// The target's own pages.
pub fn default_backing() {
    everything(&Ledger::new(DefaultBacking::new()), true);
}

/// Regions too small for anything, for something, and for all, at every misalignment (h13).
pub fn h13_regions_of_any_size() {
    let mut buffer = [MaybeUninit::uninit(); 9000];
    let (sizes, misalignments): (&[usize], &[usize]) = if cfg!(miri) {
        (&[700], &[33])
    } else {
        (&[0, 1, 63, 64, 65, 127, 129, 192, 300, 1000, 4096, 8000], &[0, 1, 33, 63])
    };
    for &size in sizes {
        for &misalignment in misalignments {
            again(&Ledger::new(Region::new(&mut buffer[misalignment..misalignment + size])), false);
        }
    }
}

/// A region that is large enough.
pub fn large_region() {
    let memory = Memory::new(ROOM);
    // SAFETY: the memory is nobody else's while the region is in use.
    let region = unsafe { Region::from_raw(memory.start().as_ptr(), ROOM) };
    again(&Ledger::new(region), true);
}

/// Ledgers within one of several regions: they must have one of those, which is large enough, or would rather.
pub fn regions_with_names() {
    let memory = [Memory::new(ROOM), Memory::new(ROOM)];
    // SAFETY: the memory is nobody else's while the regions are in use.
    let ram = |index: usize| unsafe { Region::from_raw(memory[index].start().as_ptr(), ROOM) };
    let ledger = Ledger::new(Regions::new([Ram::new("one", ram(0)), Ram::new("other", ram(1))]));
    for within in [Ledger::within(&ledger, "other", "within"), Ledger::rather_within(&ledger, "other", "within")] {
        again(&within, true);
    }
    let claimed = ledger.snapshot().spans().filter(|span| span.owner.is_some()).count();
    assert_eq!(claimed, 2, "what was taken has gone back, but for the two records");
}

/// A buffer on the stack, then the target's pages.
pub fn region_then_pages() {
    let sizes: &[usize] = if cfg!(miri) { &[1000] } else { &[0, 100, 1000, 5000] };
    for &size in sizes {
        let mut buffer = [MaybeUninit::uninit(); 5000];
        again(&Ledger::new(Then::new(Region::new(&mut buffer[..size]), DefaultBacking::new())), true);
    }
}

/// Enough for everything the suite asks, with gaps and odd ends.
const ROOM: usize = if cfg!(miri) { 4 << 20 } else { 32 << 20 };

fn simulated(manner: Manner, gap: usize) {
    let mut memory = Memory::new(ROOM);
    let control = Control::new();
    control.gap.store(gap, Relaxed);
    again(&Ledger::new(Simulated::new(&mut memory, &control, manner)), true);
    assert_eq!(control.lent.load(Relaxed), 0, "loans that did not come back");
}

/// Not a byte more than is needed.
pub fn exact_grants() {
    simulated(Manner::Exact, 0);
}

/// In small steps.
pub fn small_steps() {
    simulated(Manner::Steps(192), 0);
}

/// From odd addresses, with odd lengths.
pub fn misaligned_grants() {
    simulated(Manner::Odd, 0);
}

/// Grants that stand alone.
pub fn islands() {
    simulated(Manner::Islands, GRAIN);
}

/// Others take memory between any two grants (h05, h08).
pub fn h05_h08_foreign_growth() {
    simulated(Manner::Exact, 4096);
    simulated(Manner::Steps(1024), 64);
}

/// Grants that go back one by one.
pub fn loans() {
    simulated(Manner::Loans, 0);
}

/// Grants that go back when nothing in them is claimed.
pub fn lots() {
    simulated(Manner::Lots, 0);
}

/// libc's heap, alone and behind a buffer on the stack.
#[cfg(any(unix, target_os = "wasi"))]
pub fn libc() {
    use freehold::Libc;
    let ledger = Ledger::new(Libc::new());
    again(&ledger, true);
    assert_eq!(ledger.snapshot().granted, 0, "blocks that did not go back");
    let mut buffer = [MaybeUninit::uninit(); 3000];
    again(&Ledger::new(Then::new(Region::new(&mut buffer), Libc::new())), true);
}

/// Rust's global allocator, alone and behind a buffer on the stack.
#[cfg(feature = "collections")]
pub fn over_the_global_allocator() {
    use allocator_api2::alloc::Global;
    use freehold::backing::Over;
    let ledger = Ledger::new(Over::new(Global));
    again(&ledger, true);
    assert_eq!(ledger.snapshot().granted, 0, "loans that did not go back");
    let mut buffer = [MaybeUninit::uninit(); 3000];
    again(&Ledger::new(Then::new(Region::new(&mut buffer), Over::new(Global))), true);
}

/// A ledger on which nothing is claimed any more can be dropped with what it borrowed.
pub fn ledgers_come_and_go() {
    fn round_trip<B: Backing>(ledger: Ledger<B>) {
        drop(ledger.claim("claim", core::alloc::Layout::new::<u64>()));
    }
    for _ in 0..20 {
        round_trip(Ledger::new(DefaultBacking::new()));
    }
}
