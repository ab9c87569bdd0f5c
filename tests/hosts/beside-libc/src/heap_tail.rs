//! The heap tail, which is libc's (h03).

use core::alloc::Layout;
use core::ptr::NonNull;

use freehold::backing::Then;
use freehold::{DefaultBacking, HeapTail, Ledger, Obstacle, memory_size};
use freehold_soak::unprotected::heap_base;
use freehold_soak::{Malloc, fill, lost};

use crate::libc::say;

// SAFETY: libc takes memory from there, and is known to: every claim is refused.
static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
static BOTH: Ledger<Then<HeapTail, DefaultBacking>> =
    // SAFETY: as above.
    Ledger::new(Then::new(unsafe { HeapTail::new() }, DefaultBacking::new()));

/// A claim is refused, whether libc has taken the tail already or will only later, and changes nothing.
pub fn refused() {
    for round in 0..2 {
        let memory = memory_size();
        let error = TAIL.claim("ours", Layout::new::<[u8; 100]>()).map(drop).expect_err("the tail is libc's");
        say(error);
        let obstacle = Obstacle::Occupied { backing: "heap tail", by: "libc's malloc", at: heap_base() };
        assert_eq!(error.obstacle, obstacle);
        assert_eq!((TAIL.snapshot().granted, TAIL.growths(), memory_size()), (0, 0, memory), "round {round}");
        let block = Malloc::new(1000).expect("some bytes");
        // SAFETY: a block of this size.
        unsafe { fill(block.start(), 1000, 0xCD) };
        let claim = BOTH.claim("ours", Layout::new::<[u8; 5000]>()).expect("the other backing has room");
        // SAFETY: the claim has so many bytes.
        unsafe { fill(claim.as_ptr(), 5000, 0xAB) };
        // SAFETY: as above.
        assert_eq!(unsafe { lost(block.start(), 1000, 0xCD) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { lost(claim.as_ptr(), 5000, 0xAB) }, 0);
    }
}

/// What lies between `__heap_base` and the end of memory, taken by hand before libc has done so.
pub fn by_hand() {
    let (start, end) = (heap_base(), memory_size());
    let base = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(start)).expect("not the null page");
    // SAFETY: memory that nobody has used yet. That libc will is what this is for.
    unsafe { fill(base, end - start, 0xAB) };
    let block = Malloc::new(5000).expect("some bytes");
    // SAFETY: a block of this size.
    unsafe { fill(block.start(), 5000, 0xCD) };
    // SAFETY: as above.
    say(format_args!("ours lost: {} of {}", unsafe { lost(base, end - start, 0xAB) }, end - start));
}
