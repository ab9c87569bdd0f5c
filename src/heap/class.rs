//! Size classes: arithmetic only.

#![forbid(unsafe_code)]

use crate::layout::large_step_of;

/// The alignment of every block, in bytes. What asks for more gets a span of its own.
pub(super) const ALIGN: usize = 16;

/// The largest request that is served from a list, in bytes.
pub(super) const LARGEST: usize = 16 << 10;

/// The largest block that is cut from a slab, in bytes. A larger one is a span of the ledger's.
pub(crate) const LARGEST_IN_SLAB: usize = 1024;

/// The first class of which each block is a span of its own.
pub(super) const FIRST_OF_SPANS: usize = FINE / ALIGN + 1 + (LARGEST_IN_SLAB / FINE).ilog2() as usize * STEPS;

/// Up to here classes are 16 bytes apart, and every block is cut from a slab.
pub(super) const FINE: usize = 256;

/// Classes from one power of two to the next, further up: a request is rounded up by an eighth at most.
const STEPS: usize = 8;

/// The same for spans, which are rounded up by a quarter at most: with so few classes a list has what is asked for nearly always.
pub(super) const SPAN_STEPS: usize = 4;

/// How many there are.
pub(super) const CLASSES: usize = span_class_of(LARGEST) + 1;

/// The class that serves `size` bytes, which are at most [`LARGEST_IN_SLAB`].
#[cfg_attr(freehold_for_size, inline(never))]
#[cfg_attr(not(freehold_for_size), inline(always))]
pub(crate) const fn class_of(size: usize) -> usize {
    if size <= FINE {
        return fine_class_of(size);
    }
    large_step_of(size - 1, STEPS) - COARSE + FINE / ALIGN + 1
}

/// The class that serves more, up to [`LARGEST`].
#[cfg_attr(freehold_for_size, inline(never))]
#[cfg_attr(not(freehold_for_size), inline(always))]
pub(super) const fn span_class_of(size: usize) -> usize {
    large_step_of(size - 1, SPAN_STEPS) - LONG + FIRST_OF_SPANS
}

/// The largest of these classes whose spans have no more than `len` bytes. Of what is too short for any, or too long for all, it is a number that no
/// list has.
#[inline(always)]
pub(super) const fn span_class_within(len: usize) -> usize {
    span_class_of(len + 1) - 1
}

/// The same for [`FINE`] bytes at most.
#[inline(always)]
pub(super) const fn fine_class_of(size: usize) -> usize {
    size.div_ceil(ALIGN)
}

/// The step at which classes go on that are further apart.
const COARSE: usize = large_step_of(FINE, STEPS);

/// The same, where they are that of spans.
const LONG: usize = large_step_of(LARGEST_IN_SLAB, SPAN_STEPS);

/// Bytes of a block of this class: a multiple of [`ALIGN`].
pub(crate) const fn size_of_class(class: usize) -> usize {
    if class == 0 {
        ALIGN
    } else if class <= FINE / ALIGN {
        class * ALIGN
    } else if class < FIRST_OF_SPANS {
        size_of_coarse(class)
    } else {
        size_of_span(class)
    }
}

/// The same, for a class of more than [`FINE`] bytes that has slabs.
#[cfg_attr(freehold_for_size, inline(never))]
pub(super) const fn size_of_coarse(class: usize) -> usize {
    size_of_step(class.wrapping_sub(FINE / ALIGN + 1), STEPS, FINE)
}

/// The same, for a class of more than [`LARGEST_IN_SLAB`] bytes.
#[cfg_attr(freehold_for_size, inline(never))]
pub(super) const fn size_of_span(class: usize) -> usize {
    size_of_step(class.wrapping_sub(FIRST_OF_SPANS), SPAN_STEPS, LARGEST_IN_SLAB)
}

/// Bytes at the end of a step, counted from 0 at the power of two `from`, where there are `per` from one to the next.
const fn size_of_step(step: usize, per: usize, from: usize) -> usize {
    (step % per + per + 1) << (from.ilog2() as usize + step / per - per.ilog2() as usize)
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

/// Bytes of the smallest slab. The others are multiples of it.
pub(crate) const LEAST_SLAB: usize = 4 << 10;

/// Bytes of the largest slab.
const LARGEST_SLAB: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_a_block_that_holds_it_and_wastes_little() {
        for size in (0..=LARGEST).step_by(if cfg!(miri) { 61 } else { 1 }) {
            let in_slab = size <= LARGEST_IN_SLAB;
            let (class, part) = if in_slab { (class_of(size), STEPS) } else { (span_class_of(size), SPAN_STEPS) };
            assert!(class < CLASSES && in_slab == (class < FIRST_OF_SPANS));
            let block = size_of_class(class);
            assert!(block >= size && block.is_multiple_of(ALIGN), "{size} bytes in {block}");
            assert!(block - size <= ALIGN || (block - size) * part < block, "{size} bytes in {block}");
            if in_slab {
                assert_eq!(class_of(block), class.max(1), "{block}");
            } else {
                assert_eq!(span_class_of(block), class, "{block}");
                assert_eq!(span_class_within(size), if size == block { class } else { class - 1 }, "{size}");
            }
        }
        assert!(span_class_within(LARGEST_IN_SLAB) < FIRST_OF_SPANS);
    }

    #[test]
    fn classes_rise() {
        for class in 2..CLASSES {
            assert!(size_of_class(class) > size_of_class(class - 1));
        }
    }
}
