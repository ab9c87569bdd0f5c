//! What a program is said to have in memory follows what it uses: buffers that grow in turns leave nothing behind, and what is freed goes back.
//! A process of its own, as it is the process that is looked at.

#![cfg(all(target_os = "linux", not(miri)))]

use std::fs;

use freehold::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

const MIB: usize = 1 << 20;

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("Linux says so");
    let pages: usize = pages.split(' ').nth(1).and_then(|count| count.parse().ok()).expect("a number");
    pages * 4096
}

#[test]
fn what_is_resident_follows_what_is_used() {
    let before = resident();
    let mut buffers = [Vec::<u8>::new(), Vec::new()];
    for size in (0..=6).map(|step| MIB << step) {
        for buffer in &mut buffers {
            buffer.reserve_exact(size - buffer.len());
            buffer.resize(size, 7);
        }
    }
    let live = 2 * 64 * MIB;
    let grown = resident() - before;
    assert!((live..live + live / 8).contains(&grown), "{live} bytes in use, {grown} resident");
    assert!(buffers.iter().flatten().all(|byte| *byte == 7));
    drop(buffers);
    let left = resident().saturating_sub(before);
    assert!(left < 8 * MIB, "{left} bytes resident that nobody uses");
}
