//! For which blocks it is asked where the program is, where that is too dear to be asked for all.

use core::sync::atomic::{AtomicUsize, Ordering};

/// A block of no more than that is small.
const SMALL: usize = 256;

/// All that are not small, and one in so many of those that are.
pub(super) struct Sampling {
    one_in: u32,
    /// Small ones that have come or gone so far, about: two threads that are here at once may count as one.
    seen: AtomicUsize,
}

impl Sampling {
    /// One in so many; of 1 and 0, all.
    pub const fn one_in(one_in: u32) -> Sampling {
        Sampling { one_in, seen: AtomicUsize::new(0) }
    }

    /// Whether it is asked for this block of so many bytes.
    pub fn takes(&self, bytes: usize) -> bool {
        if self.one_in <= 1 || bytes > SMALL {
            return true;
        }
        let seen = self.seen.load(Ordering::Relaxed).wrapping_add(1);
        self.seen.store(seen, Ordering::Relaxed);
        mixed(seen as u32) <= u32::MAX / self.one_in
    }
}

/// A number that tells nothing of the one before it (the end of murmur3): however a loop goes round, it doesn't fall in with it.
fn mixed(mut number: u32) -> u32 {
    number = (number ^ number >> 16).wrapping_mul(0x85eb_ca6b);
    number = (number ^ number >> 13).wrapping_mul(0xc2b2_ae35);
    number ^ number >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One in so many, also of those that come in any one place of a loop.
    #[test]
    fn each_place_of_a_loop_is_sampled() {
        // Of multiples of the golden ratio those of Fibonacci's numbers lie close together: in a loop of so many steps some places would never be sampled.
        let turns = [1, 3, 8, 17, 2, 16, 48, 64, 144, 233, 610, 987, 1364, 1597, 4096];
        // Miri would be at it for twenty minutes; there is no pointer in it.
        for turn in turns.into_iter().take(if cfg!(miri) { 2 } else { turns.len() }) {
            let (sampling, mut taken) = (Sampling::one_in(16), std::vec![0; turn]);
            for at in 0..turn * 320 {
                taken[at % turn] += usize::from(sampling.takes(SMALL));
            }
            assert!(taken.iter().all(|taken| (3..=50).contains(taken)), "{turn}: {taken:?}");
        }
        let all = |sampling: Sampling, bytes| (0..100).all(|_| sampling.takes(bytes));
        assert!(all(Sampling::one_in(16), SMALL + 1) && all(Sampling::one_in(1), 1) && all(Sampling::one_in(0), 1));
    }
}
