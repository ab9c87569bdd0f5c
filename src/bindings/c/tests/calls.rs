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

/// Blocks of the heap; and what is none.
#[test]
fn heap_blocks_grow_move_and_shrink() {
    let error = &mut { Error::NONE };
    for (size, align) in [(0, 1), (10, 0), (100, 8), (1000, 64), (33_000, 4096)] {
        let block = c::freehold_heap_alloc(size, align, error);
        assert!(!block.is_null() && error.code == 0 && error.text[0] == 0);
        // SAFETY: so many bytes were allocated.
        unsafe { block.write_bytes(5, size) };
        // SAFETY: as above, and the old block is not used again.
        let block = unsafe { c::freehold_heap_realloc(block, size, align, size * 3, error) };
        assert!(!block.is_null() && holds(block, size, 5));
        // SAFETY: it has this size and alignment.
        let stays = unsafe { c::freehold_heap_resize(block, size * 3, align, size * 3 + 9, error) };
        assert_eq!(error.code, if stays == 1 { 0 } else { Code::MustMove as c_int });
        let size = size * 3 + 9 * stays as usize;
        // SAFETY: so many bytes it has now.
        unsafe { block.write_bytes(6, size) };
        // SAFETY: the same, and no block lies at its second byte.
        assert_eq!(unsafe { c::freehold_heap_free(block.wrapping_add(1), size, align, error) }, FOREIGN);
        // SAFETY: it is not used again.
        assert_eq!(unsafe { c::freehold_heap_free(block, size, align, error) }, 0);
    }
    // SAFETY: there is nothing to be freed.
    assert_eq!(unsafe { c::freehold_heap_free(core::ptr::null_mut(), 1, 1, error) }, 0);
}

#[test]
fn on_the_default_ledger() {
    work(c::freehold_ledger_default(&mut { Error::NONE }));
}
