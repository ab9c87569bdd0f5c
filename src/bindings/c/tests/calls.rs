//! The library as C calls it, for Miri: it sees what a C program that runs well does not show.

// The control frees twice without a word.
#![cfg(not(feature = "unchecked"))]

use core::ffi::{CStr, c_int};

use freehold_c::Code;

mod c;

use c::{Error, Handle};

const CLOSED: c_int = Code::Closed as c_int;
const FOREIGN: c_int = Code::ForeignBlock as c_int;
const TWICE: c_int = Code::FreedTwice as c_int;

fn arena(ledger: Handle, name: &CStr, error: &mut Error) -> Handle {
    // SAFETY: the name ends with a null.
    unsafe { c::freehold_arena_open(ledger, name.as_ptr(), error) }
}

fn pool(ledger: Handle, name: &CStr, capacity: usize, error: &mut Error) -> Handle {
    // SAFETY: the name ends with a null.
    unsafe { c::freehold_pool_open(ledger, name.as_ptr(), 20, 4, capacity, error) }
}

fn free(pool: Handle, block: *mut u8, error: &mut Error) -> c_int {
    // SAFETY: nobody uses the block any more.
    unsafe { c::freehold_pool_free(pool, block, error) }
}

/// A block of an arena, filled.
fn filled(arena: Handle, size: usize, align: usize, byte: u8, error: &mut Error) -> *mut u8 {
    let block = c::freehold_alloc(arena, size, align, error);
    assert!(!block.is_null());
    // SAFETY: so many bytes were allocated.
    unsafe { block.write_bytes(byte, size) };
    block
}

fn holds(block: *mut u8, size: usize, byte: u8) -> bool {
    // SAFETY: so many bytes were allocated, and filled.
    unsafe { core::slice::from_raw_parts(block, size) }.iter().all(|found| *found == byte)
}

/// What a program does, on some ledger; the wrong calls too.
fn work(ledger: Handle) {
    let error = &mut { Error::NONE };
    let (one, two) = (arena(ledger, c"one", error), arena(ledger, c"two", error));
    assert!(one != 0 && two != 0 && error.code == 0 && error.text[0] == 0);
    let kept = filled(one, 10, 1, 3, error);
    for turn in 0..4 {
        let scope = c::freehold_scope_open(one, error);
        let block = filled(one, 100, 16, 1, error);
        let inner = c::freehold_scope_open(one, error);
        filled(one, 900, 1, 2, error);
        let innermost = c::freehold_scope_open(one, error);
        filled(two, 300, 8, 4, error);
        if turn == 1 {
            assert_eq!(c::freehold_scope_close(innermost, error), 0);
        }
        if turn != 2 {
            assert_eq!(c::freehold_scope_close(inner, error), 0);
            filled(one, 50, 1, 9, error);
        }
        assert!(holds(block, 100, 1));
        assert_eq!(c::freehold_scope_close(scope, error), 0);
        assert_eq!(c::freehold_scope_close(inner, error), CLOSED);
    }
    assert!(holds(kept, 10, 3));
    assert!(c::freehold_alloc(one, usize::MAX, 1, error).is_null());
    assert_eq!(c::freehold_arena_trim(one, error), 0);
    c::freehold_scope_open(one, error);
    assert_eq!(c::freehold_arena_reset(one, error), 0);
    c::freehold_scope_open(one, error);

    let (growing, fixed) = (pool(ledger, c"growing", 0, error), pool(ledger, c"fixed", 3, error));
    let blocks: Vec<_> = (0..20).map(|_| c::freehold_pool_alloc(growing, error)).collect();
    for block in blocks {
        // SAFETY: a block has 20 bytes.
        unsafe { block.write_bytes(7, 20) };
        assert_eq!(free(growing, block, error), 0);
        assert_eq!(free(growing, block, error), TWICE);
    }
    assert_eq!(free(growing, kept, error), FOREIGN);
    assert!((0..3).all(|_| !c::freehold_pool_alloc(fixed, error).is_null()));
    assert!(c::freehold_pool_alloc(fixed, error).is_null());
    // A name that is gone by the time the error is told.
    assert_eq!(pool(ledger, c"bad", usize::MAX / 64, error), 0);
    let said = CStr::from_bytes_until_nul(&error.text).unwrap().to_str().unwrap();
    assert!(said.starts_with("`bad` asked for"), "{said}");

    let mut map = [0; 3000];
    // SAFETY: the buffer is as long as is said.
    assert!(unsafe { c::freehold_ledger_draw(ledger, map.as_mut_ptr(), map.len(), error) } > 100);
    for close in [c::freehold_pool_close(fixed, error), c::freehold_pool_close(growing, error)] {
        assert_eq!(close, 0);
    }
    assert_eq!(c::freehold_arena_close(one, error), 0);
    assert_eq!(c::freehold_arena_close(one, error), CLOSED);
    assert_eq!(c::freehold_arena_close(two, error), 0);
}

#[test]
fn on_a_region() {
    let error = &mut { Error::NONE };
    let mut region = vec![0u8; 32_000];
    // SAFETY: the bytes are used by nobody else until the ledger is closed.
    let ledger = unsafe { c::freehold_ledger_over(region.as_mut_ptr(), region.len(), error) };
    work(ledger);
    assert_eq!(c::freehold_ledger_close(ledger, error), 0);
    region.fill(1);
}

#[test]
fn on_the_default_ledger() {
    work(c::freehold_ledger_default(&mut { Error::NONE }));
}
