//! [`Heap`]: the allocator of the whole program.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::backing::Backing;
use crate::error::AllocError;
use crate::layout::GRAIN;
use crate::ledger::{Ledger, Owners, Records, Snapshot, Spans, Want, payload_len};
use crate::platform::{self, sanitizer};
use crate::refusal;
use crate::sharing::{Needed, Shareable, Turn};

#[cfg(feature = "allocator-api2")]
mod allocator;
mod bounded;
mod class;
mod stock;
mod pages;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod place;
mod reserve;
mod resize;
mod shared;
mod slab;
#[cfg(any(unix, windows, target_family = "wasm"))]
mod small;
mod stats;
// Under Miri these would need what the crate's own tests are not permitted there, pointers from integers: the suite has its like.
#[cfg(all(test, not(miri)))]
mod tests;

pub use bounded::BoundedHeap;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub(crate) use class::LEAST_SLAB;
use class::{ALIGN, CLASSES, FINE, LARGEST, fine_class_of, span_class_of};
pub(crate) use class::{LARGEST_IN_SLAB, class_of, size_of_class};
#[cfg(any(unix, windows, target_family = "wasm"))]
pub(crate) use place::block_bytes;
#[cfg(any(unix, windows, target_family = "wasm"))]
pub use small::SmallHeap;
pub use stats::{ClassStats, HeapStats};
use stock::Stock;

/// The allocator of the whole program, on the same ledger and pages as its arenas and pools.
///
/// ```
/// #[global_allocator]
/// static HEAP: freehold::Heap = freehold::Heap::new();
///
/// let words: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
/// println!("{}", HEAP.stats());
/// # assert!(HEAP.stats().in_use >= words.len() * 24);
/// ```
///
/// | a request of | is served by | what it takes |
/// |---|---|---|
/// | up to 256 bytes | the list of its size class; a block of a slab of 4 KiB | 16-byte steps; no header |
/// | up to 1 KiB | the same, with slabs of 8 or 16 KiB | an eighth at most; no header |
/// | up to 16 KiB | the list of its size class, or the ledger; a claim of its own | a quarter at most, or more from the list of the next class; and a header of one grain |
/// | more, or aligned to more than 16 bytes | the ledger; a claim of its own | its size, and a header of one grain |
/// | up to 1 KiB, while there are few of its class, or where memory is small or short | a slab of any length that all classes share | as above, and the slab's record: some 100 bytes with its header |
///
/// A class has few blocks as long as they would not fill half a slab, or a slab would be more than a 64th of what the ledger holds. Memory is small
/// as long as that is less than 128 KiB. Then the heap takes no more for itself than a record of some 700 bytes (450 on 32 bits), and each block that
/// is not of a fine class goes back to the ledger when it is freed.
/// It is short when there is no room for a slab: then a slab of another class that has free blocks becomes one that all share. So no class
/// keeps what another needs, and a request is refused when memory is used up.
///
/// A block that is at hand is taken and given back in a few instructions, without a call. A claim takes some steps more, however many
/// there are. `realloc` stays in place where the size class stays. Else a block of up to 16 KiB moves to one that is at hand in a list; where there is
/// none, or the block is larger, it stays if the memory behind is free, and the last claim grows with memory. `alloc_zeroed` does not clear what is
/// fresh from the host. Alignments of any size are served; null means that neither the ledger nor its backing has room, and then everything is as it was.
///
/// What is freed stays in its list, to be had again at once: up to 64 blocks of a class, 8 KiB of them, and as many that were freed
/// before those, then they go back to where they came from. (A list that was empty takes all that a slab has, some 250 blocks of 16 bytes at most.)
/// Claims of more than 1 KiB, and up to 16, are all kept. Before memory grows, for whomever, the ledger asks the heap for what it keeps: free claims
/// first, then slabs without a block in use. (On hosts with 64 bits a block that grows to a megabyte or more has address space of its own; then free
/// claims are asked for afterwards, so that their pages go back.) So a program that frees everything can run again in the same memory (or nearly:
/// pieces lie elsewhere then, and may leave other gaps), and what one size had, another can have, or an arena.
///
/// A slab of 2 to 4 KiB it keeps for itself, once its ledger holds 64 KiB: requests of up to 1 KiB are met from it when nobody has memory for
/// another. So where an arena has taken the last of it, its panic can still be formatted, printed and caught.
///
/// `L` says how it is shared: as its ledger is, which is as the target needs unless you say otherwise. An interrupt handler may use it if
/// the ledger's lock keeps interrupts off: see [`Locked`](crate::sharing::Locked).
///
/// The first request of all claims the heap's record, which stays claimed even if there is no room for the request itself.
///
/// It can be an `Allocator` for single collections too (feature `allocator-api2`). One that is dropped leaves its memory to nobody:
/// it is meant for a `static`.
///
/// Many allocators serve sizes from lists without headers, jemalloc among them; a list in each slab is mimalloc's idea, the bounded
/// one in front is Bonwick's magazine; the ledger's bins are those of TLSF.
pub struct Heap<L: 'static = Needed> {
    spans: &'static dyn Spans,
    /// The same ledger's.
    records: &'static Records<L>,
    owner: &'static str,
    /// [`NONE`] before the first allocation; then the heap, for ever. It lies in a claim of its own, not in here: the ledger
    /// knows its address. Once threads stand in each other's way there, with [`CROWDED`] in its address.
    heap: AtomicPtr<Stock<L>>,
}

/// In the address of a heap: what is quick otherwise is not the way in. So whoever is quick looks at one bit.
const CROWDED: usize = 1;

/// The address of no heap. (Where there is never a crowd that is null, and no bit means anything.)
const NONE: usize = if platform::CROWDS { CROWDED } else { 0 };

// SAFETY: its ledger is one that any thread may use, and what it owns is behind a lock of the same kind.
unsafe impl<L: Shareable> Sync for Heap<L> {}
// SAFETY: it is bound to no thread.
unsafe impl<L: Shareable> Send for Heap<L> {}

impl<L: Shareable> Heap<L> {
    /// A heap on `ledger`, under the name `owner`. It claims nothing yet.
    pub const fn new_in<B: Backing>(ledger: &'static Ledger<B, L>, owner: &'static str) -> Heap<L> {
        Heap {
            spans: ledger,
            records: ledger.records(),
            owner,
            heap: AtomicPtr::new(ptr::without_provenance_mut(NONE)),
        }
    }

    /// Gives the ledger back what is free: slabs without a block in use, and free blocks that are spans of their own. Then arenas,
    /// pools and larger requests can have it. A heap that has no slab any more gives its reserve back too.
    ///
    /// That happens by itself before memory grows. It takes a step for each free block.
    pub fn trim(&self) {
        if let Some(heap) = self.heap() {
            heap.trim();
        }
    }

    /// What it holds now. What it has claimed is known by its name, so two heaps on one ledger want two names. It takes a step for each free
    /// block and each span of the ledger's. Claims made meanwhile may show.
    pub fn stats(&self) -> HeapStats {
        let (mut held, mut headers, mut unclaimed, mut pieces, mut longest) = (0, 0, 0, 0, 0);
        for span in Snapshot::spans_of(self.records, 0) {
            match span.owner {
                Some(owner) if owner == self.owner => (held, headers) = (held + span.len, headers + GRAIN),
                Some(_) => {}
                None => (unclaimed, pieces, longest) = (unclaimed + span.len, pieces + 1, span.len.max(longest)),
            }
        }
        let (mut free, mut slack) = (0, headers);
        for (class, unused) in self.each_class() {
            free += class.size * class.free;
            pieces += class.free;
            slack += unused;
        }
        let (room, records) = self.heap().map_or((0, 0), Stock::besides);
        (free, slack) = (free + room, slack.wrapping_add(records));
        // Other threads may have claimed more between the two counts.
        let free = free.min(held);
        let (in_use, peak) = (held.saturating_sub(free.saturating_add(slack)), self.records.totals().peak);
        HeapStats { held, in_use, free, peak, headers, unclaimed, pieces, longest }
    }

    /// Who has how much on its ledger.
    pub(crate) fn owners(&self) -> Owners {
        Owners::of(self.records)
    }

    /// How each size class stands, from small to large; those that have never been used are left out. It takes a step for each free block.
    pub fn classes(&self) -> impl Iterator<Item = ClassStats> {
        let classes = self.each_class().map(|(class, _)| class);
        classes.filter(|class| class.slabs + class.used + class.free > 0)
    }

    fn each_class(&self) -> impl Iterator<Item = (ClassStats, usize)> {
        let heap = self.heap();
        (0..CLASSES).filter_map(move |class| heap.map(|heap| heap.class(class)))
    }

    #[inline(always)]
    fn heap(&self) -> Option<&'static Stock<L>> {
        let heap = self.heap.load(Ordering::Acquire).map_addr(|addr| addr & !NONE);
        // SAFETY: what the pointer leads to was written before it was set, and stays for ever.
        unsafe { heap.as_ref() }
    }

    /// The heap, if there is one and no crowd in it: what is done then may be done at once.
    #[inline(always)]
    fn calm(&self) -> Option<&'static Stock<L>> {
        if !platform::CROWDS {
            return self.heap();
        }
        let heap = NonNull::new(self.heap.load(Ordering::Acquire));
        // SAFETY: it is never null where there may be crowds.
        let heap = unsafe { heap.unwrap_unchecked() };
        if heap.addr().get() & CROWDED != 0 {
            return None;
        }
        // SAFETY: as above; what has no such bit is a heap.
        Some(unsafe { heap.as_ref() })
    }

    /// [`calm`](Heap::calm), of a heap that there is.
    ///
    /// # Safety
    ///
    /// The caller owes: it has been made, as something was allocated here.
    #[inline(always)]
    unsafe fn made_calm(&self) -> Option<&'static Stock<L>> {
        if platform::CROWDS {
            return self.calm();
        }
        // SAFETY: the caller's promise.
        Some(unsafe { self.made() })
    }

    /// Has all that is quick take the other way from now on, if there is a crowd.
    #[inline]
    fn notice_crowd(&self, heap: &'static Stock<L>) {
        if self.calm().is_some() && heap.is_crowded() {
            let crowded = ptr::from_ref(heap).cast_mut().map_addr(|addr| addr | CROWDED);
            self.heap.store(crowded, Ordering::Release);
        }
    }

    /// Takes back a block of a fine class, which can't be done at once.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` is a block of this class that was allocated here, and is not used any more.
    #[cold]
    #[inline(never)]
    unsafe fn take_back_late(&self, class: usize, memory: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let heap = unsafe { self.made() };
        // SAFETY: as above.
        unsafe { heap.put_among_others(class, memory) };
        self.notice_crowd(heap);
    }

    /// The heap, made now if it is not there yet; `None` if there is no room for it.
    #[cold]
    #[inline(never)]
    fn open(&self) -> Option<&'static Stock<L>> {
        // What is watched first is held last: who has a heap's lock may wait for its ledger's, and not the other way round.
        platform::watch(self.records, || true);
        let layout = Layout::new::<Stock<L>>();
        // SAFETY: no claim is to grow.
        let payload = unsafe { stock::placed(self.spans, self.owner, 0, layout.size(), layout.align(), 0, None, 0) };
        let payload = payload.first()?;
        let fresh = payload.cast::<Stock<L>>();
        // SAFETY: the payload has room for a heap, and begins on the grain, which is enough for its alignment.
        unsafe { fresh.write(Stock::new(self.spans, self.records, self.owner)) };
        // SAFETY: it was just written. If it is published its claim is never given back, and if not, nobody keeps this.
        let heap: &'static Stock<L> = unsafe { fresh.as_ref() };
        // Of several threads that are here at once one is first, with the ledger locked.
        let publish = || {
            self.records.enlist(|others| {
                (!L::EXCLUDES || self.heap().is_none()).then(|| {
                    heap.follow(others);
                    self.heap.store(fresh.as_ptr(), Ordering::Release);
                    heap
                })
            })
        };
        if !platform::watch(heap, publish) {
            // SAFETY: it was claimed just now, and nobody else knows of it.
            unsafe { self.spans.give_back(payload) };
            return self.heap();
        }
        Some(heap)
    }

    /// The heap.
    ///
    /// # Safety
    ///
    /// The caller owes: it has been made, as something was allocated here.
    #[inline(always)]
    unsafe fn made(&self) -> &'static Stock<L> {
        // SAFETY: the caller's promise.
        unsafe { self.heap().unwrap_unchecked() }
    }

    /// Takes back what is not of a fine class.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` was allocated here for `layout`, and is not used any more.
    #[inline(never)]
    unsafe fn take_back_large(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        let heap = unsafe { self.made() };
        match Served::from(layout) {
            // SAFETY: a block that was allocated with this layout is one of its class, and the caller is done with it.
            Served::Block(class) => unsafe { heap.put_coarse(class, memory) },
            // SAFETY: as above; it is a payload of the ledger's.
            Served::Listed(class) => unsafe { heap.put_span(class, memory) },
            // SAFETY: as above.
            Served::Alone => unsafe { self.give_back_pages(memory, layout.size()) },
        }
    }

    /// A block of a fine class, for `size` bytes. The caller found the list empty in this turn.
    #[cold]
    #[inline(never)]
    fn refill(heap: &Stock<L>, class: usize, size: usize, turn: Turn<'_, L>) -> *mut u8 {
        let block = heap.refill(class, turn);
        let Some(block) = block else {
            refused(heap.spans, heap.owner, size, ALIGN);
            return ptr::null_mut();
        };
        hand_out(block, size, size_of_class(class));
        block.as_ptr()
    }

    /// Memory for `layout` that is not at hand in the list of a fine class. With `clear` it is zero where it is a span of its own.
    #[inline(never)]
    fn acquire(&self, layout: Layout, clear: bool) -> Option<NonNull<u8>> {
        let found = self.find(layout, clear);
        if found.is_none() {
            refused(self.spans, self.owner, layout.size(), layout.align());
        }
        found
    }

    #[inline]
    fn find(&self, layout: Layout, clear: bool) -> Option<NonNull<u8>> {
        let heap = self.heap().or_else(|| self.open())?;
        match Served::from(layout) {
            Served::Block(class) => {
                let block = heap.take(class)?;
                self.notice_crowd(heap);
                hand_out(block, layout.size(), size_of_class(class));
                return Some(block);
            }
            Served::Listed(class) => {
                let block = heap.take_span(class, layout.size())?;
                self.notice_crowd(heap);
                // SAFETY: such a block is a payload of this ledger's that the heap holds.
                hand_out(block, layout.size(), unsafe { payload_len(block) });
                return Some(block);
            }
            Served::Alone => {}
        }
        let memory = Self::claim(heap, layout, clear)?;
        self.took(memory, layout.size());
        Some(memory)
    }

    /// Memory for `layout` that is a span of its own whatever comes and goes. With `clear` it is zero.
    #[inline(never)]
    fn claim(heap: &Stock<L>, layout: Layout, clear: bool) -> Option<NonNull<u8>> {
        // Never none: then its payload is a grain, so that what has no bytes has an address of its own all the same, and what `copy_block` reads of
        // it is no header of the next span's.
        let placed = heap.span(layout.size().max(1), layout.align());
        let memory = placed.first()?;
        sanitizer::hand_out(memory, layout.size(), layout.size().next_multiple_of(GRAIN));
        if clear {
            // SAFETY: there is a first, so there are two.
            let (_, zero_from) = unsafe { placed.pair() };
            let dirty = zero_from.addr().get().saturating_sub(memory.addr().get()).min(layout.size());
            // SAFETY: a span of at least this size, just claimed.
            unsafe { memory.write_bytes(0, dirty) };
        }
        Some(memory)
    }

    /// Takes back what was allocated here.
    ///
    /// # Safety
    ///
    /// The caller owes: `memory` was allocated here for `layout`, and is not used any more.
    #[inline]
    unsafe fn take_back(&self, memory: NonNull<u8>, layout: Layout) {
        let Some(class) = fine_class_for(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { self.take_back_large(memory, layout) };
        };
        // SAFETY: the caller's promise.
        if let Some(heap) = unsafe { self.made_calm() } {
            // SAFETY: a block that was allocated with this layout is one of its class, and the caller is done with it.
            match unsafe { heap.put_at_once(class, memory) } {
                Ok(()) => return,
                // SAFETY: as above.
                Err(Some(turn)) => return unsafe { heap.put_late(class, memory, turn) },
                Err(None) => {}
            }
        }
        // SAFETY: as above.
        unsafe { self.take_back_late(class, memory) };
    }
}

/// What serves a layout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Served {
    /// A block of this class, which has slabs.
    Block(usize),
    /// A span of its own, of this class, which has a list.
    Listed(usize),
    /// A span of its own.
    Alone,
}

impl Served {
    #[inline(always)]
    fn from(layout: Layout) -> Served {
        match layout.size() {
            _ if layout.align() > ALIGN => Served::Alone,
            size @ ..=LARGEST_IN_SLAB => Served::Block(class_of(size)),
            size @ ..=LARGEST => Served::Listed(span_class_of(size)),
            _ => Served::Alone,
        }
    }
}

/// The class of blocks that serves `layout`, where classes are 16 bytes apart.
#[inline(always)]
fn fine_class_for(layout: Layout) -> Option<usize> {
    if layout.size() <= FINE && layout.align() <= ALIGN { Some(fine_class_of(layout.size())) } else { None }
}

/// What is on its way out, a block of a list's that has so much `room`: this thread may use it, whoever grew the memory, and `size` bytes of it
/// are in use.
#[inline(always)]
fn hand_out(block: NonNull<u8>, size: usize, room: usize) {
    platform::reach(block.addr().get() + size);
    sanitizer::hand_out(block, size, room);
}

/// Nothing was found for a request, of whichever size: the end of every way to null. Whoever is to be told is told what stood in the way. That
/// is asked for once more, as it was of no use to anybody on the way here.
#[cold]
#[inline(never)]
fn refused(spans: &dyn Spans, owner: &'static str, size: usize, align: usize) {
    if !refusal::is_told() {
        return;
    }
    // SAFETY: no claim is to grow.
    match unsafe { spans.place(owner, &Want::of(size.max(1), align)) } {
        Err(obstacle) => refusal::tell(&AllocError::new(owner, size, align, obstacle)),
        // Somebody has given memory back meanwhile.
        // SAFETY: it was claimed just now, and nobody knows of it.
        Ok(placed) => unsafe { spans.give_back(placed.payload.base()) },
    }
}

/// What a holder gives back, as this heap may use it. The holder's own pointer may reach its value only: whatever comes in goes
/// through here before it is read, linked or returned.
///
/// # Safety
///
/// The caller owes: `memory` is not null.
#[inline(always)]
unsafe fn come_back(memory: *mut u8) -> NonNull<u8> {
    // SAFETY: the caller's promise.
    platform::owned(unsafe { NonNull::new_unchecked(memory) })
}

// SAFETY: memory comes from the ledger, for this heap alone, as a span of its own or as a block of a slab, and is handed out to
// one holder at a time: a block in a list is nobody's, and leaves it when it is taken. Blocks are multiples of 16 bytes at
// multiples of 16 bytes; spans are aligned as asked. Nothing here unwinds.
unsafe impl<L: Shareable> GlobalAlloc for Heap<L> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(class) = fine_class_for(layout)
            && let Some(heap) = self.calm()
        {
            match heap.take_at_once(class) {
                Ok(block) => {
                    hand_out(block, layout.size(), size_of_class(class));
                    return block.as_ptr();
                }
                Err(Some(turn)) => return Self::refill(heap, class, layout.size(), turn),
                Err(None) => {}
            }
        }
        self.acquire(layout, false).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what was allocated is not null.
        let memory = unsafe { come_back(memory) };
        sanitizer::poison(memory, 0..layout.size());
        // SAFETY: the caller's promise.
        unsafe { self.take_back(memory, layout) };
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Served::from(layout) == Served::Alone {
            return self.acquire(layout, true).map_or(ptr::null_mut(), NonNull::as_ptr);
        }
        // SAFETY: the caller's promise.
        let memory = unsafe { self.alloc(layout) };
        if !memory.is_null() {
            // SAFETY: a block of at least this size, just allocated.
            unsafe { memory.write_bytes(0, layout.size()) };
        }
        memory
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller owes that the new size, rounded up to the alignment, does not overflow.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: the caller's promise.
        unsafe { self.change(memory, layout, new) }
    }
}
