//! Blocks that come back to be resized: of any size, from 0, at any alignment, by a pointer that reaches no further than what was asked for.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use freehold::{DefaultBacking, Heap, Ledger};

use super::with_heap;

#[cfg(feature = "collections")]
fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// A pointer to these bytes that may reach no others, as a `Box` gives it back.
///
/// # Safety
///
/// The caller owes: a block of so many bytes, which are written, and nobody else uses.
unsafe fn narrow(block: NonNull<u8>, len: usize) -> NonNull<u8> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts_mut(block.as_ptr(), len) };
    NonNull::from(bytes).cast()
}

/// The bytes that a test writes and looks for again.
fn pattern(index: usize) -> u8 {
    (index * 7 + 3) as u8
}

/// Writes the pattern from `from` up to `to`.
///
/// # Safety
///
/// The caller owes: a block of `to` bytes.
unsafe fn write(block: NonNull<u8>, from: usize, to: usize) {
    for index in from..to {
        // SAFETY: inside the block.
        let byte = unsafe { block.add(index) };
        // SAFETY: as above.
        unsafe { byte.write(pattern(index)) };
    }
}

/// Whether the first `len` bytes have the pattern.
///
/// # Safety
///
/// The caller owes: so many bytes of the block were written.
unsafe fn is_whole(block: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), len) };
    bytes.iter().enumerate().all(|(index, byte)| *byte == pattern(index))
}

/// A pointer that reaches the value only is enough to resize and to free, whether the block stays or moves; and what is returned reaches
/// all of the new size. Only Miri sees the difference.
pub fn h23_by_narrow_pointers() {
    with_heap(Ledger::new(DefaultBacking::new()), |heap: &Heap, _| by_narrow_pointers(heap));
}

/// The same on any heap.
pub fn by_narrow_pointers(heap: &impl GlobalAlloc) {
    // To a larger class and a smaller, within a class, from slabs to spans and back, in place and not.
    const ALL: &[(usize, usize)] = &[
        (5, 105),
        (5, 16),
        (105, 5),
        (300, 305),
        (1500, 1510),
        (1500, 2600),
        (300, 1100),
        (1100, 300),
        (40, 100),
        (33_000, 33_040),
        (33_000, 20_000),
        (33_000, 70_000),
    ];
    let sizes = &ALL[..if cfg!(miri) { 6 } else { ALL.len() }];
    for &(old, new) in sizes {
        let (before, after) = (Layout::from_size_align(old, 1), Layout::from_size_align(new, 1));
        let (before, after) = (before.expect("a layout"), after.expect("a layout"));
        // SAFETY: the layout has bytes.
        let block = NonNull::new(unsafe { heap.alloc(before) }).expect("room");
        // SAFETY: a block of so many bytes.
        unsafe { write(block, 0, old) };
        // SAFETY: written just now.
        let block = unsafe { narrow(block, old) };
        // SAFETY: a block of this heap's with this layout; the new size is not 0.
        let moved = NonNull::new(unsafe { heap.realloc(block.as_ptr(), before, new) }).expect("room");
        // SAFETY: a block of so many bytes now.
        unsafe { write(moved, old.min(new), new) };
        // SAFETY: written when it was allocated, and since.
        assert!(unsafe { is_whole(moved, new) }, "{old} bytes to {new}");
        // SAFETY: all bytes are written.
        let moved = unsafe { narrow(moved, new) };
        // SAFETY: a block of this heap's with this layout, not used any more.
        unsafe { heap.dealloc(moved.as_ptr(), after) };
    }
}

/// The same as collections do it: the smallest that went wrong.
#[cfg(feature = "collections")]
pub fn h23_a_boxed_slice_becomes_a_vector() {
    use allocator_api2::vec::Vec;

    with_heap(Ledger::new(DefaultBacking::new()), |heap, _| {
        for len in [5, 300] {
            let mut vector = Vec::with_capacity_in(len, heap);
            vector.extend((0..len).map(pattern));
            let mut vector = Vec::from(vector.into_boxed_slice());
            vector.reserve_exact(100);
            vector.extend((len..len + 100).map(pattern));
            assert!(vector.iter().copied().eq((0..len + 100).map(pattern)));
            vector.truncate(3);
            vector.shrink_to_fit();
            assert!(vector.iter().copied().eq((0..3).map(pattern)));
        }
    });
}

/// From every size to every other, by way of none, at every alignment: what was there stays, what is asked to be zero is, and no claim is
/// so short that its block is the next one's header.
#[cfg(feature = "collections")]
pub fn h17_no_span_without_bytes() {
    use allocator_api2::alloc::Allocator;
    use freehold::backing::GRAIN;

    const SIZES: &[usize] =
        if cfg!(miri) { &[0, 17] } else { &[0, 1, 15, 16, 17, 33, 64, 65, 256, 257, 1024, 1025, 33_000] };
    const ALIGNS: &[usize] = if cfg!(miri) { &[1, 32] } else { &[1, 8, 16, 32, 64, 128, 4096] };
    with_heap(Ledger::new(DefaultBacking::new()), |heap, ledger| {
        let check = |layout: Layout| {
            let short = ledger.snapshot().spans().find(|span| span.owner.is_some() && span.len < 2 * GRAIN);
            assert_eq!(short, None, "for {layout:?}");
        };
        let pairs = |list: &'static [usize]| list.iter().flat_map(move |one| list.iter().map(move |two| (*one, *two)));
        for ((first, last), (from, to)) in
            pairs(SIZES).flat_map(|sizes| pairs(ALIGNS).map(move |aligns| (sizes, aligns)))
        {
            let (before, none, after) = (layout(first, from), layout(0, to), layout(last, from.max(to)));
            let block = heap.allocate(before).expect("room").cast::<u8>();
            // SAFETY: a block of so many bytes.
            unsafe { write(block, 0, first) };
            let few = layout(first.min(3), to);
            // SAFETY: a block of this heap's with this layout, as are those that follow.
            let block = unsafe { heap.shrink(block, before, few) }.expect("room").cast::<u8>();
            check(few);
            // SAFETY: so many were written.
            assert!(unsafe { is_whole(block, few.size()) }, "{before:?} to {few:?}");
            // SAFETY: as above.
            let block = unsafe { heap.shrink(block, few, none) }.expect("room").cast::<u8>();
            check(none);
            assert!(block.addr().get().is_multiple_of(to));
            // SAFETY: as above.
            let block = unsafe { heap.grow_zeroed(block, none, after) }.expect("room").cast::<u8>();
            check(after);
            // SAFETY: all of it must be zero.
            let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), last) };
            assert!(bytes.iter().all(|byte| *byte == 0), "{none:?} to {after:?}");
            // SAFETY: as above.
            unsafe { heap.deallocate(block, after) };
        }
        assert_eq!(heap.stats().in_use, 0);
    });
}
