//! [`Plot`]: memory for one arena or pool, without a ledger.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::backing::Region;
use crate::error::Obstacle;
use crate::layout::{padding, usable};
use crate::ledger::{Placed, Spans, Want};
use crate::platform::sanitizer;
use crate::span::Span;

/// A region that one arena or one pool has to itself: no ledger, no map, and on bare metal seven kilobytes of code less.
///
/// The first request that fits gets all of it, for as long as the arena or the pool lives; then the plot serves another.
/// One that is forgotten (`mem::forget`) keeps it for ever, and whoever is refused is told its name.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Alloc, Arena, Plot, Region};
///
/// let mut ram = [MaybeUninit::uninit(); 4096]; // or a linker section: `Region::from_raw`
/// let mut plot = Plot::new(Region::new(&mut ram));
/// let mut arena = Arena::alone(&mut plot, "samples");
/// let scope = arena.scope();
/// assert_eq!(scope.try_alloc_uninit_slice::<u16>(1900).expect("there is room").len(), 1900);
/// assert!(scope.try_alloc_uninit_slice::<u16>(1900).is_err());
/// ```
pub struct Plot<'r> {
    region: Region<'r>,
    /// Who has it, if anybody.
    taken: Cell<Option<&'static str>>,
}

/// What errors call it.
const NAME: &str = "plot";

// SAFETY: it is used through the exclusive borrow of the arena or the pool that has it; through a shared one there is nothing to be done.
unsafe impl Sync for Plot<'_> {}

impl<'r> Plot<'r> {
    /// The whole region.
    pub const fn new(region: Region<'r>) -> Plot<'r> {
        Plot { region, taken: Cell::new(None) }
    }

    /// What of it `owner` may use, if nobody has it.
    fn span(&self, owner: &'static str) -> Result<Span, Obstacle> {
        let found = self.region.look().map_err(|why| Obstacle::Unfit { region: NAME, why })?;
        let span = found.ok_or(Obstacle::Exhausted { backing: NAME, left: 0 })?;
        match self.taken.get() {
            None => {}
            Some(by) if core::ptr::eq(by, owner) => return Err(Obstacle::Exhausted { backing: NAME, left: 0 }),
            // It was forgotten, and so never gave it back.
            Some(by) => return Err(Obstacle::Occupied { backing: NAME, by, at: span.addr() }),
        }
        let (skip, len) = usable(span.addr(), span.len());
        // SAFETY: what is usable lies in the span.
        let base = unsafe { span.base().add(skip) };
        // SAFETY: as above.
        Ok(unsafe { Span::new(base, len) })
    }
}

// SAFETY: the whole of it goes out once, until it comes back, and is as large as was wanted.
unsafe impl Spans for Plot<'_> {
    unsafe fn place(&self, owner: &'static str, want: &Want) -> Result<Placed, Obstacle> {
        let span = self.span(owner)?;
        let start = span.addr().checked_add(want.prefix).ok_or(Obstacle::TooLarge)?;
        let needed = padding(start, want.align).checked_add(want.size).and_then(|rest| rest.checked_add(want.prefix));
        if needed.ok_or(Obstacle::TooLarge)? > span.len() {
            return Err(Obstacle::Exhausted { backing: NAME, left: span.len().saturating_sub(want.prefix) });
        }
        self.taken.set(Some(owner));
        sanitizer::unpoison(span.base(), 0..span.len());
        // Nothing is known of what it held before.
        Ok(Placed { payload: span, zero_from: span.end() })
    }

    unsafe fn give_back(&self, _: NonNull<u8>) {
        self.taken.set(None);
    }

    fn header(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use core::alloc::Layout;
    use core::mem::MaybeUninit;

    use super::*;
    use crate::arena::{Alloc, Arena, TypedArena};
    use crate::pool::BlockPool;

    #[test]
    fn an_arena_has_all_of_it_and_the_next_one_again() {
        let mut ram = [MaybeUninit::uninit(); 4096];
        let mut plot = Plot::new(Region::new(&mut ram));
        for _ in 0..2 {
            let mut arena = Arena::alone(&mut plot, "first");
            for _ in 0..2 {
                let scope = arena.scope();
                scope.alloc_slice_copy(&[7_u8; 3800]);
                let error = scope.try_alloc_uninit_slice::<u8>(3800).unwrap_err();
                assert_eq!(error.obstacle, Obstacle::Exhausted { backing: NAME, left: 0 });
            }
            let held = arena.held();
            assert!(held <= 4096 && held > 3800, "all of it, and no header of a ledger");
            assert_eq!((arena.trim(), arena.held()), (held, 0));
            arena.alloc(1_u64);
        }
        let values = TypedArena::alone(&mut plot, "values");
        assert_eq!(values.alloc(7), &7);
    }

    /// One that is forgotten has it for ever; who is refused hears whose it is.
    #[test]
    fn who_is_refused_is_told_who_has_it() {
        let mut ram = [MaybeUninit::uninit(); 4096];
        let mut plot = Plot::new(Region::new(&mut ram));
        let first = Arena::alone(&mut plot, "first");
        first.alloc(1_u64);
        core::mem::forget(first);
        let second = Arena::alone(&mut plot, "second");
        let error = second.try_alloc(2_u64).unwrap_err().error;
        let Obstacle::Occupied { backing: NAME, by: "first", .. } = error.obstacle else { panic!("{error}") };
    }

    #[test]
    fn a_pool_has_as_many_blocks_as_fit() {
        let mut ram = [MaybeUninit::uninit(); 1024];
        let mut plot = Plot::new(Region::new(&mut ram));
        let pool = BlockPool::alone(&mut plot, "blocks", Layout::new::<[u64; 8]>());
        let first = pool.alloc();
        let mut count = 1;
        while pool.try_alloc().is_ok() {
            count += 1;
        }
        assert!((10..16).contains(&count), "{count}");
        // SAFETY: allocated above, and not used any more.
        unsafe { pool.free(first) };
        assert_eq!(pool.try_alloc().ok(), Some(first));
    }

    #[test]
    fn h13_plots_of_any_size() {
        let mut ram = [MaybeUninit::uninit(); 600];
        for start in 0..70 {
            for len in [0, 1, 63, 64, 100, 200, 500] {
                let mut plot = Plot::new(Region::new(&mut ram[start..start + len]));
                let arena = Arena::alone(&mut plot, "any");
                if let Ok(words) = arena.try_alloc_uninit_slice::<u64>(5) {
                    assert!(words.as_ptr().addr().is_multiple_of(8), "{start} {len}");
                    words.fill(MaybeUninit::new(1));
                    assert!(len > 40);
                } else {
                    assert!(len < 300, "{start} {len}");
                }
            }
        }
    }

    #[test]
    fn h11_more_than_there_can_be_is_refused() {
        let mut ram = [MaybeUninit::uninit(); 1024];
        let mut plot = Plot::new(Region::new(&mut ram));
        let arena = Arena::alone(&mut plot, "large");
        for len in [1024, usize::MAX / 2, isize::MAX as usize - 100] {
            assert!(arena.try_alloc_uninit_slice::<u8>(len).is_err());
        }
        arena.alloc_slice_fill_with(800, |_| 0_u8);
    }
}
