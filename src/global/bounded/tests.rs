//! What only the inside shows: how many words each verb reads and writes.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use std::vec::Vec;

use super::pieces::{Pieces, room};
use super::Bounded;
use crate::backing::Region;
use crate::span::Span;

#[test]
fn first() {
    let memory = Vec::leak(std::vec![MaybeUninit::uninit(); 4096]);
    let heap: Bounded = Bounded::empty();
    assert!(heap.lend(Region::new(memory)).is_ok());
    std::println!("{} {}", heap.stats(), heap.longest());
    let l = Layout::from_size_align(100, 64).unwrap();
    let p = unsafe { heap.alloc(l) };
    std::println!("{} {} {p:?}", heap.stats(), heap.longest());
    unsafe { heap.dealloc(p, l) };
    std::println!("{} {}", heap.stats(), heap.longest());
}
