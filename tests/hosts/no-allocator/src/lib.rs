//! A module with an `Arena` and nothing else: no std, no `alloc`, no global allocator.

#![cfg(target_family = "wasm")]
#![no_std]

use freehold::{Alloc, Arena};

/// A list of the squares below `limit`, summed up.
#[unsafe(no_mangle)]
extern "C" fn sum_of_squares(limit: u32) -> u32 {
    struct Node<'s> {
        value: u32,
        next: Option<&'s Node<'s>>,
    }
    let mut arena = Arena::new();
    let scope = arena.scope();
    let mut list: Option<&Node<'_>> = None;
    for value in (1..).map(|n| n * n).take_while(|square| *square < limit) {
        list = Some(scope.alloc(Node { value, next: list }));
    }
    core::iter::successors(list, |node| node.next).map(|node| node.value).sum()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
