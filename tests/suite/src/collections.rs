//! The `Allocator` of arenas and scopes, and collections in them.

use core::alloc::Layout;
use core::hash::{BuildHasherDefault, Hasher};
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use allocator_api2::vec::Vec;
use freehold::Arena;
use freehold::backing::Backing;
use hashbrown::HashMap;

use crate::bench::Bench;
use crate::choices::Choices;
use crate::live::{Holder, Live};

/// Collections in an arena and in a scope, and every pair of a grow and a shrink.
pub fn everything<B: Backing>(bench: &Bench<'_, B>) {
    const SIZES: &[usize] = if cfg!(miri) { &[9, 64] } else { &[0, 1, 7, 8, 9, 24, 64, 100, 1000] };
    const ALIGNS: &[usize] = if cfg!(miri) { &[1, 64] } else { &[1, 8, 16, 64, 4096] };
    let mut arena = Arena::new_in(bench.ledger, "collections");
    h17_every_grow_and_shrink(&arena, SIZES, ALIGNS);
    if bench.roomy {
        vectors_and_maps(&arena);
    }
    arena.reset();
    let mut scope = arena.scope();
    h17_every_grow_and_shrink(&scope, SIZES, ALIGNS);
    let inner = scope.scope();
    if bench.roomy {
        vectors_and_maps(&inner);
    }
}

/// A block of each size becomes one of each other, with another alignment too, as the last block and with one after it; what
/// both sizes hold is kept, and not a byte more is copied (h17).
pub fn h17_every_grow_and_shrink<A: Allocator>(allocator: A, sizes: &[usize], aligns: &[usize]) {
    let holder = Holder { owner: "collections", depth: 0 };
    let pairs = sizes.iter().flat_map(|old| sizes.iter().map(move |new| (*old, *new)));
    let mut live = Live::new();
    for (old, new) in pairs {
        for &old_align in aligns {
            for &new_align in aligns {
                for last in [true, false] {
                    let layouts = (Layout::from_size_align(old, old_align), Layout::from_size_align(new, new_align));
                    let (Ok(old), Ok(new)) = layouts else { unreachable!() };
                    let Ok(block) = allocator.allocate(old) else { return };
                    let block = block.cast::<u8>();
                    // SAFETY: an allocated block is the caller's.
                    unsafe { live.add(block, old, holder) };
                    let after = if last { None } else { allocator.allocate(Layout::new::<u64>()).ok() };
                    if let Some(after) = after {
                        // SAFETY: an allocated block is the caller's.
                        unsafe { live.add(after.cast(), Layout::new::<u64>(), holder) };
                    }
                    let place = resize(&allocator, &mut live, block, old, new, holder);
                    live.check();
                    for (place, layout) in [(place, new), (after.map(NonNull::cast), Layout::new::<u64>())] {
                        if let Some(place) = place {
                            live.remove(place);
                            // SAFETY: the block came from here, with this layout, and is not used any more.
                            unsafe { allocator.deallocate(place, layout) };
                        }
                    }
                }
            }
        }
    }
}

/// Grows or shrinks a block that is in the table; `None` if that failed, and then the block is as it was and is freed.
pub fn resize<A: Allocator>(
    allocator: &A,
    live: &mut Live,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
    holder: Holder,
) -> Option<NonNull<u8>> {
    let resized = if new.size() >= old.size() {
        // SAFETY: the block came from this allocator with this layout, and the new one is no smaller.
        unsafe { allocator.grow(block, old, new) }
    } else {
        // SAFETY: the block came from this allocator with this layout, and the new one is smaller.
        unsafe { allocator.shrink(block, old, new) }
    };
    let place = match resized {
        Ok(place) => place.cast::<u8>(),
        Err(_) => {
            live.check();
            live.remove(block);
            // SAFETY: the block is as it was.
            unsafe { allocator.deallocate(block, old) };
            return None;
        }
    };
    // SAFETY: the new block is the caller's, its first bytes copied from the old.
    unsafe { live.moved(block, place, old, new, holder) };
    Some(place)
}

/// The same in every run, so that the same program asks for the same memory.
#[derive(Default)]
struct Mixing(u64);

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 << 40
    }
}

/// Vectors and a map that grow past many chunks, in turns.
pub fn vectors_and_maps<A: Allocator + Copy>(allocator: A) {
    let count = if cfg!(miri) { 30 } else { 2000 };
    let (mut numbers, mut bytes) = (Vec::new_in(allocator), Vec::with_capacity_in(3, allocator));
    let mut map = HashMap::with_hasher_in(BuildHasherDefault::<Mixing>::default(), allocator);
    for n in 0..count {
        numbers.push(n);
        bytes.extend_from_slice(&[n as u8; 3]);
        map.insert(n, numbers.len());
        if n % 100 == 99 {
            numbers.shrink_to_fit();
        }
        if n % 3 == 0 {
            map.remove(&(n / 2));
        }
    }
    assert!(numbers.iter().copied().eq(0..count));
    assert!(bytes.iter().copied().eq((0..3 * count).map(|n| (n / 3) as u8)));
    assert!(map.iter().all(|(n, len)| n + 1 == *len));
    assert!((0..count).filter(|n| map.contains_key(n)).count() == map.len());
    numbers.truncate(10);
    numbers.shrink_to(0);
    assert!(numbers.into_iter().eq(0..10));
}

/// Makes a block, or resizes or frees the last one or any other of the holder's.
pub fn resize_some<A: Allocator, C: Choices>(
    allocator: A,
    live: &mut Live,
    holder: Holder,
    choices: &mut C,
    layout: impl Fn(&mut C) -> Layout,
) {
    let (choice, new) = (choices.below(u32::MAX), layout(choices));
    let Some(block) = live.find(choice, |block| block.holder == holder) else {
        let Ok(block) = allocator.allocate(new) else { return };
        // SAFETY: an allocated block is the caller's.
        return unsafe { live.add(block.cast(), new, holder) };
    };
    if choice.is_multiple_of(5) {
        live.remove(block.place);
        // SAFETY: the block came from the arena or scope, with this layout, and is not used any more.
        unsafe { allocator.deallocate(block.place, block.layout) };
    } else {
        resize(&allocator, live, block.place, block.layout, new, holder);
    }
}
