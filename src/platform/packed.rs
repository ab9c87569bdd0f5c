//! A pair of pointers, or none, as a function returns it without going through memory.
//!
//! Most targets return two words in registers. wasm32 returns one value, and a pair would go through the shadow stack,
//! which costs a prologue in every function that has a scope: there both fit in one `u64`.

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
    pub(crate) fn get(self) -> Option<Pair> {
        self.0
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
    pub(crate) fn get(self) -> Option<Pair> {
        let low = core::ptr::with_exposed_provenance_mut(self.0 as u32 as usize);
        let high = core::ptr::with_exposed_provenance_mut((self.0 >> 32) as usize);
        Some((NonNull::new(low)?, NonNull::new(high)?))
    }
}
