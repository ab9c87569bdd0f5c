//! What JavaScript asks a module for by way of the npm package `freehold` (`src/bindings/javascript`): blocks, room ahead of need, and who made
//! memory grow. The macro exports it; here is how.

use core::alloc::Layout;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::backing::Backing;
use crate::ledger::{Claim, Grown, Ledger};
use crate::platform;
use crate::sharing::Shareable;

/// The name of JavaScript's blocks, and of room that it reserves.
const OWNER: &str = "javascript";

/// What is told of one growth. A reader takes it if `stamp` is the number of that growth, before and after.
#[repr(C)]
struct Notice {
    /// The number of the growth, from 1 on; 0 while it is being written.
    stamp: AtomicUsize,
    bytes: AtomicUsize,
    owner: AtomicUsize,
    owner_len: AtomicUsize,
    /// Memory's size after it.
    size: AtomicUsize,
}

impl Notice {
    const fn new() -> Notice {
        let [stamp, bytes, owner, owner_len, size] = [const { AtomicUsize::new(0) }; 5];
        Notice { stamp, bytes, owner, owner_len, size }
    }
}

/// The last growths, where JavaScript can read them without a call: words of a `usize` each.
#[repr(C)]
pub struct News {
    /// What this layout is called: the package knows it by its number.
    version: usize,
    /// How many slots there are.
    slots: usize,
    /// How many growths there were.
    count: AtomicUsize,
    last: [Notice; SLOTS],
}

const VERSION: usize = 1;
const SLOTS: usize = 16;

impl News {
    #[allow(clippy::new_without_default)] // for a `static`
    pub const fn new() -> News {
        News { version: VERSION, slots: SLOTS, count: AtomicUsize::new(0), last: [const { Notice::new() }; SLOTS] }
    }

    /// Writes a growth down, over the oldest. It allocates nothing.
    pub fn add(&self, grown: Grown) {
        let number = self.count.fetch_add(1, Ordering::AcqRel);
        let slot = &self.last[number % SLOTS];
        slot.stamp.store(0, Ordering::Release);
        slot.bytes.store(grown.bytes, Ordering::Release);
        slot.owner.store(grown.owner.as_ptr().addr(), Ordering::Release);
        slot.owner_len.store(grown.owner.len(), Ordering::Release);
        slot.size.store(platform::memory_size(), Ordering::Release);
        slot.stamp.store(number.wrapping_add(1), Ordering::Release);
    }
}

/// A claim stands before its block, as many bytes as it is aligned to, or as it has itself.
fn before(align: usize) -> usize {
    align.max(size_of::<Claim<'_>>().next_power_of_two())
}

/// A block of so many bytes at that alignment, or null: there is no room, or that is no alignment.
pub fn allocate<B: Backing, L: Shareable>(ledger: &'static Ledger<B, L>, size: usize, align: usize) -> *mut u8 {
    let layout = size
        .checked_add(before(align))
        .and_then(|size| Layout::from_size_align(size, align.max(align_of::<Claim<'_>>())).ok());
    let Some(claim) = layout.filter(|_| align.is_power_of_two()).and_then(|layout| ledger.claim(OWNER, layout).ok())
    else {
        return ptr::null_mut();
    };
    let start = claim.as_ptr();
    // SAFETY: the claim begins so many bytes before its block.
    let block = unsafe { start.add(before(align)) };
    // SAFETY: a claim has room there, before the block.
    let kept = unsafe { block.cast::<Claim<'_>>().sub(1) };
    // SAFETY: as above, and it is aligned.
    unsafe { kept.write(claim) };
    block.as_ptr()
}

/// Frees a block.
///
/// # Safety
///
/// The caller owes: [`allocate`] returned it, it is freed once, and nobody uses it any more.
pub unsafe fn free(block: *mut u8) {
    // SAFETY: its claim stands before it.
    let claim = unsafe { block.cast::<Claim<'static>>().sub(1) };
    // SAFETY: as above; it is read once, and what it is read from may go with it.
    drop(unsafe { claim.read() });
}

/// Sees to it that the next `bytes` bytes, in one piece, are there without a growth. `false` if they can't be.
pub fn reserve<B: Backing, L: Shareable>(ledger: &'static Ledger<B, L>, bytes: usize) -> bool {
    let layout = Layout::from_size_align(bytes, 1);
    layout.is_ok_and(|layout| ledger.claim(OWNER, layout).is_ok())
}

/// Gives a wasm module the exports that the npm package `freehold` asks for: blocks that JavaScript allocates and frees, room that it
/// reserves, and news of each growth of memory. Once in a module. Needs the feature `javascript`.
///
/// ```
/// # #[cfg(target_family = "wasm")]
/// freehold::javascript!(); // of the module's own ledger
/// ```
///
/// News are written down where JavaScript reads them after a call. With `by import` the module tells of each at once, by an import `grew` of
/// a module `freehold`, which the package has; then JavaScript knows the stack of calls at that moment, too.
///
/// ```
/// # #[cfg(target_family = "wasm")]
/// # mod one {
/// freehold::javascript!(by import);
/// # }
/// # #[cfg(target_family = "wasm")]
/// # mod other {
/// static LEDGER: freehold::Ledger<freehold::MemoryGrow> = freehold::Ledger::new(freehold::MemoryGrow::new());
/// freehold::javascript!(&LEDGER); // of another ledger; or (&LEDGER, by import)
/// # }
/// ```
///
/// | export | what it does |
/// |---|---|
/// | `freehold_js_alloc(size, align)` | a block, or null |
/// | `freehold_js_free(block)` | frees one |
/// | `freehold_js_reserve(bytes)` | whether the next so many bytes are there without a growth |
/// | `freehold_js_news()` | where news are written, from now on; null with `by import` |
///
/// JavaScript is trusted with memory in any case, as it can write all of it: these calls check no address. The package does.
#[macro_export]
macro_rules! javascript {
    () => {
        $crate::javascript!($crate::ledger());
    };
    (by import) => {
        $crate::javascript!($crate::ledger(), by import);
    };
    ($ledger:expr) => {
        $crate::javascript!(@exports $ledger, {
            static NEWS: $crate::javascript::News = $crate::javascript::News::new();
            // SAFETY: it only writes numbers down.
            unsafe { $ledger.on_growth(|grown| NEWS.add(grown)) };
            &raw const NEWS
        });
    };
    ($ledger:expr, by import) => {
        $crate::javascript!(@exports $ledger, {
            #[link(wasm_import_module = "freehold")]
            unsafe extern "C" {
                fn grew(bytes: usize, owner: *const u8, owner_len: usize, size: usize);
            }
            fn tell(grown: $crate::Grown) {
                let (owner, size) = (grown.owner, $crate::memory_size());
                // SAFETY: who provides it only looks, and calls nothing of the module's.
                unsafe { grew(grown.bytes, owner.as_ptr(), owner.len(), size) };
            }
            // SAFETY: as above.
            unsafe { $ledger.on_growth(tell) };
            ::core::ptr::null::<$crate::javascript::News>()
        });
    };
    (@exports $ledger:expr, $news:block) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn freehold_js_alloc(size: usize, align: usize) -> *mut u8 {
                $crate::javascript::allocate($ledger, size, align)
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn freehold_js_free(block: *mut u8) {
                // SAFETY: JavaScript owes it.
                unsafe { $crate::javascript::free(block) }
            }
            #[unsafe(no_mangle)]
            extern "C" fn freehold_js_reserve(bytes: usize) -> bool {
                $crate::javascript::reserve($ledger, bytes)
            }
            #[unsafe(no_mangle)]
            extern "C" fn freehold_js_news() -> *const $crate::javascript::News $news
        };
    };
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;
    use crate::backing::Region;
    use crate::{Alloc, Arena};

    const LEN: usize = 60_000;

    /// A ledger for one test.
    macro_rules! ledger {
        () => {{
            static mut RAM: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); LEN];
            // SAFETY: nothing else names RAM.
            static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw((&raw mut RAM).cast(), LEN) });
            &LEDGER
        }};
    }

    #[test]
    fn blocks_are_aligned_and_come_back() {
        let ledger = ledger!();
        let mut blocks = std::vec::Vec::new();
        for align in [1, 2, 8, 16, 32, 64, 256, 4096] {
            for size in [0, 1, 100] {
                let block = allocate(ledger, size, align);
                assert!(!block.is_null() && block.addr().is_multiple_of(align), "{size} aligned to {align}");
                // SAFETY: so long is the block.
                unsafe { block.write_bytes(0xff, size) };
                blocks.push(block);
            }
        }
        assert!(ledger.snapshot().claimed_by(OWNER) > 0);
        // SAFETY: each is freed once.
        blocks.into_iter().for_each(|block| unsafe { free(block) });
        assert_eq!(ledger.snapshot().claimed, 0);
        for (size, align) in [(1, 0), (1, 3), (usize::MAX, 1), (1, 1 << (usize::BITS - 1)), (LEN, 1)] {
            assert!(allocate(ledger, size, align).is_null(), "{size} aligned to {align}");
        }
        assert_eq!(ledger.snapshot().claimed, 0);
    }

    #[test]
    fn what_is_reserved_is_there() {
        let ledger = ledger!();
        assert!(reserve(ledger, 30_000) && !reserve(ledger, LEN) && !reserve(ledger, usize::MAX));
        let grown = ledger.growths();
        assert_eq!(ledger.snapshot().claimed, 0);
        let arena = Arena::new_in(ledger, "frames");
        arena.alloc_uninit_slice::<u8>(20_000);
        assert_eq!(ledger.growths(), grown);
    }

    /// Whose claim it was, how much came of it; nothing where nothing grew.
    #[test]
    fn h28_the_ledger_tells_who_made_memory_grow() {
        static NEWS: News = News::new();
        let ledger = ledger!();
        // SAFETY: it only writes numbers down.
        unsafe { ledger.on_growth(|grown| NEWS.add(grown)) };
        let arena = Arena::new_in(ledger, "frames");
        arena.alloc(1_u8);
        arena.alloc(2_u8);
        let other = Arena::new_in(ledger, "others");
        other.alloc(3_u8);
        assert!(other.try_alloc_slice_fill(LEN, 1_u8).is_err());
        assert_eq!(NEWS.count.load(Ordering::Relaxed), 1);
        let slot = &NEWS.last[0];
        assert_eq!(slot.stamp.load(Ordering::Relaxed), 1);
        assert_eq!(slot.bytes.load(Ordering::Relaxed), ledger.snapshot().granted);
        assert_eq!(slot.owner_len.load(Ordering::Relaxed), "frames".len());
    }

    #[test]
    fn the_last_news_stay() {
        let news = News::new();
        for bytes in 1..=SLOTS + 3 {
            news.add(Grown { owner: "frames", bytes });
        }
        assert_eq!(news.count.load(Ordering::Relaxed), SLOTS + 3);
        assert_eq!(news.last[2].bytes.load(Ordering::Relaxed), SLOTS + 3);
        assert_eq!(news.last[2].stamp.load(Ordering::Relaxed), SLOTS + 3);
        assert_eq!(news.last[3].bytes.load(Ordering::Relaxed), 4);
    }
}
