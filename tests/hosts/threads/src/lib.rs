//! One heap for several threads: workers, each an instance of this module on the same memory. They pass each other what they
//! have allocated, and whoever receives it looks at every byte and frees it.

#![cfg(target_family = "wasm")]
#![no_std]
#![cfg_attr(target_feature = "atomics", feature(thread_local))]

extern crate alloc;

mod fallen;
mod heap;
mod must_find;
mod parcel;
mod pools;
mod soak;
mod ways;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use freehold::{Alloc, Arena, Growth, ledger};
use freehold_guest::{PAGE, say};
use freehold_soak::Dice;

use heap::HEAP;
use parcel::Parcel;

/// Where parcels wait for whoever comes by.
static MAIL: [AtomicPtr<Parcel>; 256] = [const { AtomicPtr::new(ptr::null_mut()) }; 256];
/// Parcels that were freed, and blocks that were taken, by another worker than the one that allocated or left them.
static PASSED_ON: AtomicU32 = AtomicU32::new(0);

/// A value of each thread's own.
struct Own<T>(T);

// SAFETY: its statics are thread-local where there are threads.
unsafe impl<T> Sync for Own<T> {}

/// Which worker this is.
#[cfg_attr(target_feature = "atomics", thread_local)]
static WORKER: Own<Cell<u32>> = Own(Cell::new(0));
/// What this worker holds from one call to another.
#[cfg_attr(target_feature = "atomics", thread_local)]
static HELD: Own<Cell<Vec<Parcel>>> = Own(Cell::new(Vec::new()));

/// For the script: memory for a worker's stack or its thread-local values, for good.
#[unsafe(no_mangle)]
extern "C" fn room(size: usize, align: usize) -> usize {
    let layout = Layout::from_size_align(size, align).expect("a size and an alignment");
    let claim = ledger().claim("thread", layout).expect("there is memory");
    let start = claim.as_ptr().addr().get();
    core::mem::forget(claim);
    start
}

/// Tells a worker its number.
#[unsafe(no_mangle)]
extern "C" fn begin(worker: u32) {
    assert_eq!(WORKER.0.replace(worker), 0, "thread-local values are fresh");
}

/// Allocates, passes on, receives, frees, and fills an arena on the same ledger now and then.
#[unsafe(no_mangle)]
extern "C" fn pass_on(round: u32, turns: u32) {
    let worker = WORKER.0.get();
    let mut dice = Dice::new(round, worker);
    let mut arena = Arena::new().with_growth(Growth::fixed(PAGE / 4));
    for turn in 0..turns {
        let sent = Box::into_raw(Box::new(Parcel::pack(worker, &mut dice)));
        let slot = &MAIL[dice.below(MAIL.len())];
        receive(slot.swap(sent, Ordering::AcqRel), worker);
        if turn % 16 == 0 {
            let scope = arena.scope();
            let values = scope.alloc_from_iter((0..dice.below(20_000)).map(|n| n as u32 ^ worker));
            let text = scope.alloc_fmt(format_args!("worker {worker}, turn {turn}"));
            assert!((0..).zip(&*values).all(|(n, value)| *value == n ^ worker));
            assert!(text.starts_with("worker "));
        }
        if turn % 1024 == 0 {
            // Back to the ledger, for whoever claims next.
            arena = Arena::new().with_growth(Growth::fixed(PAGE / 4));
        }
    }
}

/// Looks at a parcel and frees it, if there is one.
fn receive(parcel: *mut Parcel, worker: u32) {
    if parcel.is_null() {
        return;
    }
    // SAFETY: it comes from `Box::into_raw`, and the swap has made it this worker's alone.
    let parcel = unsafe { Box::from_raw(parcel) };
    if parcel.from != worker {
        PASSED_ON.fetch_add(1, Ordering::Relaxed);
    }
}

/// Frees what is still in the mail.
#[unsafe(no_mangle)]
extern "C" fn empty_mail() {
    let worker = WORKER.0.get();
    MAIL.iter().for_each(|slot| receive(slot.swap(ptr::null_mut(), Ordering::AcqRel), worker));
}

/// Allocates until this worker holds so many bytes: the same parcels in each round.
#[unsafe(no_mangle)]
extern "C" fn hold(bytes: usize) {
    let worker = WORKER.0.get();
    let mut dice = Dice::new(0, worker);
    let mut held = Vec::new();
    let mut sum = 0;
    while sum < bytes {
        let parcel = Parcel::pack(worker, &mut dice);
        sum += parcel.len();
        held.push(parcel);
    }
    HELD.0.set(held);
}

/// Frees what this worker holds.
#[unsafe(no_mangle)]
extern "C" fn let_go() {
    let held = HELD.0.take();
    assert!(held.iter().all(|parcel| parcel.from == WORKER.0.get()), "each worker holds its own");
}

/// For the script: how many parcels and blocks were freed or taken by another than their sender.
#[unsafe(no_mangle)]
extern "C" fn passed_on() -> u32 {
    PASSED_ON.load(Ordering::Relaxed)
}

/// For the script: bytes that the ledger has taken from memory.
#[unsafe(no_mangle)]
extern "C" fn granted() -> usize {
    say(ledger().snapshot());
    ledger().snapshot().granted
}

/// For the script: bytes that are in use now, in the heap and in arenas.
#[unsafe(no_mangle)]
extern "C" fn in_use() -> usize {
    HEAP.trim();
    let stats = HEAP.stats();
    say(stats);
    stats.in_use + ledger().snapshot().claimed_by("arena")
}

/// For the script: a text on the heap that lies in memory above `floor`; filled up to there first. It stays.
#[unsafe(no_mangle)]
extern "C" fn text_above(floor: usize) -> usize {
    loop {
        let text: &'static mut [u8] = Box::leak(Box::from(*TEXT));
        let at = text.as_ptr().addr();
        if at >= floor {
            return at;
        }
        room(PAGE, 1);
    }
}

const TEXT: &[u8; 16384] = &[b'!'; 16384];
