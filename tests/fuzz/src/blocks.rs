//! Programs of single blocks: one heap is asked for blocks of every size and alignment, has them grow and shrink, and gets them back. Every
//! byte of those in use is looked at after each step.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use freehold::backing::Backing;
use freehold::{Heap, Ledger};
use freehold_suite::choices::Choices;
use freehold_suite::heap::blocks::first_dirty;
use freehold_suite::heap::{HEAP, counting, sizes};
use freehold_suite::live::{Holder, Live};
use freehold_suite::tally;

/// So many blocks are held at once: not more than are watched.
const HELD: usize = 60;
/// So many bytes, as each is looked at so often.
const BUDGET: usize = 300_000;
const HOLDER: Holder = Holder { owner: HEAP, depth: 0 };

/// A heap, as these programs call it.
pub trait AnyHeap {
    /// Whether a block may get another alignment when it grows or shrinks.
    const REALIGNS: bool;

    /// A block, zeroed if that is asked for.
    fn allocate(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>>;

    /// Has a block grow or shrink; what it gains is zeroed if that is asked for, and the trait of the heap has that.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is of this heap, with the layout `old`, and no more in use if another is returned.
    unsafe fn change(&self, block: NonNull<u8>, old: Layout, new: Layout, zeroed: bool) -> Option<NonNull<u8>>;

    /// Frees a block.
    ///
    /// # Safety
    ///
    /// The caller owes: the block is of this heap, with this layout, and no more in use.
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout);

    /// What must hold of a block's place besides.
    fn check(&self, block: NonNull<u8>, layout: Layout);

    /// How much memory has been taken for the heap so far.
    fn taken(&self) -> usize;
}

/// A heap and its ledger, called by the trait `Allocator`, as a collection does.
pub struct Collections<'h, B> {
    /// The heap.
    pub heap: &'h Heap,
    /// Its ledger.
    pub ledger: &'h Ledger<B>,
}

impl<B: Backing> AnyHeap for Collections<'_, B> {
    const REALIGNS: bool = true;

    fn allocate(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        let block = if zeroed { self.heap.allocate_zeroed(layout) } else { self.heap.allocate(layout) };
        long_enough(block.ok()?, layout)
    }

    unsafe fn change(&self, block: NonNull<u8>, old: Layout, new: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        let changed = match (new.size() >= old.size(), zeroed) {
            // SAFETY: the caller's promise, and it does not become smaller.
            (true, true) => unsafe { self.heap.grow_zeroed(block, old, new) },
            // SAFETY: as above.
            (true, false) => unsafe { self.heap.grow(block, old, new) },
            // SAFETY: the caller's promise, and it becomes smaller.
            (false, _) => unsafe { self.heap.shrink(block, old, new) },
        };
        long_enough(changed.ok()?, new)
    }

    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.heap.deallocate(block, layout) };
    }

    /// It lies in a claim of the heap's. One of no bytes has an address there as well, and what the heap copies of it is its own.
    fn check(&self, block: NonNull<u8>, layout: Layout) {
        let (start, end) = (block.addr().get(), block.addr().get() + layout.size().max(1));
        let snapshot = self.ledger.snapshot();
        let home = snapshot.spans().find(|span| span.base < start && end <= span.base + span.len);
        assert_eq!(home.and_then(|span| span.owner), Some(HEAP), "{block:?} for {layout:?} lies in {home:?}");
    }

    fn taken(&self) -> usize {
        self.ledger.snapshot().granted
    }
}

fn long_enough(block: NonNull<[u8]>, layout: Layout) -> Option<NonNull<u8>> {
    assert!(block.len() >= layout.size(), "{block:?} for {layout:?}");
    Some(block.cast())
}

/// The program's own allocator, as `Box` and `Vec` call it.
pub struct Program<'h, H>(pub &'h H);

impl<H: GlobalAlloc> AnyHeap for Program<'_, H> {
    const REALIGNS: bool = false;

    fn allocate(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        // SAFETY: these heaps serve a size of 0 too.
        NonNull::new(if zeroed { unsafe { self.0.alloc_zeroed(layout) } } else { unsafe { self.0.alloc(layout) } })
    }

    unsafe fn change(&self, block: NonNull<u8>, old: Layout, new: Layout, _zeroed: bool) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise; the size is that of a layout of this alignment.
        NonNull::new(unsafe { self.0.realloc(block.as_ptr(), old, new.size()) })
    }

    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block.as_ptr(), layout) };
    }

    fn check(&self, _block: NonNull<u8>, _layout: Layout) {}

    fn taken(&self) -> usize {
        freehold::memory_size()
    }
}

/// Runs a program to its end, where all blocks are freed. Returned is what layouts it had blocks for.
pub fn run<H: AnyHeap>(heap: &H, choices: &mut impl Choices) -> Vec<Layout> {
    let mut held = Held { heap, live: Live::new(), blocks: [None; HELD], bytes: 0, layouts: Vec::new() };
    while let Some(choice) = choices.next() {
        held.step(choice, choices);
        held.live.check();
    }
    (0..HELD).for_each(|index| held.free(index));
    assert!(held.live.is_empty());
    held.layouts
}

/// [`run`], after which nothing of the heap's may be left in its ledger but its record.
pub fn run_collections<B: Backing>(heap: &Heap, ledger: &Ledger<B>, choices: &mut impl Choices) {
    run(&Collections { heap, ledger }, choices);
    tally::check(ledger);
    heap.trim();
    tally::check(ledger);
    assert_eq!(ledger.snapshot().claimed, counting::record(ledger));
}

/// The blocks of a program.
struct Held<'h, H> {
    heap: &'h H,
    live: Live,
    blocks: [Option<(NonNull<u8>, Layout)>; HELD],
    bytes: usize,
    layouts: Vec<Layout>,
}

impl<H: AnyHeap> Held<'_, H> {
    fn step(&mut self, choice: u32, choices: &mut impl Choices) {
        let some = choices.below(HELD as u32) as usize;
        let find = |held: bool| (0..HELD).map(|step| (some + step) % HELD).find(|i| self.blocks[*i].is_some() == held);
        let zeroed = choice & 0x10 != 0;
        match (choice % 16, find(true), find(false)) {
            (0..3, Some(index), _) => self.free(index),
            (3..8, Some(index), _) => self.change(index, zeroed, choices),
            (8, held, _) => self.too_much(held, zeroed, choices),
            (_, _, Some(index)) => self.allocate(index, zeroed, choices),
            _ => {}
        }
    }

    fn allocate(&mut self, index: usize, zeroed: bool, choices: &mut impl Choices) {
        let layout = self.layout(choices);
        let taken = self.heap.taken();
        let Some(block) = self.heap.allocate(layout, zeroed) else {
            // The first request of all may have found room for the heap's record alone.
            assert!(self.layouts.is_empty() || self.heap.taken() <= taken, "a refused request took memory");
            return;
        };
        self.heap.check(block, layout);
        if zeroed {
            // SAFETY: a block that was just allocated, and must be zero.
            let dirty = unsafe { first_dirty(block, layout.size()) };
            assert_eq!(dirty, None, "{layout:?} is not zero from there on");
        }
        // SAFETY: a block is the caller's until it is freed.
        unsafe { self.live.add(block, layout, HOLDER) };
        self.hold(index, block, layout);
    }

    fn change(&mut self, index: usize, zeroed: bool, choices: &mut impl Choices) {
        let Some((block, old)) = self.blocks[index] else { return };
        let wanted = self.layout(choices);
        let align = if H::REALIGNS && choices.below(3) == 0 { wanted.align() } else { old.align() };
        let new = Layout::from_size_align(wanted.size().max(usize::from(!H::REALIGNS)), align).expect("a layout");
        let taken = self.heap.taken();
        // SAFETY: the block is of this heap, with this layout.
        let Some(place) = (unsafe { self.heap.change(block, old, new, zeroed) }) else {
            assert!(self.heap.taken() <= taken, "a refused request took memory");
            return;
        };
        self.heap.check(place, new);
        if H::REALIGNS && zeroed && new.size() > old.size() {
            // SAFETY: inside the block that has grown.
            let gained = unsafe { place.add(old.size()) };
            // SAFETY: so many bytes were gained, and must be zero.
            let dirty = unsafe { first_dirty(gained, new.size() - old.size()) };
            assert_eq!(dirty, None, "{old:?} grown to {new:?} is not zero from there on");
        }
        // SAFETY: the block lies there now.
        unsafe { self.live.moved(block, place, old, new, HOLDER) };
        self.bytes -= old.size();
        self.hold(index, place, new);
    }

    /// More than there can be is refused, and then all is as it was.
    fn too_much(&mut self, held: Option<usize>, zeroed: bool, choices: &mut impl Choices) {
        let align = 1 << choices.below(24);
        let size = (isize::MAX as usize - (align - 1)) >> choices.below(3);
        let layout = Layout::from_size_align(size, align).expect("a layout");
        let taken = self.heap.taken();
        assert_eq!(self.heap.allocate(layout, zeroed), None);
        if let Some((block, old)) = held.and_then(|index| self.blocks[index]) {
            let size = size.min(isize::MAX as usize - (old.align() - 1));
            let new = Layout::from_size_align(size, old.align()).expect("a layout");
            // SAFETY: the block is of this heap, with this layout.
            assert_eq!(unsafe { self.heap.change(block, old, new, zeroed) }, None);
        }
        assert!(self.layouts.is_empty() || self.heap.taken() <= taken, "a refused request took memory");
    }

    fn hold(&mut self, index: usize, block: NonNull<u8>, layout: Layout) {
        self.bytes += layout.size();
        self.blocks[index] = Some((block, layout));
        self.layouts.push(layout);
    }

    fn free(&mut self, index: usize) {
        let Some((block, layout)) = self.blocks[index].take() else { return };
        self.bytes -= layout.size();
        if layout.size() > 0 {
            self.live.remove(block);
        }
        // SAFETY: the block is of this heap, with this layout, and not used any more.
        unsafe { self.heap.free(block, layout) };
    }

    /// Size and alignment are drawn without regard to each other.
    fn layout(&self, choices: &mut impl Choices) -> Layout {
        let size = match choices.below(16) {
            0..3 => 0,
            3..8 => choices.below(40) as usize,
            8..11 => choices.below(300) as usize,
            11..13 => {
                let border = sizes::classes().nth(choices.below(80) as usize).unwrap_or(16);
                border + choices.below(3) as usize - 1
            }
            13..15 => choices.below(6000) as usize,
            _ => choices.below(120_000) as usize,
        };
        let size = if self.bytes + size > BUDGET { size % 300 } else { size };
        let align = match choices.below(16) {
            0..7 => 1 << choices.below(5),
            7..13 => 1 << choices.below(10),
            13..15 => 1 << choices.below(17),
            _ => 1 << choices.below(24),
        };
        Layout::from_size_align(size, align).expect("a layout")
    }
}
