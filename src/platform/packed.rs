//! A pair of pointers, or none, as a function returns it without going through memory.
//!
//! Most targets return two words in registers. wasm32 returns one value, and a pair would go through the shadow stack,
//! which costs a prologue in every function that has a scope: there both fit in one `u64`. (wasm64 returns one value as well, and none has
//! room for two of its addresses: there the pair does go that way.)

use core::ptr::NonNull;

type Pair = (NonNull<u8>, NonNull<u8>);

#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub struct Packed(Option<Pair>);

#[cfg(not(target_arch = "wasm32"))]
impl Packed {
    pub(crate) const NONE: Packed = Packed(None);

    #[inline(always)]
    pub(crate) fn new(pair: Pair) -> Packed {
        Packed(Some(pair))
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.0.is_none()
    }

    #[inline(always)]
    pub(crate) fn get(self) -> Option<Pair> {
        self.0
    }

    /// The first of the two.
    #[inline(always)]
    pub(crate) fn first(self) -> Option<NonNull<u8>> {
        self.0.map(|(first, _)| first)
    }

    /// The pair, where it is known that there is one.
    ///
    /// # Safety
    ///
    /// The caller owes: this was made by [`Packed::new`].
    #[inline(always)]
    pub(crate) unsafe fn pair(self) -> Pair {
        // SAFETY: the caller's promise.
        unsafe { self.0.unwrap_unchecked() }
    }
}

#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub struct Packed(u64);

#[cfg(target_arch = "wasm32")]
impl Packed {
    pub(crate) const NONE: Packed = Packed(0);

    #[inline(always)]
    pub(crate) fn new((low, high): Pair) -> Packed {
        Packed(low.as_ptr().expose_provenance() as u64 | (high.as_ptr().expose_provenance() as u64) << 32)
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    #[inline(always)]
    pub(crate) fn get(self) -> Option<Pair> {
        // SAFETY: what is not `NONE` was made of a pair.
        if self.is_none() { None } else { Some(unsafe { self.pair() }) }
    }

    /// The first of the two.
    #[inline(always)]
    pub(crate) fn first(self) -> Option<NonNull<u8>> {
        NonNull::new(self.halves().0)
    }

    /// The pair, where it is known that there is one. (Not by way of an `Option`: LLVM would leave the choice in the code, and V8 then keeps
    /// a loop's variables in memory for it.)
    ///
    /// # Safety
    ///
    /// The caller owes: this was made by [`Packed::new`].
    #[inline(always)]
    pub(crate) unsafe fn pair(self) -> Pair {
        let (low, high) = self.halves();
        // SAFETY: the caller's promise.
        let low = unsafe { NonNull::new_unchecked(low) };
        // SAFETY: as above.
        let high = unsafe { NonNull::new_unchecked(high) };
        (low, high)
    }

    #[inline(always)]
    fn halves(self) -> (*mut u8, *mut u8) {
        let low = core::ptr::with_exposed_provenance_mut(self.0 as u32 as usize);
        let high = core::ptr::with_exposed_provenance_mut((self.0 >> 32) as usize);
        (low, high)
    }
}
