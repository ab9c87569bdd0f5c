//! bump-scope, upward and downward, in its own scopes.

use bump_scope::alloc::Global;
use bump_scope::settings::BumpSettings;
use bump_scope::{Bump, BumpScope};

use crate::place::{Arena, Nest, Nested, Place, Shared, Work};

/// A minimum alignment of 8, and none of what costs: it needs no claims, and does not give back.
pub type Settings<const UP: bool> = BumpSettings<8, UP, true, false, false, false>;

pub type Bumped<const UP: bool> = Bump<Global, Settings<UP>>;

pub struct BumpScoped<const UP: bool>(Bumped<UP>);

impl<const UP: bool> Place for BumpScope<'_, Global, Settings<UP>> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        self.alloc(value).into_ref()
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.alloc_slice_copy(bytes).into_ref()
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        self.alloc_str(text).into_ref()
    }
}

impl<const UP: bool> Place for Bumped<UP> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        self.alloc(value).into_ref()
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.alloc_slice_copy(bytes).into_ref()
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        self.alloc_str(text).into_ref()
    }
}

impl<const UP: bool> Arena for BumpScoped<UP> {
    #[inline(always)]
    fn new(_: usize) -> Self {
        BumpScoped(Bump::new())
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        self.0.scoped(|scope| W::run(scope))
    }
}

impl<const UP: bool> Nest for BumpScoped<UP> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        self.0.scoped(|scope| W::run(scope))
    }
}

impl<const UP: bool> Nest for BumpScope<'_, Global, Settings<UP>> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        self.scoped(|scope| W::run(scope))
    }
}

impl<const UP: bool> Shared for BumpScoped<UP> {
    type Place = Bumped<UP>;

    fn new(_: usize) -> Self {
        BumpScoped(Bump::new())
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
