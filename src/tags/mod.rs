//! Which part of the program has how much of the heap: ordinary `Vec`, `String`, `Box` are a tag's while its guard lives.

use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::platform;
use crate::sharing::{Access, Needed, Turn};

mod count;
mod enter;
mod global;
mod pressure;
// Under Miri these would need pointers from integers: the suite has its like.
#[cfg(all(test, not(miri)))]
mod tests;

pub use count::TagStats;
use count::{TagCount, TagSums};
use enter::{HUSHED, Thread};
pub use enter::{InTag, Polled, Tag};
pub use pressure::Pressure;

/// A heap that knows which part of the program has how much of it: put it around the program's allocator, name the parts, and give them limits.
///
/// ```
/// use freehold::Heap;
/// use freehold::tags::Tagged;
///
/// #[global_allocator]
/// static HEAP: Tagged<Heap> = Tagged::new(Heap::new()); // was: `static HEAP: Heap = Heap::new();`
///
/// let parser = HEAP.tag("parser");
/// let words: Vec<String> = {
///     let _in_it = parser.enter(); // what this thread allocates from here on is the parser's
///     "one two three".split(' ').map(String::from).collect()
/// };
/// assert_eq!(parser.stats().blocks, 4);
/// println!("{}", parser.stats()); // `parser`: 107 bytes in 4 blocks, …
/// drop(words); // wherever it is freed
/// assert_eq!((parser.stats().in_use, parser.stats().allocations), (0, 4));
/// ```
///
/// It goes around any [`GlobalAlloc`](core::alloc::GlobalAlloc): [`Heap`](crate::Heap), [`SmallHeap`](crate::SmallHeap),
/// [`BoundedHeap`](crate::BoundedHeap), [`Checked`](crate::debug::Checked) around one of these, std's `System`, another crate's. Without it there is
/// nothing of it in a program, not a byte.
///
/// - **Whose a block is.** That of the tag which its thread was in when it was allocated, for as long as it lives: whoever frees or resizes it,
///   in whatever tag or thread, it is that one's. What is allocated in no tag is that of the first, `(no tag)`.
/// - **A limit** for a tag is [`Tag::set_limit`]: what goes beyond is refused, with a null, and [`on_refusal`](crate::on_refusal) is told of the tag and its
///   numbers.
/// - **At pressure**, before anything is refused, a function of yours can drop what the program can do without: [`at_pressure`](Tagged::at_pressure).
/// - **What it costs.** A byte behind each block, which the heap rounds up: with [`Heap`](crate::Heap) that is nothing, but where a size just fills a
///   block: 16 bytes more there below 256 bytes, an eighth from 256 to 1,024, a grain or so beyond. Eight words for each of `TAGS` tags, 3 to 63, in the `static`; two of them are for what has no tag, and for
///   what there is no place for. For each block a few atomic additions. Nothing is locked, but while a tag is named for the first time: do that before
///   the program forks, or an interrupt handler names one.
///
/// # Threads
///
/// Each thread is in a tag of its own: a guard counts for the thread that it was made on, and can't go to another.
///
/// | target | where a thread's tag is |
/// |---|---|
/// | unix, Windows, WASI and Emscripten with threads | in the C library's, or Windows', storage for threads |
/// | wasm without threads, bare metal | in a `static`: what an interrupt handler allocates counts for the tag that it interrupted |
/// | other wasm with threads | stable Rust has no such place without std: [`new`](Tagged::new) doesn't compile, take [`by`](Tagged::by) |
/// | threads of an operating system without std | the same as on bare metal, unless you take `by` |
///
/// # Async
///
/// A guard that lives across an `.await` would count for whatever else runs meanwhile: so it isn't `Send`. [`Tag::in_polls`] wraps a future
/// that enters the tag for as long as it is polled, each time.
pub struct Tagged<H, const TAGS: usize = 16> {
    heap: H,
    thread: Thread,
    pressure: Option<fn(&Pressure)>,
    tags: [TagCount; TAGS],
    /// How many of them have names.
    named: AtomicUsize,
    /// Who names one more takes a turn. Used for nothing else.
    naming: Needed,
    /// Names, of which the first `named` are written and never change.
    names: UnsafeCell<[&'static str; TAGS]>,
    /// Of all tags, and the most that was marked as a peak.
    sums: TagSums,
}

// SAFETY: a name is written in a turn of `naming`, before `named` says that it is there, and never again; everything else is atomic, or the heap's.
#[cfg(not(freehold_no_lock))]
unsafe impl<H: Sync, const TAGS: usize> Sync for Tagged<H, TAGS> {}

/// What is allocated in no tag.
const UNTAGGED: &str = "(no tag)";
/// What is allocated in tags that there was no place for.
const OTHERS: &str = "(other tags)";

/// So many there may be: a block has a byte for its tag's number, and what a stray zero or a letter leaves there must be none.
const MOST_TAGS: usize = 63;

impl<H, const TAGS: usize> Tagged<H, TAGS> {
    /// Tags around `heap`.
    pub const fn new(heap: H) -> Tagged<H, TAGS> {
        const {
            assert!(
                platform::HAS_WORD,
                "on wasm with threads nobody here knows which one allocates: take `Tagged::by`, with a function that does"
            )
        };
        Tagged::with(heap, Thread::OURS)
    }

    /// The same where the program says which tag a thread is in: it keeps a number for each thread, 0 at first. `swap` returns that, and
    /// if it is given another one, keeps the other from then on.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use freehold::Heap;
    /// use freehold::tags::Tagged;
    ///
    /// thread_local! {
    ///     static TAG: Cell<usize> = const { Cell::new(0) };
    /// }
    ///
    /// #[global_allocator]
    /// static HEAP: Tagged<Heap> =
    ///     Tagged::by(Heap::new(), |new| new.map_or_else(|| TAG.get(), |new| TAG.replace(new)));
    ///
    /// let parser = HEAP.tag("parser");
    /// let text = {
    ///     let _in_it = parser.enter();
    ///     String::from("text")
    /// };
    /// assert_eq!(parser.stats().in_use, text.len());
    /// ```
    ///
    /// It is called for each block, so it must not allocate (a `thread_local!` that is `const` and has no destructor doesn't), nor panic: that ends
    /// the program.
    pub const fn by(heap: H, swap: fn(Option<usize>) -> usize) -> Tagged<H, TAGS> {
        Tagged::with(heap, Thread::theirs(swap))
    }

    const fn with(heap: H, thread: Thread) -> Tagged<H, TAGS> {
        const { assert!(TAGS > 2 && TAGS <= MOST_TAGS, "there can be 3 to 63 tags") };
        let mut names = [OTHERS; TAGS];
        names[0] = UNTAGGED;
        Tagged {
            heap,
            thread,
            pressure: None,
            tags: [const { TagCount::new() }; TAGS],
            named: AtomicUsize::new(1),
            naming: <Needed as Access>::NEW,
            names: UnsafeCell::new(names),
            sums: TagSums::new(),
        }
    }

    /// Has `drop_caches` called before a request is refused, once for each: for want of room in its tag's limit, or in the heap. Afterwards the heap
    /// is asked once more.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use freehold::Heap;
    /// use freehold::tags::{Pressure, Tagged};
    ///
    /// static CACHE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    ///
    /// fn drop_caches(_: &Pressure) {
    ///     if let Ok(mut cache) = CACHE.try_lock() { // who allocates may have it
    ///         *cache = Vec::new();
    ///     }
    /// }
    ///
    /// #[global_allocator]
    /// static HEAP: Tagged<Heap> = Tagged::new(Heap::new()).at_pressure(drop_caches);
    ///
    /// let images = HEAP.tag("images");
    /// images.set_limit(100_000);
    /// let _in_it = images.enter();
    /// *CACHE.lock().unwrap() = vec![0; 60_000];
    /// assert_eq!(vec![0_u8; 70_000].len(), 70_000); // it would be refused
    /// assert!(CACHE.lock().unwrap().is_empty());
    /// ```
    ///
    /// Nothing is locked meanwhile, so it may allocate and free here and wherever else, claim, and ask for statistics. What it allocates is the same
    /// tag's, and refused without another call. It may not panic: that ends the program. It runs wherever something is allocated: what the
    /// program has locked or borrowed there is locked still. (The heap below may tell [`on_refusal`](crate::on_refusal) that it has refused, though the
    /// request is met in the end.)
    ///
    /// Arenas and pools don't come by here. Their `try_` verbs return an error with everything as it was, so a program can drop what it can do
    /// without and call again.
    pub const fn at_pressure(mut self, drop_caches: fn(&Pressure)) -> Self {
        self.pressure = Some(drop_caches);
        self
    }

    /// The heap below, for what it has to say of itself.
    pub const fn heap(&self) -> &H {
        &self.heap
    }

    /// The tag of this name, from now on if there was none. If there is no place for another one it is the last, `(other tags)`.
    ///
    /// It takes a step for each tag: where that counts, keep what it returns.
    pub fn tag(&self, name: &'static str) -> Tag<'_> {
        let index = self.find(name).unwrap_or_else(|| self.name_one(name));
        Tag { count: &self.tags[index], name: self.name_of(index), thread: self.thread }
    }

    /// How each tag stands, what has none first.
    ///
    /// ```
    /// use freehold::Heap;
    /// use freehold::tags::Tagged;
    ///
    /// static HEAP: Tagged<Heap> = Tagged::new(Heap::new());
    /// HEAP.tag("parser");
    /// let names: Vec<_> = HEAP.tags().map(|tag| tag.name).collect();
    /// assert_eq!(names, ["(no tag)", "parser"]);
    /// ```
    pub fn tags(&self) -> impl Iterator<Item = TagStats> {
        let named = self.named.load(Ordering::Acquire);
        let others = (named < TAGS && self.tags[TAGS - 1].is_used()).then_some(TAGS - 1);
        (0..named).chain(others).map(|index| self.tags[index].stats(self.name_of(index)))
    }

    /// All tags together.
    pub fn total(&self) -> TagStats {
        self.sums.stats(&self.tags)
    }

    /// How many blocks came back with a byte behind them that is no tag's: somebody has written past their ends. They count as in use for ever. (What was
    /// written there may be another tag's byte, 0x80 and on: then that one is taken for the block's, and it is not among these.)
    /// [`Checked`](crate::debug::Checked) below would say who.
    pub fn lost(&self) -> usize {
        self.sums.lost.get()
    }

    /// From now on this thread is in no tag, whatever guards there are.
    ///
    /// Guards that are dropped see to that themselves. On wasm a call that traps drops none: where JavaScript catches that and calls again, the next
    /// call had better begin with this.
    pub fn leave(&self) {
        self.thread.set(0);
    }

    /// The number of the tag of this name.
    fn find(&self, name: &str) -> Option<usize> {
        (0..self.named.load(Ordering::Acquire)).find(|index| self.name_of(*index) == name)
    }

    /// A number for a new tag of this name.
    fn name_one(&self, name: &'static str) -> usize {
        let _turn = Turn::enter(&self.naming);
        // Somebody may have been first.
        if let Some(index) = self.find(name) {
            return index;
        }
        let index = self.named.load(Ordering::Relaxed);
        if index >= TAGS - 1 {
            return TAGS - 1;
        }
        // SAFETY: there is a place for it.
        let place = unsafe { self.names.get().cast::<&'static str>().add(index) };
        // SAFETY: nobody reads it before `named` says so, and who writes is alone.
        unsafe { place.write(name) };
        self.named.store(index + 1, Ordering::Release);
        index
    }

    /// The name of a tag that has one: or of the last.
    fn name_of(&self, index: usize) -> &'static str {
        // SAFETY: there is such a place.
        let place = unsafe { self.names.get().cast::<&'static str>().add(index.min(TAGS - 1)) };
        // SAFETY: what has a number was written, and never changes; the last was there from the start.
        unsafe { place.read() }
    }

    /// The number of the tag that a thread is in, by its word: the first if that is none of this heap's.
    fn index_of(&self, word: usize) -> usize {
        let offset = (word & !HUSHED).wrapping_sub(self.tags.as_ptr().addr());
        if offset < size_of_val(&self.tags) { offset / size_of::<TagCount>() } else { 0 }
    }
}

/// Its sums.
impl<H, const TAGS: usize> fmt::Debug for Tagged<H, TAGS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged").field("total", &self.total()).finish_non_exhaustive()
    }
}
