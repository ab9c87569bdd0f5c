//! The shadow model's programs, driven by a fuzzer's bytes.
//!
//! Each target is a family of the programs of [`freehold_suite::model`]. The first decisions choose the memory it runs on.

use core::sync::atomic::Ordering::Relaxed;

use freehold::{Backing, DefaultBacking, GRAIN, Global, Ledger, Region, Then};
use freehold_suite::backings::{Manner, Memory};
use freehold_suite::choices::{Bytes, Choices};
use freehold_suite::heap::{on_simulated, with_heap};
use freehold_suite::model::{self, Kind};

pub mod seeds;
mod target;
mod vary;

#[cfg(fuzzing)]
pub use libfuzzer_sys;
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

/// Which programs a target has.
#[derive(Clone, Copy)]
enum Family {
    /// Slots of these kinds.
    Slots(&'static [Kind]),
    /// The same, beside a heap.
    Heap(&'static [Kind]),
    /// A pool of values.
    Values,
}

impl Family {
    fn run<B: Backing>(self, heap: &Global, ledger: &Ledger<B>, choices: &mut impl Choices) {
        match self {
            Family::Slots(kinds) => model::run_beside(ledger, None, kinds, choices),
            Family::Heap(kinds) => model::run_beside(ledger, Some(heap), kinds, choices),
            Family::Values => model::pool_of_values(ledger, choices),
        }
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
        let kept = usize::from(matches!(family, Family::Heap(_)));
        assert!(manner != Manner::Loans || control.lent.load(Relaxed) <= kept, "loans that did not come back");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(target: fn(&[u8])) {
        seeds::all().for_each(|program| target(&program));
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
