//! What must not compile (h16, h18), each beside a twin that does, so that it fails for the reason given and no other.
//!
//! The tests are the documentation of this module's items; there is nothing to call.

use freehold::sharing::{RawMutex, Spin};

/// No reset while something allocated is still in use.
///
/// ```compile_fail,E0502
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let number = arena.alloc(1);
/// arena.reset();
/// *number += 1;
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let number = arena.alloc(1);
/// *number += 1;
/// arena.reset();
/// ```
pub struct H16ResetWhileBorrowed;

/// No trim either, which could give the memory back.
///
/// ```compile_fail,E0502
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let number = arena.alloc(1);
/// arena.trim();
/// *number += 1;
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let number = arena.alloc(1);
/// *number += 1;
/// arena.trim();
/// ```
pub struct H16TrimWhileBorrowed;

/// No heap is reset while something in it is still in use.
///
/// ```compile_fail,E0502
/// use allocator_api2::vec::Vec;
/// use freehold::BoundedHeap;
/// let mut heap: BoundedHeap = BoundedHeap::empty();
/// let list = Vec::<u8, _>::new_in(&heap);
/// heap.reset();
/// assert!(list.is_empty());
/// ```
/// ```
/// use allocator_api2::vec::Vec;
/// use freehold::BoundedHeap;
/// let mut heap: BoundedHeap = BoundedHeap::empty();
/// let list = Vec::<u8, _>::new_in(&heap);
/// assert!(list.is_empty());
/// drop(list);
/// heap.reset();
/// ```
#[cfg(feature = "collections")]
pub struct H16HeapResetWhileBorrowed;

/// A box that is turned into one of a `dyn` type lives no longer for that.
///
/// ```compile_fail,E0597
/// use freehold::{Alloc, Arena, ArenaBox, unsize_box};
/// let boxed: ArenaBox<dyn core::fmt::Display> = {
///     let arena = Arena::new();
///     unsize_box!(arena.alloc_box(1) => dyn core::fmt::Display)
/// };
/// assert_eq!(boxed.to_string(), "1");
/// ```
/// ```
/// use freehold::{Alloc, Arena, ArenaBox, unsize_box};
/// let arena = Arena::new();
/// let boxed: ArenaBox<dyn core::fmt::Display> = unsize_box!(arena.alloc_box(1) => dyn core::fmt::Display);
/// assert_eq!(boxed.to_string(), "1");
/// ```
pub struct H16BoxOfADynTypeKeptTooLong;

/// The outer scope is not used while the inner one is open.
///
/// ```compile_fail,E0502
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let mut outer = arena.scope();
/// let inner = outer.scope();
/// let number = outer.alloc(1);
/// inner.alloc(2);
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let mut outer = arena.scope();
/// let inner = outer.scope();
/// inner.alloc(2);
/// let number = outer.alloc(1);
/// ```
pub struct H16OuterScopeWhileInnerIsOpen;

/// Nor while something of the inner one is still in use, though the inner one itself is gone.
///
/// ```compile_fail,E0502
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let mut outer = arena.scope();
/// let number = {
///     let inner = outer.scope();
///     inner.alloc(2)
/// };
/// outer.alloc(1);
/// *number += 1;
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let mut outer = arena.scope();
/// let number = {
///     let inner = outer.scope();
///     inner.alloc(2)
/// };
/// *number += 1;
/// outer.alloc(1);
/// ```
pub struct H16OuterScopeWhileInnerIsBorrowed;

/// No second scope beside an open one: both would begin at the same byte.
///
/// ```compile_fail,E0499
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let (one, two) = (arena.scope(), arena.scope());
/// one.alloc(1);
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let (mut arena, mut other) = (Arena::new(), Arena::new());
/// let (one, two) = (arena.scope(), other.scope());
/// one.alloc(1);
/// ```
pub struct H16TwoScopesOfOneArena;

/// A collection in an arena keeps it from being reset, also through its allocator alone.
///
/// ```compile_fail,E0502
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let mut arena = Arena::new();
/// let mut numbers: Vec<u32, &Arena> = Vec::new_in(&arena);
/// arena.reset();
/// numbers.push(1);
/// ```
/// ```
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let mut arena = Arena::new();
/// let mut numbers: Vec<u32, &Arena> = Vec::new_in(&arena);
/// numbers.push(1);
/// drop(numbers);
/// arena.reset();
/// ```
#[cfg(feature = "collections")]
pub struct H16ResetUnderACollection;

/// An arena is not dropped while a collection lives in it.
///
/// ```compile_fail,E0505
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let arena = Arena::new();
/// let mut numbers = Vec::new_in(&arena);
/// numbers.push(1);
/// drop(arena);
/// numbers.push(2);
/// ```
/// ```
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let arena = Arena::new();
/// let mut numbers = Vec::new_in(&arena);
/// numbers.push(1);
/// numbers.push(2);
/// drop(numbers);
/// drop(arena);
/// ```
#[cfg(feature = "collections")]
pub struct H16DropUnderACollection;

/// A collection does not outlive the scope that it lives in.
///
/// ```compile_fail,E0597
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let mut arena = Arena::new();
/// let mut numbers;
/// {
///     let scope = arena.scope();
///     numbers = Vec::new_in(&scope);
///     numbers.push(1);
/// }
/// numbers.push(2);
/// ```
/// ```
/// use allocator_api2::vec::Vec;
/// use freehold::Arena;
/// let mut arena = Arena::new();
/// let scope = arena.scope();
/// let mut numbers;
/// {
///     numbers = Vec::new_in(&scope);
///     numbers.push(1);
/// }
/// numbers.push(2);
/// ```
#[cfg(feature = "collections")]
pub struct H16ScopeLeftUnderACollection;

/// A box in an arena, which runs its destructor, does not outlive it.
///
/// ```compile_fail,E0505
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// let text = arena.alloc_box(String::from("text"));
/// drop(arena);
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// let text = arena.alloc_box(String::from("text"));
/// drop(text);
/// drop(arena);
/// ```
pub struct H16BoxOutlivesArena;

/// An arena does not outlive its ledger, nor a ledger the memory lent to it.
///
/// ```compile_fail,E0505
/// use freehold::{Alloc, Arena, Ledger, Region};
/// let mut buffer = [core::mem::MaybeUninit::uninit(); 1000];
/// let ledger = Ledger::new(Region::new(&mut buffer));
/// let arena = Arena::new_in(&ledger, "arena");
/// drop(ledger);
/// arena.alloc(1);
/// ```
/// ```compile_fail,E0506
/// use freehold::{Alloc, Arena, Ledger, Region};
/// let mut buffer = [core::mem::MaybeUninit::uninit(); 1000];
/// let ledger = Ledger::new(Region::new(&mut buffer));
/// let arena = Arena::new_in(&ledger, "arena");
/// buffer[0] = core::mem::MaybeUninit::new(1);
/// arena.alloc(1);
/// ```
/// ```
/// use freehold::{Alloc, Arena, Ledger, Region};
/// let mut buffer = [core::mem::MaybeUninit::uninit(); 1000];
/// let ledger = Ledger::new(Region::new(&mut buffer));
/// let arena = Arena::new_in(&ledger, "arena");
/// arena.alloc(1);
/// drop(arena);
/// drop(ledger);
/// buffer[0] = core::mem::MaybeUninit::new(1);
/// ```
pub struct H16LentMemory;

/// What a typed arena iterates over does not outlive it.
///
/// ```compile_fail,E0505
/// use freehold::TypedArena;
/// let mut arena = TypedArena::new();
/// arena.alloc(1);
/// let values = arena.iter_mut();
/// drop(arena);
/// values.for_each(|value| *value += 1);
/// ```
/// ```
/// use freehold::TypedArena;
/// let mut arena = TypedArena::new();
/// arena.alloc(1);
/// let values = arena.iter_mut();
/// values.for_each(|value| *value += 1);
/// drop(arena);
/// ```
pub struct H18IteratorOutlivesArena;

/// Nor does a value that the iterator yielded, once the iterator is gone.
///
/// ```compile_fail,E0499
/// use freehold::TypedArena;
/// let mut arena = TypedArena::new();
/// arena.alloc(1);
/// let first = arena.iter_mut().next().unwrap();
/// arena.clear();
/// *first += 1;
/// ```
/// ```
/// use freehold::TypedArena;
/// let mut arena = TypedArena::new();
/// arena.alloc(1);
/// let first = arena.iter_mut().next().unwrap();
/// *first += 1;
/// arena.clear();
/// ```
pub struct H18ValueOutlivesClear;

/// An iterator that owns the arena does not outlive the ledger.
///
/// ```compile_fail,E0505
/// use freehold::{DefaultBacking, Ledger, TypedArena};
/// let ledger = Ledger::new(DefaultBacking::new());
/// let arena = TypedArena::new_in(&ledger, "typed");
/// arena.alloc(String::from("text"));
/// let values = arena.into_iter();
/// drop(ledger);
/// values.for_each(drop);
/// ```
/// ```
/// use freehold::{DefaultBacking, Ledger, TypedArena};
/// let ledger = Ledger::new(DefaultBacking::new());
/// let arena = TypedArena::new_in(&ledger, "typed");
/// arena.alloc(String::from("text"));
/// let values = arena.into_iter();
/// values.for_each(drop);
/// drop(ledger);
/// ```
pub struct H18IntoIterOutlivesLedger;

/// References into the arena may go round in circles only if no destructor can look at them.
///
/// ```compile_fail,E0597
/// use core::cell::Cell;
/// use freehold::TypedArena;
/// struct Node<'a>(Cell<Option<&'a Node<'a>>>);
/// impl Drop for Node<'_> {
///     fn drop(&mut self) {}
/// }
/// let nodes = TypedArena::new();
/// let node = nodes.alloc(Node(Cell::new(None)));
/// node.0.set(Some(node));
/// ```
/// ```
/// use core::cell::Cell;
/// use freehold::TypedArena;
/// struct Node<'a>(Cell<Option<&'a Node<'a>>>);
/// let nodes = TypedArena::new();
/// let node = nodes.alloc(Node(Cell::new(None)));
/// node.0.set(Some(node));
/// ```
pub struct H16DestructorsInCircles;

/// An arena of longer-lived values is not one of shorter-lived ones: a value that dies sooner could be put in through the shorter.
///
/// ```compile_fail,E0597
/// use freehold::TypedArena;
/// fn put<'a>(arena: &TypedArena<'_, &'a str>, text: &'a str) {
///     arena.alloc(text);
/// }
/// let mut texts: TypedArena<'_, &'static str> = TypedArena::new();
/// {
///     let text = String::from("text");
///     put(&texts, &text);
/// }
/// let text: &'static str = texts.iter_mut().next().unwrap();
/// ```
/// ```
/// use freehold::TypedArena;
/// fn put<'a>(arena: &TypedArena<'_, &'a str>, text: &'a str) {
///     arena.alloc(text);
/// }
/// let mut texts: TypedArena<'_, &'static str> = TypedArena::new();
/// {
///     let text = "text";
///     put(&texts, &text);
/// }
/// let text: &'static str = texts.iter_mut().next().unwrap();
/// ```
pub struct H16ShorterLivedValues;

/// A box does not outlive its pool.
///
/// ```compile_fail,E0505
/// use freehold::Pool;
/// let pool = Pool::new();
/// let boxed = pool.alloc(1);
/// drop(pool);
/// println!("{boxed:?}");
/// ```
/// ```
/// use freehold::Pool;
/// let pool = Pool::new();
/// let boxed = pool.alloc(1);
/// println!("{boxed:?}");
/// drop(boxed);
/// drop(pool);
/// ```
pub struct H16BoxOutlivesPool;

/// What a pool with its places in itself hands out: it may not move meanwhile.
///
/// ```compile_fail,E0505
/// use freehold::FixedPool;
/// let pool: FixedPool<u32, 3> = FixedPool::new();
/// let boxed = pool.alloc(1);
/// let moved = pool;
/// println!("{boxed}");
/// ```
/// ```compile_fail,E0597
/// use freehold::{FixedPool, PoolBox};
/// let pool: FixedPool<u32, 3> = FixedPool::new();
/// let pinned = PoolBox::into_pin(pool.alloc(1));
/// ```
/// ```
/// use freehold::FixedPool;
/// let pool: FixedPool<u32, 3> = FixedPool::new();
/// let boxed = pool.alloc(1);
/// println!("{boxed}");
/// drop(boxed);
/// let moved = pool;
/// ```
pub struct H16PoolMovesUnderABox;

/// A value that is found by its key is not removed while a reference to it is used.
///
/// ```compile_fail,E0502
/// use freehold::KeyedPool;
/// let mut pool = KeyedPool::new();
/// let key = pool.insert(1);
/// let value = &pool[key];
/// pool.remove(key);
/// println!("{value}");
/// ```
/// ```compile_fail,E0505
/// use freehold::KeyedPool;
/// let mut pool = KeyedPool::new();
/// let key = pool.insert(1);
/// let value = pool.get(key);
/// drop(pool);
/// println!("{value:?}");
/// ```
/// ```
/// use freehold::KeyedPool;
/// let mut pool = KeyedPool::new();
/// let key = pool.insert(1);
/// println!("{}", pool[key]);
/// pool.remove(key);
/// ```
pub struct H16RemoveUnderAReference;

/// A value that refers to something shorter-lived is not put into a pool.
///
/// ```compile_fail,E0597
/// use freehold::FixedPool;
/// let pool: FixedPool<&str, 3> = FixedPool::new();
/// let boxed;
/// {
///     let text = String::from("text");
///     boxed = pool.alloc(text.as_str());
/// }
/// println!("{boxed}");
/// ```
/// ```
/// use freehold::FixedPool;
/// let pool: FixedPool<&str, 3> = FixedPool::new();
/// let text = String::from("text");
/// let boxed;
/// {
///     boxed = pool.alloc(text.as_str());
/// }
/// println!("{boxed}");
/// ```
pub struct H18ValueOfAPool;

/// A claim does not outlive its ledger.
///
/// ```compile_fail,E0505
/// use freehold::{DefaultBacking, Ledger};
/// let ledger = Ledger::new(DefaultBacking::new());
/// let claim = ledger.claim("claim", core::alloc::Layout::new::<u64>()).unwrap();
/// drop(ledger);
/// println!("{}", claim.len());
/// ```
/// ```
/// use freehold::{DefaultBacking, Ledger};
/// let ledger = Ledger::new(DefaultBacking::new());
/// let claim = ledger.claim("claim", core::alloc::Layout::new::<u64>()).unwrap();
/// println!("{}", claim.len());
/// drop(claim);
/// drop(ledger);
/// ```
pub struct H16ClaimOutlivesLedger;

/// A type that needs `Drop` is not leaked in silence.
///
/// ```compile_fail,E0080
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// arena.alloc(String::from("text"));
/// ```
/// ```compile_fail,E0080
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// arena.alloc_from_iter([String::from("text")]);
/// ```
/// ```compile_fail,E0080
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// arena.alloc_uninit::<String>();
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let arena = Arena::new();
/// arena.alloc_box(String::from("text"));
/// arena.alloc("text");
/// ```
pub struct NeedsDrop;

/// A scope is bound to its thread, as the arena's chunks change under it; the arena itself may go.
///
/// ```compile_fail,E0277
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// let scope = arena.scope();
/// std::thread::scope(|threads| {
///     threads.spawn(|| scope.alloc(1));
/// });
/// ```
/// ```
/// use freehold::{Alloc, Arena};
/// let mut arena = Arena::new();
/// std::thread::scope(|threads| {
///     threads.spawn(|| {
///         let scope = arena.scope();
///         scope.alloc(1);
///     });
/// });
/// ```
pub struct H22ScopeInAnotherThread;

/// A box of an unshared pool stays on the pool's thread; one of a shared pool may go.
///
/// ```compile_fail,E0277
/// use freehold::Pool;
/// let pool = Pool::<u32>::new();
/// let boxed = pool.alloc(1);
/// std::thread::scope(|threads| {
///     threads.spawn(move || drop(boxed));
/// });
/// ```
/// ```
/// use freehold::SharedPool;
/// let pool = SharedPool::<u32>::shared_in(freehold::ledger(), "shared");
/// let boxed = pool.alloc(1);
/// std::thread::scope(|threads| {
///     threads.spawn(move || drop(boxed));
/// });
/// ```
pub struct H22BoxOfAnUnsharedPool;

/// A pool in a `static` is shared by a lock.
///
/// ```compile_fail,E0277
/// use freehold::{FixedPool, Local};
/// static POOL: FixedPool<u32, 3, Local> = FixedPool::new();
/// ```
/// ```
/// use freehold::FixedPool;
/// static POOL: FixedPool<u32, 3> = FixedPool::new();
/// ```
pub struct H22UnsharedPoolInAStatic;

/// What is shared on a ledger is behind a lock of the ledger's kind: a heap.
///
/// ```compile_fail,E0308
/// use freehold::sharing::{Locked, Spin};
/// use freehold::{DefaultBacking, Heap, Ledger};
/// # use freehold_suite::compile_fail::Mine;
/// static LEDGER: Ledger<DefaultBacking, Locked<Spin>> = Ledger::with_lock(DefaultBacking::new());
/// static HEAP: Heap<Locked<Mine>> = Heap::new_in(&LEDGER, "heap");
/// ```
/// ```
/// use freehold::sharing::Locked;
/// use freehold::{DefaultBacking, Heap, Ledger};
/// # use freehold_suite::compile_fail::Mine;
/// static LEDGER: Ledger<DefaultBacking, Locked<Mine>> = Ledger::with_lock(DefaultBacking::new());
/// static HEAP: Heap<Locked<Mine>> = Heap::new_in(&LEDGER, "heap");
/// ```
pub struct H34HeapOfAnotherKind;

/// And a shared pool, be it fixed.
///
/// ```compile_fail,E0308
/// use freehold::sharing::Locked;
/// use freehold::{DefaultBacking, Ledger, SharedPool};
/// # use freehold_suite::compile_fail::Mine;
/// let ledger = Ledger::new(DefaultBacking::new());
/// let pool = SharedPool::<u8, Locked<Mine>>::shared_fixed_in(&ledger, "pool", 3);
/// ```
/// ```
/// use freehold::sharing::Locked;
/// use freehold::{DefaultBacking, Ledger, SharedPool};
/// # use freehold_suite::compile_fail::Mine;
/// let ledger = Ledger::<_, Locked<Mine>>::with_lock(DefaultBacking::new());
/// let pool = SharedPool::<u8, Locked<Mine>>::shared_fixed_in(&ledger, "pool", 3);
/// ```
pub struct H34PoolOfAnotherKind;

/// And a ledger within another: whoever comes to the one comes to the other.
///
/// ```compile_fail,E0308
/// use freehold::sharing::Locked;
/// use freehold::{DefaultBacking, Ledger, Within};
/// # use freehold_suite::compile_fail::Mine;
/// let below = Ledger::new(DefaultBacking::new());
/// let ledger: Ledger<Within<Locked<Mine>>, Locked<Mine>> = Ledger::within(&below, "dma", "buffers");
/// ```
/// ```
/// use freehold::sharing::Locked;
/// use freehold::{DefaultBacking, Ledger, Within};
/// # use freehold_suite::compile_fail::Mine;
/// let below = Ledger::<_, Locked<Mine>>::with_lock(DefaultBacking::new());
/// let ledger: Ledger<Within<Locked<Mine>>, Locked<Mine>> = Ledger::within(&below, "dma", "buffers");
/// ```
pub struct H34LedgerWithinAnotherKind;

/// A ledger whose lock is bound to a thread, or that has none, can't be made, as what stands on it may go to another thread.
///
/// ```compile_fail,E0277
/// use freehold::sharing::Local;
/// use freehold::{DefaultBacking, Ledger};
/// let ledger = Ledger::<_, Local>::with_lock(DefaultBacking::new());
/// ```
/// ```
/// use freehold::sharing::Needed;
/// use freehold::{DefaultBacking, Ledger};
/// let ledger = Ledger::<_, Needed>::with_lock(DefaultBacking::new());
/// ```
pub struct H34LedgerWithoutALock;

/// A lock of the caller's, for what does not compile.
#[doc(hidden)]
pub struct Mine(Spin);

// SAFETY: the lock is `Spin`.
unsafe impl RawMutex for Mine {
    #[allow(clippy::declare_interior_mutable_const)] // a lock's first state
    const INIT: Mine = Mine(Spin::INIT);
    type GuardMarker = ();

    fn lock(&self) {
        self.0.lock();
    }

    fn try_lock(&self) -> bool {
        self.0.try_lock()
    }

    unsafe fn unlock(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.0.unlock() };
    }
}

/// What is bound to a thread is not sent in a box, a typed arena, or a shared pool's box.
///
/// ```compile_fail,E0277
/// use freehold::TypedArena;
/// let arena = TypedArena::new();
/// arena.alloc(std::rc::Rc::new(1));
/// std::thread::scope(|threads| {
///     threads.spawn(move || drop(arena));
/// });
/// ```
/// ```
/// use freehold::TypedArena;
/// let arena = TypedArena::new();
/// arena.alloc(std::sync::Arc::new(1));
/// std::thread::scope(|threads| {
///     threads.spawn(move || drop(arena));
/// });
/// ```
pub struct H22ValuesBoundToAThread;

/// What unsafe code trusts must be promised: a backing is an `unsafe impl`, and nobody else can be an arena.
///
/// ```compile_fail,E0200
/// use freehold::backing::{Backing, Grant, Request};
/// use freehold::Obstacle;
/// struct Mine;
/// impl Backing for Mine {
///     fn name(&self) -> &'static str {
///         "mine"
///     }
///     fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
///         Err(Obstacle::TooLarge)
///     }
/// }
/// ```
/// ```compile_fail,E0277
/// #[derive(Clone, Copy)]
/// struct Mine;
/// unsafe impl freehold::Alloc<'static> for Mine {}
/// ```
/// ```compile_fail,E0277
/// struct Mine;
/// impl freehold::sharing::Access for Mine {
///     const NEW: Mine = Mine;
///     fn enter(&self) {}
///     unsafe fn leave(&self) {}
/// }
/// ```
/// ```
/// use freehold::backing::{Backing, Grant, Request};
/// use freehold::Obstacle;
/// struct Mine;
/// // SAFETY: it never hands anything out.
/// unsafe impl Backing for Mine {
///     fn name(&self) -> &'static str {
///         "mine"
///     }
///     fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
///         Err(Obstacle::TooLarge)
///     }
/// }
/// ```
pub struct H19TraitsThatUnsafeCodeTrusts;

/// How many backings may lie behind one another where one of them lends: a loan's way back has sixteen bits.
///
/// ```compile_fail,E0080
/// use freehold::backing::Then;
/// use freehold::{Ledger, Libc, Region};
/// macro_rules! behind {
///     ($inner:expr; $($empty:literal)*) => {{
///         let backing = $inner;
///         $(let _ = $empty; let backing = Then::new(Region::new(&mut []), backing);)*
///         backing
///     }};
/// }
/// let _ = Ledger::new(behind!(Libc::new(); 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17));
/// ```
/// ```
/// use freehold::backing::Then;
/// use freehold::{Ledger, Libc, Region};
/// macro_rules! behind {
///     ($inner:expr; $($empty:literal)*) => {{
///         let backing = $inner;
///         $(let _ = $empty; let backing = Then::new(Region::new(&mut []), backing);)*
///         backing
///     }};
/// }
/// let _ = Ledger::new(behind!(Libc::new(); 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16));
/// ```
pub struct H30BackingsBehindOneAnother;
