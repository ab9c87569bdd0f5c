//! The shadow model's programs, driven by a fuzzer's bytes.
//!
//! Most targets are a family of the programs of [`freehold_suite::model`], or of [`blocks`]. The first decisions choose the memory it
//! runs on. `SmallHeap` and `BoundedHeap` have their own, and the C library is called as C does.

use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::{Backing, GRAIN, Then};
use freehold::{DefaultBacking, Heap, Ledger, Region};
use freehold_suite::backings::{Manner, Memory};
use freehold_suite::choices::{Bytes, Choices};
use freehold_suite::heap::{on_simulated, with_heap};
use freehold_suite::model::{self, Kind};

pub mod blocks;
mod bounded;
mod c;
pub mod seeds;
mod small;
mod target;
mod vary;

pub use bounded::bounded;
pub use c::c;
#[cfg(fuzzing)]
pub use libfuzzer_sys;
pub use small::small;
pub use target::replay;
pub use vary::vary;

/// Arenas, typed ones too, and their scopes.
pub fn arenas(program: &[u8]) {
    const KINDS: &[Kind] = &[Kind::Tight, Kind::Plain, Kind::Wide, Kind::Typed];
    on_some_memory(Family::Slots(KINDS), &mut Bytes(program));
}

/// Pools of blocks, and of values.
pub fn pools(program: &[u8]) {
    let mut choices = Bytes(program);
    let family =
        if choices.below(4) == 0 { Family::Values } else { Family::Slots(&[Kind::Blocks, Kind::Fixed, Kind::Blocks]) };
    on_some_memory(family, &mut choices);
}

/// The heap, beside others that want its memory.
pub fn heap(program: &[u8]) {
    on_some_memory(Family::Heap(&[Kind::Claimed, Kind::Plain, Kind::Blocks]), &mut Bytes(program));
}

/// The heap as collections call it, by the trait `Allocator`.
pub fn allocator(program: &[u8]) {
    on_some_memory(Family::Collections, &mut Bytes(program));
}

/// Which programs a target has.
#[derive(Clone, Copy)]
enum Family {
    /// Slots of these kinds.
    Slots(&'static [Kind]),
    /// The same, beside a heap.
    Heap(&'static [Kind]),
    /// A pool of values.
    Values,
    /// Blocks of a heap, asked for by the trait `Allocator`.
    Collections,
}

impl Family {
    fn run<B: Backing>(self, heap: &Heap, ledger: &Ledger<B>, choices: &mut impl Choices) {
        match self {
            Family::Slots(kinds) => model::run_beside(ledger, None, kinds, choices),
            Family::Heap(kinds) => model::run_beside(ledger, Some(heap), kinds, choices),
            Family::Values => model::pool_of_values(ledger, choices),
            Family::Collections => blocks::run_collections(heap, ledger, choices),
        }
    }

    fn has_heap(self) -> bool {
        matches!(self, Family::Heap(_) | Family::Collections)
    }
}

/// Runs the rest of the decisions on memory that the first of them choose. There is little of it: where most is in use more goes wrong,
/// and checking it takes less time.
fn on_some_memory(family: Family, choices: &mut impl Choices) {
    let kind = choices.below(9);
    let room = 1 << (10 + choices.below(9)) | choices.below(200) as usize;
    let manner = match kind {
        0 => {
            return with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| family.run(heap, ledger, choices));
        }
        1 | 2 => {
            let memory = Memory::new(room);
            // SAFETY: the memory is nobody else's while the region is in use.
            let region = unsafe { Region::from_raw(memory.start().as_ptr(), room) };
            return if kind == 1 {
                with_heap(Ledger::new(region), |heap, ledger| family.run(heap, ledger, choices))
            } else {
                let ledger = Ledger::new(Then::new(region, DefaultBacking::new()));
                with_heap(ledger, |heap, ledger| family.run(heap, ledger, choices))
            };
        }
        3 => Manner::Exact,
        4 => Manner::Falling,
        5 => Manner::Steps(GRAIN + choices.below(5000) as usize),
        6 => Manner::Odd,
        7 => Manner::Islands,
        _ => Manner::Loans,
    };
    let gap = match choices.below(4) {
        // Islands that touch stay apart, which the model takes for a mistake.
        0 | 1 if manner != Manner::Islands => 0,
        _ => GRAIN + choices.below(3000) as usize,
    };
    let refuse = choices.below(60) as usize;
    on_simulated(room, manner, gap, |heap, ledger, control| {
        control.refuse.store(refuse, Relaxed);
        family.run(heap, ledger, choices);
        // The heap's record, if it has one.
        let kept = usize::from(family.has_heap());
        assert!(manner != Manner::Loans || control.lent.load(Relaxed) <= kept, "loans that did not come back");
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// What memory there is all programs count together.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn all(target: fn(&[u8])) {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        seeds::all().for_each(|program| target(&program));
    }

    #[test]
    fn allocator_runs() {
        all(allocator);
    }

    #[test]
    fn bounded_runs() {
        all(bounded);
    }

    #[test]
    fn c_runs() {
        all(c);
    }

    #[test]
    fn small_runs() {
        all(small);
    }

    #[test]
    fn arenas_run() {
        all(arenas);
    }

    #[test]
    fn heap_runs() {
        all(heap);
    }

    #[test]
    fn pools_run() {
        all(pools);
    }
}
