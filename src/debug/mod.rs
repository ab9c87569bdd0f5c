//! A heap that tells who broke it: what was freed twice, written past its end or after it was freed, and what nobody freed.
//!
//! The page [debugging](crate::docs::debugging) leads from "my module grows" to the line that does it, and says what can't be found.

use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::ptr::NonNull;

use crate::backing::Backing;
use crate::ledger::Ledger;
use crate::sharing::{Kind, Needed, Shareable, Turn};

#[cfg(feature = "allocator-api2")]
mod allocator;
mod calls;
mod fence;
mod finding;
mod global;
mod hooks;
mod leaks;
mod register;
mod rounds;
mod sampling;
mod sites;
mod store;
mod table;
// Under Miri these would need pointers from integers: the suite has its like.
#[cfg(all(test, not(miri)))]
mod tests;

pub use fence::Damage;
pub use finding::{BlockInfo, Finding, FoundBy, Side};
pub use leaks::{Leak, Leaks, Mark};
pub use rounds::{Rounds, Verdict};
pub use sites::{FRAMES, Site};

pub use crate::mistake::{Mistake, on_mistake};

use hooks::Hooks;
use register::{Fact, Facts, Keep, Register};
use store::Room;

/// Where records lie unless another place is named.
#[cfg(any(unix, windows, target_family = "wasm"))]
type RecordsIn = crate::backing::Usual;
#[cfg(not(any(unix, windows, target_family = "wasm")))]
type RecordsIn = crate::backing::Region<'static>;

/// A heap with a layer around it that looks at what its users do: put it around the program's allocator while you hunt.
///
/// ```
/// use freehold::{Heap, debug::Checked};
///
/// #[global_allocator]
/// static HEAP: Checked<Heap> = Checked::new(Heap::new()); // was: `static HEAP: Heap = Heap::new();`
///
/// let mark = HEAP.mark();
/// let kept = vec![0_u8; 5000];
/// HEAP.check(); // has somebody written where nobody may?
/// println!("{}", HEAP.leaks_since(mark)); // what lives, by who allocated it, the largest first
/// # assert!(HEAP.leaks_since(mark).bytes >= kept.len());
/// ```
///
/// It goes around any [`GlobalAlloc`](core::alloc::GlobalAlloc): [`Heap`](crate::Heap), [`SmallHeap`](crate::SmallHeap),
/// [`BoundedHeap`](crate::BoundedHeap), std's `System`, another crate's; and around any `Allocator` (feature `allocator-api2`), an arena too. Without it
/// there is nothing of it in a program, not a byte.
///
/// | it finds | at once in | or in |
/// |---|---|---|
/// | a block that is freed twice, or resized after it was freed | `dealloc`, `realloc` | |
/// | a pointer that is no block of its, or not the start of one | the same | |
/// | another layout than the block was allocated with | the same | |
/// | a write before a block or past its end, to the byte, 16 bytes far | the same | [`check`](Checked::check) |
/// | a write into a block that was freed, as long as that waits | | `check`, and when the block goes back to the heap |
/// | a heap that hands out what is in use | `alloc` | |
/// | a record of its own that was written over | whatever comes to it | `check` |
/// | what nobody frees | | [`leaks`](Checked::leaks) |
///
/// Each is a [`Finding`], a value with the facts, and is handed to a function of yours ([`telling`](Checked::telling)); if none is named, to a panic with
/// the finding's text. In `dealloc` and its like that ends the program, as an allocator may not unwind; in `check` it unwinds. When the
/// function returns, the program goes on, as if it had not made the mistake where that is possible. Nothing is locked and nothing is allocated
/// while it runs; it may allocate, print and ask the heap. Of what it finds itself it is not told, nor of what other threads find meanwhile:
/// [`CheckedStats::untold`] counts both. If it never returns, as where it throws through wasm and the page goes on, nothing is told until
/// [`mark`](Checked::mark) is called.
///
/// What is freed is filled with `0xdd` and waits, first in first out, before it goes back to the heap: [`keeping`](Checked::keeping). What is new is
/// filled with `0xcd`, unless it is to be zero. Reads of either are no findings, but the patterns are easy to see. A block that is resized is always another
/// one afterwards, so who kept a pointer to the old one is found.
///
/// It knows who allocated and freed what if it is told how to find out: [`with_frames`](Checked::with_frames).
///
/// Records lie apart from the blocks, on a ledger of the layer's own, so what is written past a block hits none of them: `B` is where their memory
/// comes from, and `L` says how it is all [shared](crate::Ledger). A block takes 32 bytes more (or 16 and its alignment if that is over 16), and its record
/// 64 to 128 bytes (43 to 86 on 32 bits), as the table grows by doubling. A stack that was seen takes 168 bytes, once (88). Time: about as much again as
/// [debugging](crate::docs::debugging#what-it-costs) says.
pub struct Checked<H, B: Backing = RecordsIn, L: Kind = Needed> {
    heap: H,
    hooks: Hooks,
    keep: Keep,
    ledger: Ledger<B, L>,
    access: L,
    // Used in a turn only.
    register: UnsafeCell<Register>,
    /// Set while the ledger's backing runs: if no lock keeps it from coming back, this tells that it has.
    foreign: Cell<bool>,
}

// SAFETY: what is known is used by one thread at a time, in its turn, where any may enter; the heap says for itself.
unsafe impl<H: Sync, B: Backing, L: Shareable + Kind> Sync for Checked<H, B, L> {}
// SAFETY: what is known is bound to no thread.
unsafe impl<H: Send, B: Backing, L: Shareable + Kind> Send for Checked<H, B, L> {}

/// What waits where nothing else is said.
const KEEP: Keep = Keep { blocks: 4096, bytes: 1 << 20 };

impl<H, B: Backing> Checked<H, B> {
    /// The layer around `heap`, with its records in memory of `backing`: on bare metal, or where they are to lie elsewhere than the target has it.
    /// Nothing is claimed yet.
    pub const fn over(heap: H, backing: B) -> Checked<H, B> {
        Checked::on(heap, Ledger::new(backing))
    }
}

impl<H, B: Backing, L: Shareable + Kind> Checked<H, B, L> {
    /// [`over`](Checked::over), shared as its type says.
    pub const fn with_lock(heap: H, backing: B) -> Checked<H, B, L> {
        Checked::on(heap, Ledger::with_lock(backing))
    }
}

/// What it is to do.
impl<H, B: Backing, L: Kind> Checked<H, B, L> {
    const fn on(heap: H, ledger: Ledger<B, L>) -> Checked<H, B, L> {
        Checked {
            heap,
            hooks: Hooks::new(),
            keep: KEEP,
            ledger,
            access: L::NEW,
            register: UnsafeCell::new(Register::new()),
            foreign: Cell::new(false),
        }
    }

    /// Has `tell` called with each finding, in place of a panic.
    pub const fn telling(mut self, tell: fn(&Finding)) -> Self {
        self.hooks.set_tell(tell);
        self
    }

    /// Has `frames` fill in where the program is, whenever something is allocated or freed: the addresses of the innermost frames, [`FRAMES`] of
    /// them at most. It returns how many it filled in.
    ///
    /// On wasm that is an import of yours that reads `new Error().stack`; natively the crate `backtrace`'s `trace_unsynchronized`. The example
    /// `debugging` has the first. It must not allocate in this heap. If it panics the program ends with a text, as an allocator may not unwind.
    pub const fn with_frames(mut self, frames: fn(&mut [usize]) -> usize) -> Self {
        self.hooks.set_frames(frames);
        self
    }

    /// Has the function of [`with_frames`](Checked::with_frames) called for one in `one_in` of the blocks of 256 bytes or less, and for all that are larger.
    ///
    /// It is most of what the layer costs. The others are looked at as ever, and whatever is found is found, and who did it; who had allocated the
    /// block, and who freed it first, is not known then. So of what [`leaks`](Checked::leaks) at a place, one block in `one_in` is counted
    /// there, about, whatever the loop's rhythm, and the rest at an unknown place.
    ///
    /// ```
    /// use freehold::{Heap, debug::Checked};
    ///
    /// fn frames(places: &mut [usize]) -> usize {
    ///     places[0] = 0x1234; // as an unwinder finds it
    ///     1
    /// }
    /// # use std::alloc::{GlobalAlloc, Layout};
    /// let heap: Checked<Heap> = Checked::new(Heap::new()).with_frames(frames).sampling(16);
    /// # let blocks = [(); 1600].map(|_| unsafe { heap.alloc(Layout::new::<u64>()) });
    /// # let known = heap.leaks().largest().iter().find(|leak| !leak.site.frames().is_empty()).unwrap().blocks;
    /// # assert!((75..125).contains(&known), "{known}");
    /// ```
    pub const fn sampling(mut self, one_in: u32) -> Self {
        self.hooks.set_sampling(one_in);
        self
    }

    /// Has `whose` asked whose memory a foreign pointer leads to: for a ledger that is not the module's own. If it panics the program ends with a
    /// text, as an allocator may not unwind.
    pub const fn asking(mut self, whose: fn(usize) -> Option<&'static str>) -> Self {
        self.hooks.set_whose(whose);
        self
    }

    /// So much of what is freed waits before it is used again: that many blocks, of that many bytes altogether (4,096 blocks and 1 MiB unless
    /// said otherwise). A block of more than a quarter of the bytes doesn't wait, as it would drive out all others.
    ///
    /// With `usize::MAX` blocks no block is used again before that many bytes were freed. Where the heap has no memory left what waits is let go: one
    /// block, then two, four and so on, each time until the heap has enough. So it refuses a dozen times where thousands wait, and
    /// [`on_refusal`](crate::on_refusal) is told of each, also where the request is met in the end.
    pub const fn keeping(mut self, blocks: usize, bytes: usize) -> Self {
        self.keep = Keep { blocks, bytes };
        self
    }
}

impl<H, B: Backing, L: Kind> Checked<H, B, L> {
    /// The heap below, for what it has to say of itself.
    pub const fn heap(&self) -> &H {
        &self.heap
    }

    /// Looks at every block, in use or waiting, whether somebody has written where nobody may. Returns how much was found; each finding is told.
    ///
    /// It takes a step for each block, and for each byte of those that wait, with the lock held for some dozens of blocks. Those that come or go
    /// meanwhile may be missed.
    pub fn check(&self) -> usize {
        let (mut from, mut found) = (0, 0);
        loop {
            let mut facts = Facts::new();
            let next = self.with(&mut facts, |register, _, facts| register.check(from, facts)).flatten();
            found += facts.iter().count();
            self.tell_all(&facts, &Site::UNKNOWN, FoundBy::Check, None);
            match next {
                Some(next) => from = next,
                None => return found,
            }
        }
    }

    /// Has the `n`th allocation from now on refused, once: 1 is the next one. 0 takes it back. A `realloc` is an allocation too.
    pub fn fail_at(&self, n: usize) {
        self.with(&mut Facts::new(), |register, _, _| register.fail_at = n);
    }

    /// Refuses what would have more than so many bytes in use: as they were asked for, without what the heap and the layer add. A block that shrinks is
    /// never refused for it.
    pub fn limit(&self, bytes: usize) {
        self.with(&mut Facts::new(), |register, _, _| register.limit = bytes);
    }

    /// How things stand.
    pub fn stats(&self) -> CheckedStats {
        let sums = self.with(&mut Facts::new(), |register, _, _| register.sums);
        let sums = sums.unwrap_or(Register::new().sums);
        CheckedStats {
            blocks: sums.blocks,
            bytes: sums.in_use(),
            peak: sums.peak,
            allocations: sums.serial,
            waiting_blocks: sums.waiting.blocks,
            waiting_bytes: sums.waiting.bytes,
            reused: sums.reused,
            unrecorded: sums.unrecorded,
            lost: sums.lost,
            untold: sums.untold,
            records: self.ledger.snapshot().claimed,
        }
    }

    /// Runs `f` with what is known, and adds what it came upon that was broken. `None` if this is the backing of the layer's own ledger, come
    /// back: nothing is done then.
    fn with<R>(&self, facts: &mut Facts, f: impl FnOnce(&mut Register, &Room<'_>, &mut Facts) -> R) -> Option<R> {
        let _turn = Turn::enter(&self.access);
        if !L::EXCLUDES && self.foreign.get() {
            return None;
        }
        // SAFETY: others are kept out. Where no lock does that there is one thread, and the one foreign code that runs in `f`, the backing,
        // was stopped just now: this is the only reference until `f` ends.
        let register = unsafe { &mut *self.register.get() };
        register.reach();
        let result = f(register, &Room { spans: &self.ledger, foreign: &self.foreign }, facts);
        register.broken(facts);
        Some(result)
    }

    /// Where the program is that has to do with a block of so many bytes, as far as can be known. Nothing is locked.
    #[inline(always)]
    fn site_for(&self, bytes: usize) -> Site {
        self.hooks.site_for(bytes)
    }

    /// Tells of what was found, by whom it was done now, and of which address and layout.
    fn tell_all(&self, facts: &Facts, now: &Site, by: FoundBy, given: Option<(usize, core::alloc::Layout)>) {
        if !facts.is_empty() {
            self.tell_each(facts, now, by, given);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_each(&self, facts: &Facts, now: &Site, by: FoundBy, given: Option<(usize, core::alloc::Layout)>) {
        // It was not asked for a block that is not sampled.
        let does = matches!(by, FoundBy::Alloc | FoundBy::Free | FoundBy::Realloc);
        let now = if does && *now == Site::UNKNOWN { self.hooks.site() } else { *now };
        for fact in facts.iter() {
            let Some(finding) = self.finding(fact, now, by, given) else { continue };
            if !self.hooks.tell(&finding, by) {
                self.with(&mut Facts::new(), |register, _, _| register.sums.untold += 1);
            }
        }
    }

    /// A fact with all that is known of it.
    fn finding(
        &self,
        fact: &Fact,
        now: Site,
        by: FoundBy,
        given: Option<(usize, core::alloc::Layout)>,
    ) -> Option<Finding> {
        let info = |known| self.with(&mut Facts::new(), |register, _, _| register.info(known));
        let (address, layout) = given.unwrap_or((0, core::alloc::Layout::new::<u8>()));
        Some(match fact {
            Fact::FreedTwice(known) => Finding::FreedTwice { block: info(known)?, by, now },
            Fact::NotABlock(inside) => {
                let inside = inside.as_ref().and_then(info);
                let owner = self.hooks.owner(address);
                Finding::NotABlock { address, given: layout, inside, owner, by, now }
            }
            Fact::WrongLayout(known) => Finding::WrongLayout { block: info(known)?, given: layout, by, now },
            Fact::WrittenPast(known, side, damage) => {
                Finding::WrittenPast { block: info(known)?, side: *side, damage: *damage, by, now }
            }
            Fact::WrittenAfterFree(known, damage) => {
                Finding::WrittenAfterFree { block: info(known)?, damage: *damage, by }
            }
            Fact::HandedOutTwice(known) => Finding::HandedOutTwice { block: info(known)?, now },
            Fact::RecordsBroken(records) => Finding::RecordsBroken { records: *records },
            Fact::RecordsFull(records) => Finding::RecordsFull { records: *records },
        })
    }
}

impl<H, B: Backing, L: Kind> Drop for Checked<H, B, L> {
    /// The layer's own memory goes back to its backing. Blocks that wait are the heap's affair: [`trim`](Checked::trim) gives them back before.
    fn drop(&mut self) {
        self.with(&mut Facts::new(), |register, room, _| register.give_back(room));
    }
}

impl<H: fmt::Debug, B: Backing, L: Kind> fmt::Debug for Checked<H, B, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.stats();
        f.debug_struct("Checked").field("heap", &self.heap).field("stats", &stats).finish_non_exhaustive()
    }
}

/// What a [`Checked`] heap has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedStats {
    /// Blocks in use.
    pub blocks: usize,
    /// Their bytes, as they were asked for.
    pub bytes: usize,
    /// The most bytes that were ever in use at once.
    pub peak: usize,
    /// How often something was allocated, or tried to be.
    pub allocations: usize,
    /// Blocks that were freed and wait.
    pub waiting_blocks: usize,
    /// Their bytes.
    pub waiting_bytes: usize,
    /// Blocks that have waited and went back to the heap. While it is 0, no memory was used twice but that of blocks too large to wait.
    pub reused: usize,
    /// Blocks in use that have no record, as there was no memory for one.
    pub unrecorded: usize,
    /// Records that were written over.
    pub lost: usize,
    /// Findings that nobody was told of, as somebody was being told of another one.
    pub untold: usize,
    /// Bytes that the layer has claimed for itself.
    pub records: usize,
}

impl fmt::Display for CheckedStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CheckedStats { blocks, bytes, peak, allocations, waiting_blocks, waiting_bytes, records, .. } = self;
        write!(
            f,
            "{bytes} bytes in {blocks} blocks, {peak} at the peak, {allocations} allocations; \
             {waiting_bytes} bytes in {waiting_blocks} blocks wait; {records} bytes of records"
        )
    }
}

/// A pointer of a user's.
fn given(memory: *mut u8) -> Option<NonNull<u8>> {
    NonNull::new(memory)
}
