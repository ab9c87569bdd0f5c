//! A module for JavaScript without wasm-bindgen: the moving median of a list of numbers.

#![cfg(target_family = "wasm")]
#![no_std]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;

use freehold::{Alloc, Arena, Heap, ledger};
use spin::Mutex;

/// `Vec` and `String` live here, on pages of the same ledger as the arena's.
#[global_allocator]
static HEAP: Heap = Heap::new();

// What the npm package `freehold` asks the module for: who made memory grow, room ahead of need, blocks.
freehold::javascript!();

/// What stays between two calls, so that JavaScript can write and read it.
struct Session {
    samples: Vec<f64>,
    medians: Vec<f64>,
    text: String,
}

static SESSION: Mutex<Session> = Mutex::new(Session { samples: Vec::new(), medians: Vec::new(), text: String::new() });

/// Where JavaScript writes its `count` numbers, or null if there is no memory for them. The place holds until the next call of this.
#[unsafe(no_mangle)]
extern "C" fn room(count: usize) -> *mut f64 {
    let samples = &mut SESSION.lock().samples;
    samples.clear();
    if samples.try_reserve_exact(count).is_err() {
        return ptr::null_mut();
    }
    samples.resize(count, 0.0);
    samples.as_mut_ptr()
}

/// The medians of each `width` numbers in a row: where they are, or null if there is no such row. There are as many as numbers,
/// less `width - 1`. The place holds until the next call of this.
#[unsafe(no_mangle)]
extern "C" fn medians(width: usize) -> *const f64 {
    let Session { samples, medians, .. } = &mut *SESSION.lock();
    if width == 0 || width > samples.len() {
        return ptr::null();
    }
    let mut arena = Arena::new();
    medians.clear();
    medians.extend(samples.windows(width).map(|row| {
        let scope = arena.scope(); // the sorted copy dies with it, at no cost
        let row = scope.alloc_slice_copy(row);
        row.sort_unstable_by(f64::total_cmp);
        row[width / 2]
    }));
    medians.as_ptr()
}

/// Who holds which bytes, drawn: where the text is. It ends with a 0.
#[unsafe(no_mangle)]
extern "C" fn map() -> *const u8 {
    let text = format!("{}\0", ledger().snapshot());
    let kept = &mut SESSION.lock().text;
    *kept = text;
    kept.as_ptr()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
