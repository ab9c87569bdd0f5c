//! A number that threads and interrupts change in turns, without a lock of its own that could be lost.

use core::sync::atomic::{AtomicUsize, Ordering};

/// It says nothing of other memory. On a core without compare-and-swap a change is in a critical section (feature `critical-section`); without
/// that feature nothing is shared there, or it is by a lock of the program's own, and what an interrupt changes meanwhile may be lost.
#[derive(Debug)]
pub(crate) struct Number(AtomicUsize);

impl Number {
    pub const fn new(number: usize) -> Number {
        Number(AtomicUsize::new(number))
    }

    #[inline]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, number: usize) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// Changes it to what `next` makes of it, if it makes anything: the new number.
    #[cfg(target_has_atomic = "ptr")]
    #[inline]
    pub fn update(&self, next: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        let mut now = self.get();
        loop {
            let new = next(now)?;
            match self.0.compare_exchange_weak(now, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(new),
                Err(other) => now = other,
            }
        }
    }

    #[cfg(all(not(target_has_atomic = "ptr"), feature = "critical-section"))]
    pub fn update(&self, next: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        critical_section::with(|_| self.update_alone(next))
    }

    #[cfg(all(not(target_has_atomic = "ptr"), not(feature = "critical-section")))]
    pub fn update(&self, next: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        self.update_alone(next)
    }

    #[cfg(not(target_has_atomic = "ptr"))]
    fn update_alone(&self, next: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        let new = next(self.get())?;
        self.set(new);
        Some(new)
    }

    /// The sum.
    #[inline]
    pub fn add(&self, more: usize) -> usize {
        self.update(|now| Some(now.wrapping_add(more))).unwrap_or_default()
    }

    /// What is left, which is never less than none.
    #[inline]
    pub fn take(&self, less: usize) -> usize {
        self.update(|now| Some(now.saturating_sub(less))).unwrap_or_default()
    }

    /// The larger of the two from now on.
    #[inline]
    pub fn raise(&self, to: usize) {
        self.update(|now| (to > now).then_some(to));
    }
}
