//! What is counted.

use std::fmt;

/// What a thread has asked its allocator for. Its `Display` is what [`exactly`](crate::exactly) compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of `alloc` and `alloc_zeroed`.
    pub allocations: usize,
    /// Calls of `realloc`.
    pub resizes: usize,
    /// Calls of `dealloc`.
    pub frees: usize,
    /// Bytes that were asked for: of a resize all of its new size.
    pub bytes: usize,
}

impl Counts {
    pub(crate) const NONE: Counts = Counts { allocations: 0, resizes: 0, frees: 0, bytes: 0 };

    /// How often memory was asked for: allocations and resizes.
    ///
    /// ```
    /// # #[global_allocator]
    /// # static HEAP: freehold_testing::Counted<std::alloc::System> = freehold_testing::Counted::new(std::alloc::System);
    /// assert_eq!(freehold_testing::count(|| drop(Box::new(1))).1.asked(), 1);
    /// ```
    pub fn asked(&self) -> usize {
        self.allocations.wrapping_add(self.resizes)
    }

    /// What was counted since these were.
    pub(crate) fn since(&self, then: &Counts) -> Counts {
        Counts {
            allocations: self.allocations.wrapping_sub(then.allocations),
            resizes: self.resizes.wrapping_sub(then.resizes),
            frees: self.frees.wrapping_sub(then.frees),
            bytes: self.bytes.wrapping_sub(then.bytes),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words =
            [(self.allocations, "allocation"), (self.resizes, "resize"), (self.frees, "free"), (self.bytes, "byte")];
        for (index, (number, word)) in words.into_iter().enumerate() {
            let (comma, plural) = (if index == 0 { "" } else { ", " }, if number == 1 { "" } else { "s" });
            write!(f, "{comma}{number} {word}{plural}")?;
        }
        Ok(())
    }
}
