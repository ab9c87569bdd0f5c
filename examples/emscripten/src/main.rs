//! A program with std on Emscripten: `Heap` under `Vec` and `String`, arenas beside it, and C's `malloc` beside both.

use core::ffi::c_void;
use core::ptr::NonNull;

use freehold::{Alloc, Arena, Heap, ledger};

#[global_allocator]
static HEAP: Heap = Heap::new();

const ROUNDS: usize = 4;
const LEN: usize = 2_000_000;

/// What any C library in the program calls.
mod c {
    use super::c_void;

    unsafe extern "C" {
        pub safe fn calloc(count: usize, len: usize) -> *mut c_void;
        pub fn free(block: *mut c_void);
    }
}

/// `LEN` bytes of libc's.
struct Block(NonNull<[u8]>);

impl Block {
    fn new(round: usize) -> Block {
        let start: NonNull<u8> = NonNull::new(c::calloc(LEN, 1).cast()).expect("room");
        let mut block = NonNull::slice_from_raw_parts(start, LEN);
        // SAFETY: the block has so many bytes, all of them 0, and nobody else knows of it.
        let bytes = unsafe { block.as_mut() };
        bytes.iter_mut().enumerate().for_each(|(n, there)| *there = byte(round, n));
        Block(block)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the block has so many bytes, all were written, and it stays as it is while `self` is borrowed.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it came from `calloc`, and nothing borrows it any more.
        unsafe { c::free(self.0.as_ptr().cast()) };
    }
}

/// The byte that is to be at `n` of what belongs to this round.
fn byte(round: usize, n: usize) -> u8 {
    (round * 31 + n) as u8
}

fn main() {
    // All three take memory in turns.
    let mut arena = Arena::new();
    let mut slices: Vec<&[u8]> = Vec::new();
    let mut lists: Vec<Vec<u8>> = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    for round in 0..ROUNDS {
        slices.push(arena.alloc_from_iter((0..LEN).map(|n| byte(round, n))));
        lists.push((0..LEN).map(|n| byte(round, n)).collect());
        blocks.push(Block::new(round));
    }
    let whole = |round: usize, bytes: &[u8]| bytes.iter().enumerate().all(|(n, there)| *there == byte(round, n));
    for round in 0..ROUNDS {
        assert!(whole(round, slices[round]) && whole(round, &lists[round]) && whole(round, blocks[round].bytes()));
    }
    println!(
        "slices in an arena, lists in `Heap`, blocks of `malloc`, {} bytes in each: nobody wrote over anybody",
        ROUNDS * LEN
    );
    println!("\n{}", ledger().snapshot());

    // What a round needs lives in a scope: memory grows for the first only.
    arena.reset();
    let mut growths = None;
    for round in 0..10_000 {
        let scope = arena.scope();
        let words = scope.alloc_from_iter((0..20).map(|n| &*scope.alloc_fmt(format_args!("word {}", round * n % 97))));
        words.sort_unstable();
        growths.get_or_insert(ledger().growths());
    }
    assert_eq!(growths, Some(ledger().growths()));

    // What nobody uses goes back to libc. (A host's ledger keeps its addresses.)
    let before = ledger().snapshot().granted;
    drop((arena, lists));
    HEAP.trim();
    let after = ledger().snapshot().granted;
    println!("\nfrom libc: {before} bytes at the most, {after} at the end");
    assert!(after < before / 4 || !cfg!(target_os = "emscripten"));
}
