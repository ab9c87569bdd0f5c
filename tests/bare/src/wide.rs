//! What is there with addresses of 64 bits only. `build.rs` has the linker put this module's data above 4 GiB.

use core::alloc::Layout;

use freehold::{Alloc, Arena, HeapTail, Ledger, ledger};

const FOUR_GIB: usize = 1 << 32;

/// Else the others would show nothing.
#[unsafe(no_mangle)]
extern "C" fn h10_data_and_pages_lie_above_four_gib() {
    static DATA: u8 = 0;
    assert!((&raw const DATA).addr() >= FOUR_GIB);
    let arena = Arena::new();
    assert!(core::ptr::from_mut(arena.alloc(7_u64)).addr() >= FOUR_GIB);
    assert!(ledger().snapshot().spans().all(|span| span.base >= FOUR_GIB));
}

/// All copies of the crate know it by its upper half, whatever the address in the lower one was cut from.
#[unsafe(no_mangle)]
extern "C" fn h06_the_mark_in_the_tail_is_as_in_32_bits() {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    // SAFETY: nobody else in this module takes the tail.
    static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
    let start = core::hint::black_box(&raw const __heap_base).addr().next_multiple_of(8);
    assert!(start >= FOUR_GIB);
    let word: *const u64 = core::ptr::with_exposed_provenance(start);
    // SAFETY: the tail's first word, in the module's initial memory.
    assert_eq!(unsafe { word.read_volatile() }, 0);
    let claim = TAIL.claim("tail", Layout::new::<[u8; 1000]>()).expect("nobody lives there");
    assert!(claim.as_ptr().addr().get() > start);
    // SAFETY: as above.
    assert_eq!(unsafe { word.read_volatile() } >> 32, u64::from(u32::from_le_bytes(*b"frhd")));
}
