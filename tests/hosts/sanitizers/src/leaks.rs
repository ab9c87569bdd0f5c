//! Blocks of C's heap that nothing leads to, and such as only memory of ours leads to.

use std::alloc::Layout;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;
use std::thread;

use freehold::{Alloc, Arena, Ledger, Libc, ledger};

use crate::Fault::{self, LeftOut, Made};
use crate::Program;

const SAYS: &str = "LeakSanitizer: detected memory leaks";
const BOTH: &[&str] = &["address", "leak"];

/// All of them.
pub const PROGRAMS: &[Program] = &[
    Program { name: "leak_heap", by: BOTH, says: SAYS, run: leak_heap },
    Program { name: "leak_arena", by: BOTH, says: SAYS, run: leak_arena },
    Program { name: "leak_claim", by: BOTH, says: SAYS, run: leak_claim },
    Program { name: "leak_arena_on_libc", by: BOTH, says: SAYS, run: leak_arena_on_libc },
    // What is free counts for nothing; but only where it is known which that is.
    Program { name: "leak_heap_block_freed", by: &["address"], says: SAYS, run: leak_heap_block_freed },
];

unsafe extern "C" {
    // C's own prototype. Safe: it may be called with any number.
    safe fn malloc(len: usize) -> *mut c_void;
}

/// Has `keep` put a block of C's heap somewhere. It runs in a thread that then ends, so no stack and no register leads to the block.
fn in_thread(keep: impl FnOnce(*mut c_void) + Send + 'static) {
    thread::spawn(move || keep(black_box(malloc(1000)))).join().unwrap();
}

fn leak_heap(fault: Fault) {
    in_thread(move |block| {
        let boxed = Box::new([block; 10]);
        if fault == LeftOut {
            // Nothing leads to the box: the heap's memory itself is looked at.
            black_box(Box::leak(boxed));
        }
    });
    overwrite();
}

/// Whatever was freed is used again.
fn overwrite() {
    let boxes: Vec<_> = (0..1000).map(|_| Box::new([0usize; 10])).collect();
    black_box(boxes);
}

fn leak_arena(fault: Fault) {
    in_thread(move |block| {
        let mut arena = Arena::new();
        arena.alloc([block; 10]);
        if fault == Made {
            arena.reset();
            arena.alloc_slice_fill(100, 0usize);
        }
        std::mem::forget(arena);
    });
}

fn leak_claim(fault: Fault) {
    in_thread(move |block| {
        let claim = ledger().claim("claim", Layout::new::<[usize; 10]>()).unwrap();
        let place = claim.as_ptr().cast();
        // SAFETY: the claim is that long, and nobody else's.
        unsafe { place.write([block; 10]) };
        if fault == Made {
            // SAFETY: as above.
            unsafe { place.write([null_mut(); 10]) };
        }
        std::mem::forget(claim);
    });
}

fn leak_arena_on_libc(fault: Fault) {
    static LEDGER: Ledger<Libc> = Ledger::new(Libc::new());
    in_thread(move |block| {
        let arena = Arena::new_in(&LEDGER, "arena");
        let place = arena.alloc([block; 10]);
        if fault == Made {
            place.fill(null_mut());
        }
        std::mem::forget(arena);
    });
}

fn leak_heap_block_freed(fault: Fault) {
    in_thread(move |block| {
        let boxed = Box::new([block; 10]);
        if fault == LeftOut {
            black_box(Box::leak(boxed));
        }
    });
}
