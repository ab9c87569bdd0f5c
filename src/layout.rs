//! Rounding and limits: every piece of address arithmetic that can go wrong, with no `unsafe` in sight.
//!
//! Addresses are plain `usize` here, so the top of a 32-bit address space can be tested on any machine.

#![forbid(unsafe_code)]

/// A page of WebAssembly as it usually is, in bytes: 64 KiB. What is cut in large pieces is cut in these on every target.
///
/// The only place where the number stands. Linear memory may have smaller pages than that: what `memory.grow` counts in is
/// [`page_size`](crate::platform::page_size).
pub const USUAL_PAGE: usize = 64 * 1024;

/// The ledger's grain in bytes: the address and the length of every span it keeps are multiples of it.
///
/// It is the size of the header that the ledger writes at the head of each span (asserted there), so any
/// piece that is left over when a span is cut can carry a header of its own: nothing is ever too small to keep.
pub const GRAIN: usize = size_of::<[usize; 8]>();

/// Bytes of a line of the cache: what lies on one is fetched at once. An alignment that pays, not one that anything rests on.
pub(crate) const LINE: usize = 64;

/// No span ends in the last so many bytes of the address space. So a cursor can be moved on by up to that much before it is
/// compared with its end: the sum can't wrap.
pub(crate) const HEADROOM: usize = 4096;

/// The last address that may be an end.
pub(crate) const LAST_END: usize = usize::MAX & !(HEADROOM - 1);

/// The longest span: pointer offsets inside one must fit an `isize`.
pub(crate) const MAX_SPAN: usize = isize::MAX as usize & !(GRAIN - 1);

/// `n` rounded up to a multiple of `align` (a power of two), or `None` past the end of the address space.
#[inline(always)]
pub(crate) const fn round_up(n: usize, align: usize) -> Option<usize> {
    match n.checked_add(align - 1) {
        Some(sum) => Some(sum & !(align - 1)),
        None => None,
    }
}

/// `len` (at most `isize::MAX`) rounded up to the grain.
pub(crate) const fn on_grain(len: usize) -> usize {
    (len + (GRAIN - 1)) & !(GRAIN - 1)
}

/// How far `addr` is below the next multiple of `align` (a power of two). Never overflows.
#[inline(always)]
pub(crate) const fn padding(addr: usize, align: usize) -> usize {
    addr.wrapping_neg() & (align - 1)
}

/// The highest bit of `n`, which is not 0, counted from the lowest. (`ilog2` has a panic for that.)
#[inline(always)]
pub(crate) const fn high_bit(n: usize) -> u32 {
    (usize::BITS - 1) ^ n.leading_zeros()
}

/// Where `n` stands among steps of which there are `per` (a power of two) from one power of two to the next, and below `per` one for each
/// number: the step, counted from 0, and by how many bits it is wider than 1. Every list by length is by these steps.
#[inline(always)]
pub(crate) const fn step_of(n: usize, per: usize) -> (usize, u32) {
    let wide = high_bit(n | per) - high_bit(per);
    (wide as usize * per + (n >> wide), wide)
}

/// The same step for an `n` that is known to be `per` or more, in an instruction less.
#[inline(always)]
pub(crate) const fn large_step_of(n: usize, per: usize) -> usize {
    let wide = high_bit(n) - high_bit(per);
    wide as usize * per + (n >> wide)
}

/// The part of `[addr, addr + len)` that a ledger can keep: the offset of its start and its length.
///
/// Both ends are on the grain, address 0 and the last 4 KiB of the address space ([`HEADROOM`]) are left out, and what is
/// longer than [`MAX_SPAN`] is cut there. A length of 0 means: nothing.
#[inline(always)]
pub(crate) const fn usable(addr: usize, len: usize) -> (usize, usize) {
    let null = if addr == 0 { 1 } else { 0 };
    let skip = padding(addr + null, GRAIN) + null;
    if skip >= len || addr > LAST_END - skip {
        return (0, 0);
    }
    let start = addr + skip;
    let mut room = len - skip;
    if room > LAST_END - start {
        room = LAST_END - start;
    }
    if room > MAX_SPAN {
        room = MAX_SPAN;
    }
    (skip, room & !(GRAIN - 1))
}

/// The part of `[addr, addr + len)` that a heap without a ledger can use: where it starts and ends, both on `unit` (a power of two).
///
/// The end does not wrap, though `addr + len` may; it is before the start where there is nothing.
#[inline(always)]
pub(crate) const fn whole(addr: usize, len: usize, unit: usize) -> (usize, usize) {
    let last = unit - 1;
    (addr.saturating_add(last) & !last, addr.saturating_add(len) & !last)
}

/// Where a claim must have what it is for: after its first `head` bytes, at a multiple of `align`.
///
/// No sum here wraps: what no address space can hold comes out longer than [`MAX_SPAN`], as no span is. Lengths are a grain more than that at most, and
/// no alignment is more than half of the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub head: usize,
    pub align: usize,
}

impl Fit {
    /// That of a claim that may lie anywhere.
    pub(crate) const PLAIN: Fit = Fit { head: GRAIN, align: 1 };

    /// A claim's bytes, on the grain, with `size` bytes after the head.
    #[inline]
    pub(crate) const fn len_for(&self, size: usize) -> usize {
        // Claims start on the grain, so this much padding and no more stays inside.
        let pad = padding(self.head, if self.align > GRAIN { GRAIN } else { self.align });
        let size = if size > MAX_SPAN { MAX_SPAN } else { size };
        self.head.saturating_add(pad + GRAIN - 1 + size) & !(GRAIN - 1)
    }

    /// How far after `start`, where a free span starts (on the grain), the claim should begin; on the grain too.
    ///
    /// The gap keeps over-aligned claims exact: it stays behind as a free span, instead of padding inside the claim.
    #[inline]
    pub(crate) const fn gap(&self, start: usize) -> usize {
        padding(start.wrapping_add(self.head), self.align) & !(GRAIN - 1)
    }

    /// Bytes from `start` (on the grain) to the end of a claim of `len` bytes.
    #[inline]
    pub(crate) const fn from(&self, start: usize, len: usize) -> usize {
        self.gap(start) + len
    }

    /// Bytes that hold a claim of `len` bytes wherever they start on the grain.
    #[inline]
    pub(crate) const fn anywhere(&self, len: usize) -> usize {
        len + self.align.saturating_sub(GRAIN)
    }

    /// So large may what comes after the head be at most in a free span of `len` bytes, wherever it starts on the grain.
    pub(crate) const fn room_in(&self, len: usize) -> usize {
        let aligned = if self.align > GRAIN { self.align - 1 } else { padding(self.head, self.align) };
        len.saturating_sub(self.head).saturating_sub(aligned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_and_are_as_wide_as_they_say() {
        for per in [1, 4, 8, 16] {
            let (mut last, mut start) = (0, 0);
            for n in 1..if cfg!(miri) { 300 } else { 5000 } {
                let (step, wide) = step_of(n, per);
                if step != last {
                    assert_eq!((step, n - start), (last + 1, 1 << step_of(start, per).1), "{n}, {per}");
                    (last, start) = (step, n);
                }
                assert!(n < per || large_step_of(n, per) == step);
                assert!(n - start < 1 << wide && (n < 2 * per) == (wide == 0), "{n}, {per}");
            }
            let bits = usize::BITS - 1 - per.ilog2();
            assert_eq!(step_of(usize::MAX, per), ((bits as usize + 2) * per - 1, bits));
        }
    }

    #[test]
    fn rounding_at_the_top() {
        assert_eq!(round_up(usize::MAX, 16), None);
        assert_eq!(round_up(usize::MAX - 15, 16), Some(usize::MAX - 15));
        assert_eq!(padding(usize::MAX, 8), 1);
        assert_eq!(padding(0, 1 << 30), 0);
    }

    #[test]
    fn h09_usable_never_wraps_and_leaves_both_ends_out() {
        let top = usize::MAX - USUAL_PAGE + 1;
        // A page that ends exactly at the end of the address space: all of it but the last 4 KiB.
        assert_eq!(usable(top, USUAL_PAGE), (0, USUAL_PAGE - HEADROOM));
        let (skip, len) = usable(top, USUAL_PAGE);
        assert!((top + skip).checked_add(len).is_some());
        // There is nothing after that.
        assert_eq!(usable(usize::MAX - 3, 4), (0, 0));
        assert_eq!(usable(LAST_END, HEADROOM - 1), (0, 0));
        // Address 0 is not used, the rest of the page is.
        assert_eq!(usable(0, USUAL_PAGE), (GRAIN, USUAL_PAGE - GRAIN));
    }

    #[test]
    fn h13_usable_takes_any_range() {
        // What has no pointer in it Miri need not do at every number.
        let step = if cfg!(miri) { 3 } else { 1 };
        for addr in (0..2 * GRAIN).step_by(step).chain([usize::MAX - 2 * GRAIN, usize::MAX - 1, usize::MAX]) {
            for len in (0..3 * GRAIN).step_by(step) {
                let (skip, room) = usable(addr, len);
                if room > 0 {
                    let start = addr.checked_add(skip).expect("no wrap");
                    assert!(start > 0 && start % GRAIN == 0 && room % GRAIN == 0);
                    assert!(skip + room <= len && start.checked_add(room).is_some());
                }
            }
        }
    }

    #[test]
    fn h09_h13_whole_units_of_any_range() {
        let step = if cfg!(miri) { 3 } else { 1 };
        for addr in (1..50).step_by(step).chain(usize::MAX - 50..=usize::MAX) {
            for len in (0..50).step_by(step).chain([isize::MAX as usize, usize::MAX]) {
                let (start, end) = whole(addr, len, 8);
                assert!(start.is_multiple_of(8) && end.is_multiple_of(8));
                assert!(start >= end || start >= addr && end - addr <= len, "{addr:#x}, {len}: {start:#x}..{end:#x}");
                assert!(len < 16 || addr > usize::MAX - 16 || end >= start, "{addr:#x}, {len}: nothing");
                // Whoever rounds what lies between does not come out below.
                assert!(end >= start - 8 || addr > usize::MAX - 8, "{start:#x}..{end:#x}");
            }
        }
    }

    #[test]
    fn h11_fits_that_overflow_are_longer_than_any_span() {
        for (head, size, align) in [
            (GRAIN, usize::MAX, 1),
            (GRAIN, isize::MAX as usize, 1),
            (usize::MAX, 8, 1),
            (GRAIN, usize::MAX, 1 << (usize::BITS - 1)),
        ] {
            let fit = Fit { head, align };
            assert!(fit.len_for(size) > MAX_SPAN);
            let most = MAX_SPAN + GRAIN;
            assert!(fit.from(GRAIN, most) > MAX_SPAN && fit.anywhere(most) > MAX_SPAN);
        }
        let aligned = Fit { head: GRAIN, align: 1 << (usize::BITS - 1) };
        assert!(aligned.from(GRAIN, 2 * GRAIN) > MAX_SPAN && aligned.anywhere(2 * GRAIN) > MAX_SPAN);
        // The widest gap, and the longest that comes up.
        assert_eq!(aligned.from(0, MAX_SPAN + GRAIN), usize::MAX - GRAIN + 1);
    }

    #[test]
    fn an_aligned_fit_is_exact() {
        let fit = Fit { head: GRAIN, align: USUAL_PAGE };
        let start = 3 * USUAL_PAGE;
        let (gap, len) = (fit.gap(start), fit.len_for(100));
        assert_eq!((start + gap + GRAIN) % USUAL_PAGE, 0);
        assert!((GRAIN + 100..GRAIN + 100 + GRAIN).contains(&len));
        let odd = Fit { head: GRAIN + 8, align: 64 };
        let (gap, len) = (odd.gap(start), odd.len_for(100));
        let data = (start + gap + GRAIN + 8).next_multiple_of(64);
        assert!(data + 100 <= start + gap + len);
    }
}
