//! blink-alloc, reset at the end of each turn, as it has no scopes.

use blink_alloc::{Blink, BlinkAlloc};

use crate::place::{Arena, Place, Shared, Work};

pub struct Blinking(Blink<BlinkAlloc>);

impl Place for Blink<BlinkAlloc> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        self.put_no_drop(value)
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.copy_slice(bytes)
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        self.copy_str(text)
    }
}

impl Arena for Blinking {
    #[inline(always)]
    fn new(_: usize) -> Self {
        Blinking(Blink::new())
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        let result = W::run(&self.0);
        self.0.reset();
        result
    }
}

impl Shared for Blinking {
    type Place = Blink<BlinkAlloc>;

    fn new(_: usize) -> Self {
        Blinking(Blink::new())
    }

    #[inline(always)]
    fn place(&self) -> &Self::Place {
        &self.0
    }

    #[inline(always)]
    fn reset(&mut self) {
        self.0.reset();
    }
}
