//! The long random program over all heaps: on shared memory in each of the workers, who hand blocks to each other; else in a module
//! that stands alone. C's heap is Rust's there, by `c_symbols!`.

use alloc::boxed::Box;
use core::ptr::{self, NonNull, with_exposed_provenance_mut};
use core::sync::atomic::{AtomicPtr, Ordering};

use freehold::backing::Backing;
use freehold::{DefaultBacking, Ledger, ledger};
use freehold_guest::{PAGE, say, trap};
use freehold_soak::unprotected::Contiguous;
use freehold_soak::{Block, Dice, Grown, Outcome, Surroundings};

use crate::{HEAP, PASSED_ON, WORKER};

freehold::c_symbols!(HEAP);

static OURS: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static CONTIGUOUS: [Ledger<Contiguous>; 2] = [const { Ledger::new(Contiguous::new()) }; 2];

/// A block, and who left it.
struct Left {
    block: Block,
    from: u32,
}

/// Where blocks wait for whoever comes by.
static LEFT: [AtomicPtr<Left>; 64] = [const { AtomicPtr::new(ptr::null_mut()) }; 64];

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// The page's number, or -1.
    safe fn grow(pages: usize) -> usize;
}

struct Module;

impl Surroundings for Module {
    fn grow(&self) -> Grown {
        match grow(1) {
            usize::MAX => Grown::Refused,
            page => Grown::Kept(NonNull::new(with_exposed_provenance_mut(page * PAGE)).expect("not the null page")),
        }
    }

    fn exchange(&self, block: Block) -> Option<Block> {
        let left = Box::into_raw(Box::new(Left { block, from: WORKER.0.get() }));
        // Any place will do.
        take(&LEFT[left.addr() / 16 % LEFT.len()], left)
    }

    fn give_up(&self, outcome: &Outcome) -> ! {
        say(outcome);
        trap()
    }
}

/// Leaves a block, or none, and takes the one that was there.
fn take(place: &AtomicPtr<Left>, left: *mut Left) -> Option<Block> {
    let found = place.swap(left, Ordering::AcqRel);
    if found.is_null() {
        return None;
    }
    // SAFETY: it comes from `Box::into_raw`, and the swap has made it this worker's alone.
    let found = unsafe { Box::from_raw(found) };
    if found.from != WORKER.0.get() {
        PASSED_ON.fetch_add(1, Ordering::Relaxed);
    }
    Some(found.block)
}

fn run<B: Backing + 'static>(ledgers: [&'static Ledger<B>; 2], operations: usize) {
    say(freehold_soak::run(&Module, ledgers, operations, Dice::new(0, WORKER.0.get())));
}

/// So many operations, on these heaps and ledgers.
#[unsafe(no_mangle)]
extern "C" fn soak(operations: usize) {
    run([ledger(), &OURS], operations);
}

/// The control: two ledgers, each of which takes the pages it grows for one piece.
#[unsafe(no_mangle)]
extern "C" fn control_soak_contiguous(operations: usize) {
    run(CONTIGUOUS.each_ref(), operations);
}

/// Frees what nobody has taken, and returns how many bytes of it were lost.
#[unsafe(no_mangle)]
extern "C" fn lost_left() -> usize {
    LEFT.iter().filter_map(|place| take(place, ptr::null_mut())).map(|block| block.lost()).sum()
}
