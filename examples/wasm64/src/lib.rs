//! A module with 64-bit addresses: a table longer than 32 bits can number its bytes, and what lies beyond it.

#![cfg(target_family = "wasm")]
#![no_std]
// For the end of a panic.
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use core::alloc::Layout;
use core::cell::RefCell;
use core::mem;
use core::ptr;

use freehold::{Alloc, Arena, Claim, Heap, ledger};

#[global_allocator]
static HEAP: Heap = Heap::new();

// What the npm package `freehold` asks the module for.
freehold::javascript!();

/// What stays between two calls.
struct Session {
    table: Option<Claim<'static>>,
    text: String,
}

/// A value in a `static` of a module that has one thread.
struct Own<T>(RefCell<T>);

// SAFETY: this module is built without atomics, and so has one thread.
unsafe impl<T> Sync for Own<T> {}

static SESSION: Own<Session> = Own(RefCell::new(Session { table: None, text: String::new() }));

/// A table of so many numbers, all zero, in place of the one before: where it is, or null. What kept it from being there is in `why`.
///
/// It is a claim on the ledger, which takes it from `memory.grow`: an engine has memory behind those of its pages only that somebody writes to.
#[unsafe(no_mangle)]
extern "C" fn table(count: usize) -> *mut u64 {
    let session = &mut *SESSION.0.borrow_mut();
    session.table = None;
    let Ok(layout) = Layout::array::<u64>(count) else {
        return ptr::null_mut();
    };
    match ledger().claim("table", layout) {
        Ok(claim) => {
            let start = claim.as_ptr().as_ptr().cast();
            session.table = Some(claim);
            start
        }
        Err(error) => {
            session.text = format!("{error}\0");
            ptr::null_mut()
        }
    }
}

/// Squares every `step`th number's index into the table, and returns the last that was written. What it needs meanwhile lies in an arena.
#[unsafe(no_mangle)]
extern "C" fn fill(count: usize, step: usize) -> u64 {
    let session = &*SESSION.0.borrow();
    let Some(table) = &session.table else { return 0 };
    let arena = Arena::new();
    let indices = arena.alloc_from_iter((0..count).step_by(step));
    for index in &*indices {
        // SAFETY: the table has `count` numbers, as JavaScript owes who asked for it.
        let place = unsafe { table.as_ptr().cast::<u64>().add(*index) };
        // SAFETY: as above.
        unsafe { place.write((*index as u64).wrapping_mul(*index as u64)) };
    }
    // It stays, so that the map shows it: beyond the table, above 4 GiB.
    let last = indices.last().map_or(0, |index| (*index as u64).wrapping_mul(*index as u64));
    mem::forget(arena);
    last
}

/// Who holds which bytes, drawn: where the text is. It ends with a 0.
#[unsafe(no_mangle)]
extern "C" fn map() -> *const u8 {
    let text = format!("{}\0", ledger().snapshot());
    let kept = &mut SESSION.0.borrow_mut().text;
    *kept = text;
    kept.as_ptr()
}

/// Why there was no table: where the text is.
#[unsafe(no_mangle)]
extern "C" fn why() -> *const u8 {
    SESSION.0.borrow().text.as_ptr()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(target_arch = "wasm64")]
    core::arch::wasm64::unreachable();
    #[cfg(not(target_arch = "wasm64"))]
    core::arch::wasm32::unreachable()
}
