//! h39: a position-independent side module, which is put wherever there is room in another's memory: an arena, a pool and a heap.

#![cfg(target_family = "wasm")]
#![no_std]

use core::alloc::{GlobalAlloc, Layout};

use freehold::{Alloc, Arena, Heap, Pool};

static HEAP: Heap = Heap::new();

/// Allocates `count` numbers in a scope, in a pool and in the heap. Where the heap's lie, which stay; null if they are not what was
/// written.
#[unsafe(no_mangle)]
extern "C" fn numbers(count: u32, first: u32) -> *const u32 {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let listed = scope.alloc_from_iter(first..first + count);
    let pool = Pool::new();
    let sum: u32 = listed.iter().map(|number| *pool.alloc(*number)).fold(0, u32::wrapping_add);
    let Ok(layout) = Layout::array::<u32>(count as usize) else { core::arch::wasm32::unreachable() };
    // SAFETY: there is one number at least.
    let kept = unsafe { HEAP.alloc(layout) }.cast::<u32>();
    for (index, number) in listed.iter().enumerate() {
        // SAFETY: less than `count`.
        let place = unsafe { kept.add(index) };
        // SAFETY: as above, in a block that is this function's.
        unsafe { place.write(*number) };
    }
    let due = (first..first + count).fold(0, u32::wrapping_add);
    if sum == due { kept } else { core::ptr::null() }
}

/// How long the map is.
#[cfg(feature = "draw")]
#[unsafe(no_mangle)]
extern "C" fn draw() -> usize {
    struct Count(usize);
    impl core::fmt::Write for Count {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut count = Count(0);
    let _ = core::fmt::Write::write_fmt(&mut count, format_args!("{}", freehold::ledger().snapshot()));
    count.0
}

/// An arena on the heap tail.
#[cfg(feature = "heap-tail")]
#[unsafe(no_mangle)]
extern "C" fn tail() -> u32 {
    use freehold::{HeapTail, Ledger};
    // SAFETY: nothing else is in the module.
    static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
    *Arena::new_in(&TAIL, "tail").alloc(7)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
