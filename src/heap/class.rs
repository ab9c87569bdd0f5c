//! Size classes: arithmetic only.

#![forbid(unsafe_code)]

use crate::layout::large_step_of;

/// The alignment of every block, in bytes. What asks for more gets a span of its own.
pub(super) const ALIGN: usize = 16;

/// The largest request that is served from a list, in bytes.
pub(super) const LARGEST: usize = 32 << 10;

/// The largest block that is cut from a slab, in bytes. A larger one is a span of the ledger's.
pub(crate) const LARGEST_IN_SLAB: usize = 1024;

/// The first class of which each block is a span of its own.
pub(super) const FIRST_OF_SPANS: usize = class_of(LARGEST_IN_SLAB) + 1;

/// Up to here classes are 16 bytes apart, and every block is cut from a slab.
pub(super) const FINE: usize = 256;

/// Classes from one power of two to the next, further up: a request is rounded up by an eighth at most.
const STEPS: usize = 8;

/// How many there are.
pub(super) const CLASSES: usize = class_of(LARGEST) + 1;

/// The class that serves `size` bytes, which are at most [`LARGEST`].
#[cfg_attr(freehold_for_size, inline(never))]
#[cfg_attr(not(freehold_for_size), inline(always))]
pub(crate) const fn class_of(size: usize) -> usize {
    if size <= FINE {
        return fine_class_of(size);
    }
    large_step_of(size - 1, STEPS) - COARSE + FINE / ALIGN + 1
}

/// The same for [`FINE`] bytes at most.
#[inline(always)]
pub(super) const fn fine_class_of(size: usize) -> usize {
    size.div_ceil(ALIGN)
}

/// The step at which classes go on that are further apart.
const COARSE: usize = large_step_of(FINE, STEPS);

/// The largest class whose blocks have no more than `len` bytes, which are [`FINE`] or more.
#[inline(always)]
pub(super) const fn class_within(len: usize) -> usize {
    class_of(len + 1) - 1
}

/// Bytes of a block of this class: a multiple of [`ALIGN`].
pub(crate) const fn size_of_class(class: usize) -> usize {
    if class == 0 {
        ALIGN
    } else if class <= FINE / ALIGN {
        class * ALIGN
    } else {
        size_of_coarse(class)
    }
}

/// The same, for a class of more than [`FINE`] bytes.
#[cfg_attr(freehold_for_size, inline(never))]
pub(super) const fn size_of_coarse(class: usize) -> usize {
    let step = class.wrapping_sub(FINE / ALIGN + 1);
    (step % STEPS + STEPS + 1) << (FINE.ilog2() as usize + step / STEPS - STEPS.ilog2() as usize)
}

/// The last class that is fine, and the last one whose slabs are no longer than need be for half a kilobyte.
const LAST_FINE: usize = FINE / ALIGN;
const MIDDLE: usize = class_of(512);

/// Bytes of a slab of this class, and its alignment, where blocks are cut from slabs.
#[cfg_attr(freehold_for_size, inline(never))]
pub(super) const fn slab_of_class(class: usize) -> usize {
    if class <= LAST_FINE {
        LEAST_SLAB
    } else if class <= MIDDLE {
        8 << 10
    } else {
        LARGEST_SLAB
    }
}

/// Whether blocks of this class, as long as there are few, are spans of their own: a slab for each of many sizes that hardly anybody asks
/// for is mostly empty. Blocks of these classes are multiples of 32 bytes.
pub(super) const fn may_be_single(class: usize) -> bool {
    class > LAST_FINE
}

/// Bytes of the smallest slab. The others are multiples of it.
pub(crate) const LEAST_SLAB: usize = 4 << 10;

/// Bytes of the largest slab.
pub(super) const LARGEST_SLAB: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_a_block_that_holds_it_and_wastes_little() {
        for size in (0..=LARGEST).step_by(if cfg!(miri) { 61 } else { 1 }) {
            let class = class_of(size);
            assert!(class < CLASSES);
            let block = size_of_class(class);
            assert!(block >= size && block.is_multiple_of(ALIGN), "{size} bytes in {block}");
            assert!(block - size <= ALIGN || (block - size) * 8 < block, "{size} bytes in {block}");
            assert_eq!(class_of(block), class.max(1), "{block}");
            if size >= FINE {
                assert_eq!(class_within(size), if size == block { class } else { class - 1 }, "{size}");
            }
        }
    }

    #[test]
    fn classes_rise() {
        for class in 2..CLASSES {
            assert!(size_of_class(class) > size_of_class(class - 1));
        }
    }
}
