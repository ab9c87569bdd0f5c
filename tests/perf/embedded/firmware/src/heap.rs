//! A map of strings, some boxes and vectors on the heap that was chosen.

extern crate alloc;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "given")]
use freehold_perf_embedded::GIVEN;
use freehold_perf_embedded::{Chosen, Place};

#[global_allocator]
static HEAP: Place<Chosen> = Place::new();

const WORDS: [&str; 6] = ["in", "the", "beginning", "there was", "one megabyte", "and it was enough"];

/// Ten turns of the same: what is freed must serve again.
pub fn run() -> bool {
    #[cfg(not(feature = "given"))]
    let len = freehold_perf_embedded::RAM_LEN;
    #[cfg(feature = "given")]
    // SAFETY: the emulator writes it before the program starts.
    let len = unsafe { GIVEN.read_volatile() };
    // SAFETY: the first and only time.
    unsafe { HEAP.start(len) };
    (0..10).all(turn)
}

fn turn(turn: u32) -> bool {
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    let mut samples: Vec<Box<[u32; 4]>> = Vec::new();
    for n in 0..24 {
        let mut text = String::new();
        for at in 0..=n % 3 {
            text.push_str(WORDS[(n + at + turn) as usize % WORDS.len()]);
        }
        names.insert(n * 7 % 24, text);
        samples.push(Box::new([n; 4]));
        if n % 3 == 2 {
            names.remove(&(n / 2));
            samples.swap_remove(n as usize / 4);
        }
    }
    let letters: usize = names.values().map(String::len).sum();
    letters > 100 && samples.iter().map(|four| four[3]).sum::<u32>() > 100
}
