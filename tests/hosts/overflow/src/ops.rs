//! What is done with little stack: one call of the crate's each. What it is done on, and what comes of it, lies in [`TURN`].

use alloc::alloc::{alloc, alloc_zeroed, dealloc, realloc};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use freehold::{
    Alloc, Arena, BlockPool, BoundedHeap, Claim, Heap, PoolBox, Region, SharedPool, SmallHeap, TypedArena, ledger,
};
use freehold_guest::Single;

/// A value of the shared pool and of the typed arena.
pub type Value = [u64; 75];

/// Bytes of a pool's block.
const PLACE: usize = 500;

/// Bytes that the bounded heap has: a part of what is asked of it.
const RAM_LEN: usize = 1 << 17;

#[global_allocator]
pub static HEAP: Heap = Heap::new();
static SMALL: SmallHeap = SmallHeap::new();
static BOUNDED: BoundedHeap = BoundedHeap::empty();
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];
static PLACES: Single<BlockPool<'static>> = Single(BlockPool::new_in(ledger(), "places", Layout::new::<[u8; PLACE]>()));
static SHARED: SharedPool<'static, Value> = SharedPool::shared_in(ledger(), "shared");
static ARENA: Single<UnsafeCell<Option<Arena<'static>>>> = Single(UnsafeCell::new(None));
static TYPED: Single<UnsafeCell<Option<TypedArena<'static, Value>>>> = Single(UnsafeCell::new(None));

/// A block of a heap.
#[derive(Clone, Copy)]
pub struct Block {
    pub start: NonNull<u8>,
    pub layout: Layout,
}

/// Something that was handed out.
pub enum Thing {
    Heap(Block),
    Small(Block),
    Bounded(Block),
    Claim(Claim<'static>, usize),
    Place(NonNull<u8>),
    Shared(PoolBox<Value, &'static SharedPool<'static, Value>>),
    /// It is freed with its arena.
    Arena(Block),
    Typed(Block),
}

impl Thing {
    pub fn start(&self) -> NonNull<u8> {
        match self {
            Thing::Heap(block) | Thing::Small(block) | Thing::Bounded(block) => block.start,
            Thing::Arena(block) | Thing::Typed(block) => block.start,
            Thing::Claim(claim, _) => claim.as_ptr(),
            Thing::Place(start) => *start,
            Thing::Shared(value) => NonNull::from_ref(&**value).cast(),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Thing::Heap(block) | Thing::Small(block) | Thing::Bounded(block) => block.layout.size(),
            Thing::Arena(block) | Thing::Typed(block) => block.layout.size(),
            Thing::Claim(_, len) => *len,
            Thing::Place(_) => PLACE,
            Thing::Shared(_) => size_of::<Value>(),
        }
    }
}

/// What is done.
pub struct Turn {
    pub op: Cell<usize>,
    pub layout: Cell<Layout>,
    /// What is freed or resized. It is forgotten before: where the stack ends, it may have been freed already or not.
    pub old: Cell<Option<Thing>>,
    pub new: Cell<Option<Thing>>,
}

pub static TURN: Single<Turn> = Single(Turn {
    op: Cell::new(0),
    layout: Cell::new(Layout::new::<u8>()),
    old: Cell::new(None),
    new: Cell::new(None),
});

/// What an operation frees or resizes.
pub enum Takes {
    Nothing,
    /// One of those that are held of which this is so.
    One(fn(&Thing) -> bool),
    /// All of which this is so.
    All(fn(&Thing) -> bool),
}

/// Something that can be done.
pub struct Op {
    pub name: &'static str,
    pub run: fn(),
    pub takes: Takes,
    pub weight: usize,
}

const fn op(name: &'static str, run: fn(), weight: usize, takes: Takes) -> Op {
    Op { name, run, takes, weight }
}

/// Everything that can be done.
pub static ALL: &[Op] = &[
    op("Heap::alloc", global_alloc, 20, Takes::Nothing),
    op("Heap::alloc_zeroed", global_alloc_zeroed, 5, Takes::Nothing),
    op("Heap::dealloc", give_back, 20, Takes::One(|thing| matches!(thing, Thing::Heap(_)))),
    op("Heap::realloc", global_realloc, 12, Takes::One(|thing| matches!(thing, Thing::Heap(_)))),
    op("Heap::trim", global_trim, 1, Takes::Nothing),
    op("Heap::stats", global_stats, 1, Takes::Nothing),
    op("SmallHeap::alloc", small_alloc, 10, Takes::Nothing),
    op("SmallHeap::dealloc", give_back, 8, Takes::One(|thing| matches!(thing, Thing::Small(_)))),
    op("SmallHeap::realloc", small_realloc, 5, Takes::One(|thing| matches!(thing, Thing::Small(_)))),
    op("BoundedHeap::alloc", bounded_alloc, 10, Takes::Nothing),
    op("BoundedHeap::dealloc", give_back, 8, Takes::One(|thing| matches!(thing, Thing::Bounded(_)))),
    op("BoundedHeap::realloc", bounded_realloc, 5, Takes::One(|thing| matches!(thing, Thing::Bounded(_)))),
    op("Ledger::claim", claim, 10, Takes::Nothing),
    op("Claim::drop", give_back, 10, Takes::One(|thing| matches!(thing, Thing::Claim(..)))),
    op("Ledger::snapshot", snapshot, 1, Takes::Nothing),
    op("Ledger::discard", discard, 1, Takes::Nothing),
    op("BlockPool::alloc", place, 6, Takes::Nothing),
    op("BlockPool::free", give_back, 5, Takes::One(|thing| matches!(thing, Thing::Place(_)))),
    op("SharedPool::alloc", shared, 6, Takes::Nothing),
    op("PoolBox::drop", give_back, 5, Takes::One(|thing| matches!(thing, Thing::Shared(_)))),
    op("Arena::alloc", arena_alloc, 10, Takes::Nothing),
    op("Arena::scope", arena_scope, 10, Takes::Nothing),
    op("Arena::reset", arena_reset, 2, Takes::All(|thing| matches!(thing, Thing::Arena(_)))),
    op("Arena::drop", arena_drop, 2, Takes::All(|thing| matches!(thing, Thing::Arena(_)))),
    op("TypedArena::alloc", typed_alloc, 8, Takes::Nothing),
    op("TypedArena::clear", typed_clear, 1, Takes::All(|thing| matches!(thing, Thing::Typed(_)))),
    op("TypedArena::drop", typed_drop, 1, Takes::All(|thing| matches!(thing, Thing::Typed(_)))),
];

fn hand_out(start: *mut u8, layout: Layout, thing: fn(Block) -> Thing) {
    if let Some(start) = NonNull::new(start) {
        TURN.0.new.set(Some(thing(Block { start, layout })));
    }
}

fn global_alloc() {
    let layout = TURN.0.layout.get();
    // SAFETY: no size is 0.
    hand_out(unsafe { alloc(layout) }, layout, Thing::Heap);
}

fn global_alloc_zeroed() {
    let layout = TURN.0.layout.get();
    // SAFETY: no size is 0.
    hand_out(unsafe { alloc_zeroed(layout) }, layout, Thing::Heap);
}

fn global_realloc() {
    if let Some(Thing::Heap(Block { start, layout })) = TURN.0.old.take() {
        let size = TURN.0.layout.get().size();
        // SAFETY: a block of this heap, for this layout, which nobody else uses.
        let moved = unsafe { realloc(start.as_ptr(), layout, size) };
        hand_out(moved, Layout::from_size_align(size, layout.align()).expect("a layout"), Thing::Heap);
    }
}

fn global_trim() {
    HEAP.trim();
}

fn global_stats() {
    black_box(HEAP.stats());
}

fn small_alloc() {
    let layout = TURN.0.layout.get();
    // SAFETY: no size is 0.
    hand_out(unsafe { SMALL.alloc(layout) }, layout, Thing::Small);
}

fn small_realloc() {
    if let Some(Thing::Small(Block { start, layout })) = TURN.0.old.take() {
        let size = TURN.0.layout.get().size();
        // SAFETY: a block of this heap, for this layout, which nobody else uses.
        let moved = unsafe { SMALL.realloc(start.as_ptr(), layout, size) };
        hand_out(moved, Layout::from_size_align(size, layout.align()).expect("a layout"), Thing::Small);
    }
}

fn bounded_alloc() {
    if BOUNDED.stats().held == 0 {
        let start = (&raw mut RAM).cast();
        // SAFETY: nothing else names RAM; where the stack ended in this call before, the heap has it or has not touched it.
        assert!(BOUNDED.lend(unsafe { Region::from_raw(start, RAM_LEN) }).is_ok());
    }
    let layout = TURN.0.layout.get();
    // SAFETY: no size is 0.
    hand_out(unsafe { BOUNDED.alloc(layout) }, layout, Thing::Bounded);
}

fn bounded_realloc() {
    if let Some(Thing::Bounded(Block { start, layout })) = TURN.0.old.take() {
        let size = TURN.0.layout.get().size();
        // SAFETY: a block of this heap, for this layout, which nobody else uses.
        let moved = unsafe { BOUNDED.realloc(start.as_ptr(), layout, size) };
        hand_out(moved, Layout::from_size_align(size, layout.align()).expect("a layout"), Thing::Bounded);
    }
}

fn claim() {
    let layout = TURN.0.layout.get();
    if let Ok(claim) = ledger().claim("claim", layout) {
        TURN.0.new.set(Some(Thing::Claim(claim, layout.size())));
    }
}

fn snapshot() {
    black_box(ledger().snapshot().spans().count());
}

fn discard() {
    black_box(ledger().discard(|start, len| {
        black_box((start, len));
    }));
}

fn place() {
    if let Ok(start) = PLACES.0.try_alloc() {
        TURN.0.new.set(Some(Thing::Place(start)));
    }
}

fn shared() {
    if let Ok(value) = SHARED.try_alloc([0; 75]) {
        TURN.0.new.set(Some(Thing::Shared(value)));
    }
}

/// Frees what it is done on.
pub fn give_back() {
    match TURN.0.old.take() {
        // SAFETY: a block of this heap, for this layout, which nobody uses.
        Some(Thing::Heap(Block { start, layout })) => unsafe { dealloc(start.as_ptr(), layout) },
        // SAFETY: as above.
        Some(Thing::Small(Block { start, layout })) => unsafe { SMALL.dealloc(start.as_ptr(), layout) },
        // SAFETY: as above.
        Some(Thing::Bounded(Block { start, layout })) => unsafe { BOUNDED.dealloc(start.as_ptr(), layout) },
        // SAFETY: a block of this pool, which nobody uses.
        Some(Thing::Place(start)) => unsafe { PLACES.0.free(start) },
        other => drop(other),
    }
}

/// The arena. Where the stack ended in a call, nobody uses the reference of that call any more.
fn arena() -> &'static mut Arena<'static> {
    // SAFETY: there is one thread, and each function here asks once.
    unsafe { &mut *ARENA.0.get() }.get_or_insert_with(Arena::new)
}

fn typed() -> &'static mut TypedArena<'static, Value> {
    // SAFETY: there is one thread, and each function here asks once.
    unsafe { &mut *TYPED.0.get() }.get_or_insert_with(TypedArena::new)
}

fn arena_alloc() {
    let layout = TURN.0.layout.get();
    if let Ok(start) = arena().try_alloc_layout(layout) {
        hand_out(start.as_ptr(), layout, Thing::Arena);
    }
}

/// Something in a scope, and in a scope in it: written, so that it would show if it were somebody's.
fn arena_scope() {
    let layout = TURN.0.layout.get();
    let mut scope = arena().scope();
    for _ in 0..2 {
        if let Ok(start) = scope.try_alloc_layout(layout) {
            // SAFETY: memory for this layout.
            unsafe { start.write_bytes(0xee, layout.size()) };
        }
    }
    if let Ok(start) = scope.scope().try_alloc_layout(layout) {
        // SAFETY: memory for this layout.
        unsafe { start.write_bytes(0xee, layout.size()) };
    }
}

fn arena_reset() {
    arena().reset();
}

fn arena_drop() {
    // SAFETY: there is one thread, and no other reference is used.
    drop(unsafe { &mut *ARENA.0.get() }.take());
}

fn typed_alloc() {
    if let Ok(value) = typed().try_alloc([0; 75]) {
        hand_out(NonNull::from_mut(value).cast().as_ptr(), Layout::new::<Value>(), Thing::Typed);
    }
}

fn typed_clear() {
    typed().clear();
}

fn typed_drop() {
    // SAFETY: there is one thread, and no other reference is used.
    drop(unsafe { &mut *TYPED.0.get() }.take());
}

/// Gives all back that is free.
pub fn settle_down() {
    arena_drop();
    typed_drop();
    PLACES.0.trim();
    SHARED.trim();
    HEAP.trim();
}
