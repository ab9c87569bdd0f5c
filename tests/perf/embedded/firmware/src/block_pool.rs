//! Blocks of a [`BlockPool`] in a static.

use core::alloc::Layout;
use core::hint::black_box;

pub fn run() -> bool {
    true
}
