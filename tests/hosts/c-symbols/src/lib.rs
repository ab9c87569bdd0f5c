//! A module with Rust's heap and C's on one `Heap`: the script calls C's functions, the module allocates as Rust does.

#![cfg(target_family = "wasm")]

use std::cell::RefCell;

use freehold::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

freehold::c_symbols!(HEAP);

thread_local! {
    static TEXTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps a text of `len` bytes, each of them `byte`.
#[unsafe(no_mangle)]
extern "C" fn keep(len: usize, byte: u8) {
    TEXTS.with_borrow_mut(|texts| texts.push(char::from(byte).to_string().repeat(len)));
}

/// Drops the text kept last. 0 if one of its bytes is another than `byte`.
#[unsafe(no_mangle)]
extern "C" fn drop_last(byte: u8) -> u32 {
    let text = TEXTS.with_borrow_mut(Vec::pop);
    u32::from(text.is_some_and(|text| text.bytes().all(|b| b == byte)))
}

/// Bytes of blocks in use.
#[unsafe(no_mangle)]
extern "C" fn in_use() -> usize {
    HEAP.stats().in_use
}

/// How often memory has grown.
#[unsafe(no_mangle)]
extern "C" fn growths() -> usize {
    freehold::ledger().growths()
}

/// Brings in another heap.
#[cfg(feature = "other-malloc")]
#[unsafe(no_mangle)]
extern "C" fn other_heap() -> usize {
    freehold_other_malloc::malloc_stats()
}
