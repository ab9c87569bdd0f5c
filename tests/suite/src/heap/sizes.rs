//! The sizes at which a heap goes over from one kind of block to the next, as its documentation has them: worked out here anew, not asked
//! of it.

use core::alloc::Layout;

use freehold::backing::GRAIN;

/// What asks for more alignment gets a span of its own.
pub const ALIGN: usize = 16;
/// The largest block that shares a slab with others, once there are some of its size.
pub const LARGEST_IN_SLAB: usize = 1024;
/// The largest block that goes into a list when it is freed.
pub const LARGEST_LISTED: usize = 16 << 10;

/// The sizes of blocks, from small to large: 16 bytes apart up to 256, then eight from one power of two to the next, and four of what is longer than
/// slabs have.
pub fn classes() -> impl Iterator<Item = usize> {
    CLASSES.into_iter()
}

const CLASSES: [usize; IN_SLABS + 4 * 4] = {
    let mut sizes = [0; IN_SLABS + 4 * 4];
    let mut class = 0;
    while class < sizes.len() {
        sizes[class] = if class < 16 {
            (class + 1) * 16
        } else if class < IN_SLABS {
            ((class - 16) % 8 + 9) << (5 + (class - 16) / 8)
        } else {
            ((class - IN_SLABS) % 4 + 5) << (8 + (class - IN_SLABS) / 4)
        };
        class += 1;
    }
    sizes
};

/// How many of them are cut from slabs.
pub const IN_SLABS: usize = 32;

/// Which of them serves a layout.
pub fn class_of(layout: Layout) -> usize {
    CLASSES.partition_point(|class| *class < layout.size())
}

/// Whether a block of that layout lies in a slab.
pub fn in_slab(layout: Layout) -> bool {
    layout.align() <= ALIGN && layout.size() <= LARGEST_IN_SLAB
}

/// Whether a block of that layout goes into a list when it is freed.
pub fn is_listed(layout: Layout) -> bool {
    layout.align() <= ALIGN && layout.size() <= LARGEST_LISTED
}

/// Bytes that serve a layout: its class, or a span's payload.
pub fn served(layout: Layout) -> usize {
    match CLASSES.get(class_of(layout)) {
        Some(class) if is_listed(layout) => *class,
        _ => layout.size().next_multiple_of(GRAIN),
    }
}

/// Bytes that a layout needs at least.
pub fn needed(layout: Layout) -> usize {
    if in_slab(layout) { served(layout) } else { layout.size().next_multiple_of(GRAIN) }
}

/// One size of each kind, and those beside the borders between them.
pub const KINDS: &[usize] = if cfg!(miri) {
    &[17, 300, 1100, 33_000]
} else {
    &[1, 17, 256, 257, 512, 513, 1024, 1025, 2000, 5000, 16_384, 16_385, 40_000]
};
