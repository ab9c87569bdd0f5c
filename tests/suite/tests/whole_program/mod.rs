//! What a program of std's does with the heap that it is on: the same body for each heap of the crate's, as a program has one
//! `#[global_allocator]` only. Miri follows all of it with each of its models of borrows.
//!
//! Not with libtest: it hands boxes by value to functions that free them, and Miri protects a box for as long as such a function runs, also
//! from its allocator (see `docs/safety.md`). So do std's threads and channels: there Miri follows all but the borrows.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

/// What there is to run.
const PARTS: [(&str, fn()); 4] = [("vectors", vectors), ("maps", maps), ("layouts", layouts), ("threads", threads)];

/// Runs the parts whose name, which begins with `program_on_` and the heap's, has one of the command line's words in it, or all.
pub fn run(heap: &str) {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut passed = 0;
    for (part, run) in PARTS {
        let name = format!("program_on_{heap}_{part}");
        if words.is_empty() || words.iter().any(|word| name.contains(word)) {
            run();
            println!("test {name} ... ok");
            passed += 1;
        }
    }
    println!("test result: ok. {passed} passed; 0 failed");
}

const COUNT: usize = if cfg!(miri) { 24 } else { 5_000 };

/// Vectors that grow, shrink, become slices and come back.
fn vectors() {
    let mut numbers = Vec::new();
    for number in 0..COUNT {
        numbers.push(number);
        if number % 16 == 15 {
            numbers.shrink_to_fit();
        }
    }
    assert!(numbers.iter().copied().eq(0..COUNT));
    // A box reaches its value only; what it becomes may be longer, in the same block or in another.
    let lens: &[usize] = if cfg!(miri) { &[1, 17, 100] } else { &[1, 5, 15, 16, 17, 100, 1_000, 70_000] };
    for &len in lens {
        for more in if cfg!(miri) { &[1, 100][..] } else { &[1, 3, 12, 100, 5_000] } {
            let boxed: Box<[u8]> = vec![len as u8; len].into_boxed_slice();
            let mut bytes = boxed.into_vec();
            bytes.reserve_exact(*more);
            bytes.resize(len + more, 7);
            assert!(bytes[..len] == vec![len as u8; len]);
            assert!(bytes[len..] == vec![7; *more]);
            bytes.truncate(len / 2);
            bytes.shrink_to_fit();
            assert!(bytes.into_boxed_slice().iter().all(|byte| *byte == len as u8));
        }
    }
    let mut queue: VecDeque<Vec<u8>> = VecDeque::new();
    for turn in 0..COUNT {
        queue.push_back(vec![turn as u8; turn * 7 % if cfg!(miri) { 60 } else { 300 }]);
        if turn % 3 == 2 {
            let front = queue.pop_front().expect("three for each that goes");
            assert!(front.iter().all(|byte| *byte == front[0]));
        }
    }
}

/// Texts, maps and shared values.
fn maps() {
    let mut sorted = BTreeMap::new();
    let mut hashed = HashMap::new();
    for number in 0..COUNT {
        let name = format!("number {number}");
        sorted.insert(name.clone(), number);
        hashed.insert(number, name);
    }
    for number in (0..COUNT).step_by(3) {
        let name = hashed.remove(&number).expect("it was inserted");
        assert_eq!(sorted.remove(&name), Some(number));
    }
    assert!(sorted.iter().all(|(name, number)| hashed[number] == *name));
    let shared: Vec<Rc<str>> = hashed.values().map(|name| Rc::from(name.as_str())).collect();
    let twice = shared.clone();
    drop(shared);
    assert!(twice.iter().all(|name| Rc::strong_count(name) == 1));
}

/// Blocks of every alignment, zeroed or not, that grow and shrink.
fn layouts() {
    for align in (0..13).step_by(if cfg!(miri) { 4 } else { 1 }).map(|bit| 1 << bit) {
        for size in if cfg!(miri) { &[1, 300][..] } else { &[1, 24, 300, 5_000] }.iter().copied() {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            // SAFETY: the layout has bytes.
            let dirty = unsafe { alloc(layout) };
            assert!(!dirty.is_null() && dirty.addr().is_multiple_of(align));
            // SAFETY: so many bytes were allocated.
            unsafe { dirty.write_bytes(0xee, size) };
            // SAFETY: the block has this layout.
            unsafe { dealloc(dirty, layout) };
            // SAFETY: the layout has bytes.
            let zeroed = unsafe { alloc_zeroed(layout) };
            assert!(!zeroed.is_null());
            // SAFETY: the block has this layout.
            let grown = unsafe { realloc(zeroed, layout, 3 * size) };
            assert!(!grown.is_null() && grown.addr().is_multiple_of(align));
            // SAFETY: so many bytes were zeroed, and then copied.
            let bytes = unsafe { std::slice::from_raw_parts(grown, size) };
            assert!(*bytes == vec![0; size]);
            let layout = Layout::from_size_align(3 * size, align).expect("a layout");
            // SAFETY: the block has this layout.
            let shrunk = unsafe { realloc(grown, layout, 1) };
            // SAFETY: the block has one byte, zeroed long ago.
            assert!(!shrunk.is_null() && unsafe { shrunk.read() } == 0);
            // SAFETY: the block has this layout.
            unsafe { dealloc(shrunk, Layout::from_size_align(1, align).expect("a layout")) };
        }
    }
}

/// Threads that pass each other what they allocate.
fn threads() {
    let sum = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel::<Vec<String>>();
    let workers: Vec<_> = (0..2)
        .map(|number| {
            let (sum, sender) = (Arc::clone(&sum), sender.clone());
            thread::spawn(move || {
                for turn in 0..COUNT / 4 {
                    sender.send(vec![format!("{number}, {turn}"); 3]).expect("a receiver");
                }
                sum.lock().expect("no panic").push(number);
            })
        })
        .collect();
    drop(sender);
    assert_eq!(receiver.iter().flatten().count(), 2 * 3 * (COUNT / 4));
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    assert_eq!(sum.lock().expect("no panic").iter().sum::<i32>(), 1);
}
