//! A module that runs out of stack inside the allocator, while its host catches the error and goes on using it (h35).
//!
//! Each turn has three parts: [`prepare`] chooses what is done and on what, [`dig`] does it with as little stack as the host
//! leaves to it, and [`settle`] looks at what has come of it. So what the test itself knows is whole wherever the stack ends.

#![cfg(target_family = "wasm")]
#![no_std]

extern crate alloc;

mod ops;
mod shadow;

use core::alloc::Layout;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};

use freehold::backing::GRAIN;
use freehold::ledger;
use freehold_guest::{say, show};

use shadow::shadow;

/// How many calls [`dig`] is deep in.
static DEPTH: AtomicU32 = AtomicU32::new(0);

/// Begins anew, with the chances of this number.
#[unsafe(no_mangle)]
extern "C" fn begin(number: u32) {
    shadow().begin(number);
}

/// Chooses what is done next.
#[unsafe(no_mangle)]
extern "C" fn prepare() {
    shadow().prepare();
}

/// Does it.
#[unsafe(no_mangle)]
extern "C" fn perform() {
    black_box(ops::ALL[ops::TURN.0.op.get()].run)();
}

/// Looks at what has come of it.
#[unsafe(no_mangle)]
extern "C" fn settle() {
    shadow().settle();
}

/// Does it, or with `idle` nothing, so many calls further down, of which some have longer frames than the others.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn dig(narrow: u32, wide: u32, idle: u32) {
    if wide > 0 {
        return dig_wide(narrow, wide, idle, [u64::from(narrow), 1, 2, 3]);
    }
    DEPTH.fetch_add(1, Ordering::Relaxed);
    if narrow > 0 {
        dig(narrow - 1, 0, idle);
        // It must come back here, lest the call become a jump.
        DEPTH.fetch_sub(1, Ordering::Relaxed);
    } else if idle == 0 {
        perform();
    }
}

#[inline(never)]
fn dig_wide(narrow: u32, wide: u32, idle: u32, [a, b, c, d]: [u64; 4]) {
    dig(narrow, wide - 1, idle);
    // They are used after the call, so they stay on the stack.
    DEPTH.fetch_add(u32::from(a ^ b ^ c ^ d == 7), Ordering::Relaxed);
}

/// How deep it was, the last time.
#[unsafe(no_mangle)]
extern "C" fn depth() -> u32 {
    DEPTH.swap(0, Ordering::Relaxed)
}

/// How many bytes of all that is held are others than they should be; 0 if all is well.
#[unsafe(no_mangle)]
extern "C" fn lost() -> usize {
    shadow().lost()
}

/// How many pairs of blocks that are held have bytes in common.
#[unsafe(no_mangle)]
extern "C" fn overlaps() -> usize {
    shadow().overlaps()
}

/// Frees all that is held.
#[unsafe(no_mangle)]
extern "C" fn finish() {
    shadow().finish();
}

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn show_spans() {
    let snapshot = ledger().snapshot();
    show(&snapshot);
    say(format_args!("claimed {} free {} granted {}", snapshot.claimed, snapshot.free, snapshot.granted));
}

/// Claims a span of exactly so many bytes; whether it was there, so that memory did not grow.
#[unsafe(no_mangle)]
extern "C" fn claim_exactly(len: usize) -> bool {
    if len == GRAIN {
        // There is room for its header only: it waits for a neighbour.
        return true;
    }
    let before = ledger().growths();
    let layout = Layout::from_size_align(len - GRAIN, 1).expect("a layout");
    let claim = ledger().claim("again", layout).expect("there is memory");
    shadow().keep(claim);
    ledger().growths() == before
}

/// Ends those claims.
#[unsafe(no_mangle)]
extern "C" fn end_claims() {
    shadow().end_claims();
}

/// Has the heap keep nothing free: then a claim gets what is free in the ledger, or memory grows.
#[unsafe(no_mangle)]
extern "C" fn trim() {
    ops::HEAP.trim();
}

/// How many pages `SmallHeap` has had of memory.
#[unsafe(no_mangle)]
extern "C" fn pages_of_small() -> usize {
    shadow().pages_of_small()
}
