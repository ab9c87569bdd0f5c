//! The global allocator: what it owes as a [`GlobalAlloc`](core::alloc::GlobalAlloc), and to the arenas, pools and claims on its
//! ledger.
//!
//! The name of each of its cases begins with `heap_`: it recovers its blocks' pointers from exposed provenance, so Miri must be asked to
//! permit that for these cases, and for no other. (`bounded` does not, and its cases' names don't.)

use core::sync::atomic::Ordering::Relaxed;

use freehold::backing::Backing;
use freehold::{Heap, Ledger};

use crate::backings::{Control, Manner, Memory, Simulated};

pub mod alone;
pub mod bench;
pub mod blocks;
pub mod bounded;
#[cfg(feature = "collections")]
pub mod collections;
pub mod coming_back;
pub mod conformance;
pub mod conforming;
pub mod counting;
pub mod growing;
pub mod refusing;
pub mod reserve;
pub mod scarce;
pub mod sizes;
pub mod slabs;
pub mod small;
pub mod subject;
pub mod ways;
pub mod which;

/// The name that heaps claim memory under.
pub const HEAP: &str = "heap";

/// Runs `work` with a heap on this ledger. Both end with it, though a heap asks for a ledger that stays for ever: what `work` gets it can't
/// keep.
pub fn with_heap<B: Backing + 'static, R>(ledger: Ledger<B>, work: impl FnOnce(&Heap, &Ledger<B>) -> R) -> R {
    // SAFETY: it stays where it is while the heap is used. After that nobody has the heap, or the ledger, which knows it.
    let lasting: &'static Ledger<B> = unsafe { &*core::ptr::from_ref(&ledger) };
    work(&Heap::new_in(lasting, HEAP), &ledger)
}

/// Has a ledger hold so much that a heap on it has slabs for each class, and lists of all.
pub fn make_large<B: Backing>(ledger: &Ledger<B>) {
    drop(ledger.claim("wake", core::alloc::Layout::new::<[u8; 1 << 20]>()).expect("room"));
}

/// The backing of such a ledger.
pub type OnSimulated = Simulated<'static>;

/// A ledger over a simulated backing, and the heap on it, for `work`. `gap` is what others take between two grants.
pub fn on_simulated<R>(
    room: usize,
    manner: Manner,
    gap: usize,
    work: impl FnOnce(&Heap, &Ledger<Simulated<'static>>, &Control) -> R,
) -> R {
    let mut memory = Memory::new(room);
    let control = Control::new();
    control.gap.store(gap, Relaxed);
    // SAFETY: memory and control outlive the ledger that the backing goes into, which `with_heap` drops.
    let backing = unsafe { Simulated::lasting(&mut memory, &control, manner) };
    with_heap(Ledger::new(backing), |heap, ledger| work(heap, ledger, &control))
}
