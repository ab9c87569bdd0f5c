//! The module of the npm package's tests (`src/bindings/javascript/tests`): it grows memory in the middle of a call, under one name or another.

#![cfg(target_family = "wasm")]
#![no_std]

use core::alloc::Layout;
use core::mem::forget;

use freehold::ledger;

#[cfg(not(feature = "import"))]
freehold::javascript!();
#[cfg(feature = "import")]
freehold::javascript!(by import);

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        // Safe for any arguments: the script only looks at memory.
        pub safe fn look(numbers: *const f64, count: usize);
    }
}

/// A claim that nobody gives back, or null.
fn claim(owner: &'static str, bytes: usize) -> *mut u8 {
    let Ok(claim) =
        Layout::from_size_align(bytes, 16).map_err(drop).and_then(|layout| ledger().claim(owner, layout).map_err(drop))
    else {
        return core::ptr::null_mut();
    };
    let start = claim.as_ptr().as_ptr();
    forget(claim);
    start
}

/// `count` numbers, 0.5 and up, at a place of their own.
fn numbers(owner: &'static str, count: usize) -> *mut f64 {
    let start = claim(owner, count * size_of::<f64>()).cast::<f64>();
    if !start.is_null() {
        for at in 0..count {
            // SAFETY: the claim has room for so many.
            let to = unsafe { start.add(at) };
            // SAFETY: as above.
            unsafe { to.write(at as f64 + 0.5) };
        }
    }
    start
}

/// So many bytes under the name `frames`, for good.
#[unsafe(no_mangle)]
extern "C" fn frames(bytes: usize) -> *mut u8 {
    claim("frames", bytes)
}

/// Numbers; JavaScript looks at them, by an import; memory grows; JavaScript looks again, in the same call. Where they are.
#[unsafe(no_mangle)]
extern "C" fn grow_inside(count: usize, bytes: usize) -> *mut f64 {
    let start = numbers("samples", count);
    host::look(start, count);
    claim("frames", bytes);
    host::look(start, count);
    start
}

/// Grows memory so many times, for `many` each time.
#[unsafe(no_mangle)]
extern "C" fn grow_often(times: usize) {
    for _ in 0..times {
        claim("many", 65536);
    }
}

/// Grows memory and ends in a trap.
#[unsafe(no_mangle)]
extern "C" fn grow_and_trap(bytes: usize) {
    claim("trapped", bytes);
    core::arch::wasm32::unreachable()
}

/// Grows memory behind the ledger's back.
#[unsafe(no_mangle)]
extern "C" fn grow_by_itself(pages: usize) -> bool {
    core::arch::wasm32::memory_grow::<0>(pages) != usize::MAX
}

/// Room for `count` numbers, as the package's README has it; or null.
#[unsafe(no_mangle)]
extern "C" fn samples(count: usize) -> *mut f64 {
    count.checked_mul(size_of::<f64>()).map_or(core::ptr::null_mut(), |bytes| claim("samples", bytes).cast())
}

/// The largest of these numbers.
///
/// # Safety
///
/// The caller owes: so many numbers are there.
#[unsafe(no_mangle)]
unsafe extern "C" fn largest(start: *const f64, count: usize) -> f64 {
    // SAFETY: the caller's promise.
    let numbers = unsafe { core::slice::from_raw_parts(start, count) };
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// A text that ends with a 0.
#[unsafe(no_mangle)]
extern "C" fn title() -> *const u8 {
    c"a module of samples".as_ptr().cast()
}

/// Something that must be given back, or null.
#[unsafe(no_mangle)]
extern "C" fn parser_new() -> *mut u8 {
    claim("parser", 100)
}

/// Would give it back.
#[unsafe(no_mangle)]
extern "C" fn parser_free(_parser: *mut u8) {}

/// What the ledger has in claims now.
#[unsafe(no_mangle)]
extern "C" fn claimed() -> usize {
    ledger().snapshot().claimed
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
