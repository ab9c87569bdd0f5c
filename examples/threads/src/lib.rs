//! Threads in one wasm module: workers, each an instance of it on the same memory, look for primes and hand each other what they found.

#![cfg(target_family = "wasm")]
#![no_std]

extern crate alloc;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

use freehold::{Alloc, Arena, Heap, ledger};
use spin::Mutex;

/// One heap for all threads. The lock that it needs it has because the module is built with atomics.
#[global_allocator]
static HEAP: Heap = Heap::new();

// What the npm package `freehold` asks the module for. By import each thread hears of the growth that it caused itself.
freehold::javascript!(by import);

/// Numbers in one piece of work.
const PIECE: u32 = 1 << 15;

/// The next piece that nobody has begun.
static NEXT: AtomicU32 = AtomicU32::new(0);
/// What the threads found, a list for each piece.
static FOUND: Mutex<Vec<Box<[u32]>>> = Mutex::new(Vec::new());
/// The map, as long as JavaScript reads it.
static TEXT: Mutex<String> = Mutex::new(String::new());

/// Looks for primes below `limit`, as long as there are pieces that nobody has begun; returns how many pieces this thread did.
#[unsafe(no_mangle)]
extern "C" fn work(limit: u32) -> u32 {
    // Each thread has arenas of its own, on the ledger of all.
    let mut arena = Arena::new();
    let mut pieces = 0;
    loop {
        let first = NEXT.fetch_add(1, Ordering::Relaxed).saturating_mul(PIECE);
        if first >= limit {
            return pieces;
        }
        let scope = arena.scope(); // the sieve dies with it, at no cost
        let sieve = scope.alloc_slice_fill(PIECE as usize, true);
        let end = limit.min(first.saturating_add(PIECE));
        for divisor in (2..).take_while(|divisor| divisor * divisor < end) {
            let start = (divisor * divisor).max(first.next_multiple_of(divisor));
            (start..end).step_by(divisor as usize).for_each(|number| sieve[(number - first) as usize] = false);
        }
        let primes = (first.max(2)..end).filter(|number| sieve[(number - first) as usize]);
        // In the heap, as another thread may free it.
        let primes: Box<[u32]> = primes.collect();
        FOUND.lock().push(primes);
        pieces += 1;
    }
}

/// Frees what was found, whoever found it, and returns how many primes that were.
#[unsafe(no_mangle)]
extern "C" fn take_found() -> u32 {
    let found = core::mem::take(&mut *FOUND.lock());
    NEXT.store(0, Ordering::Relaxed);
    found.iter().map(|primes| primes.len() as u32).sum()
}

/// Who holds which bytes, drawn: where the text is. It ends with a 0.
#[unsafe(no_mangle)]
extern "C" fn map() -> *const u8 {
    // Room for all of it first: a text that grows while the map is drawn would be drawn twice, or not at all.
    let mut text = String::with_capacity(1 << 15);
    // A `String` takes all.
    let _ = write!(text, "{}\0", ledger().snapshot());
    let mut kept = TEXT.lock();
    *kept = text;
    kept.as_ptr()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
