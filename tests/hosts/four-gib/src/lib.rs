//! The edges of a 32-bit address space: every page of a 4 GiB memory, and life above 2 GiB.

#![cfg(target_family = "wasm")]
#![no_std]

mod top;

use core::alloc::Layout;
use core::cell::Cell;

use freehold::backing::{Backing, Grant, Request};
use freehold::{Alloc, Arena, Claim, Growth, Ledger, MemoryGrow, Obstacle, Pool, TypedArena};
use freehold_guest::{PAGE, memory_pages, say, show};

/// `MemoryGrow`, and how often it was asked: an endless loop would show here.
struct Counted<'a> {
    pages: MemoryGrow,
    asked: &'a Cell<usize>,
}

// SAFETY: this module has one thread.
unsafe impl Send for Counted<'_> {}

// SAFETY: every grant is one of `MemoryGrow`'s, which keeps the contract.
unsafe impl Backing for Counted<'_> {
    fn name(&self) -> &'static str {
        self.pages.name()
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        self.asked.set(self.asked.get() + 1);
        self.pages.claim(request)
    }
}

/// The most claims that are held at once.
const CLAIMS: usize = 64;
/// All pages there can be.
const ALL: usize = 1 << 16;

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 1).expect("a size below 2 GiB")
}

/// Writes the first and the last bytes of a claim and a few in between, and reads them back.
fn touch(claim: &Claim<'_>, mark: u8) {
    let last = claim.len() - 1;
    for offset in [0, last / 3, last / 2, last] {
        // SAFETY: the offset is less than the claim's length.
        let byte = unsafe { claim.as_ptr().add(offset) };
        // SAFETY: a byte of the claim's own memory.
        unsafe { byte.write_volatile(mark) };
    }
    holds(claim, mark);
}

fn holds(claim: &Claim<'_>, mark: u8) {
    let last = claim.len() - 1;
    for offset in [0, last / 3, last / 2, last] {
        // SAFETY: the offset is less than the claim's length.
        let byte = unsafe { claim.as_ptr().add(offset) };
        // SAFETY: a byte of the claim's own memory, written by `touch`.
        assert_eq!(unsafe { byte.read_volatile() }, mark, "{byte:?}");
    }
}

/// Every page of the memory is claimed, used, and given back; what can't be had is refused.
#[unsafe(no_mangle)]
extern "C" fn every_page() {
    let asked = Cell::new(0);
    let ledger = Ledger::new(Counted { pages: MemoryGrow::new(), asked: &asked });
    let first = memory_pages();

    // Large claims first, then what is left in ever smaller ones, down to a few bytes.
    let mut claims: [Option<Claim<'_>>; CLAIMS] = [const { None }; CLAIMS];
    let mut count = 0;
    let mut size = 1 << 30;
    while size >= 32 {
        match ledger.claim("all", bytes(size)) {
            Ok(claim) => {
                touch(&claim, count as u8);
                claims[count] = Some(claim);
                count += 1;
            }
            Err(error) => {
                assert!(matches!(error.obstacle, Obstacle::Refused { backing: "memory.grow", .. }), "{error}");
                size /= 2;
            }
        }
    }
    assert_eq!(memory_pages(), ALL);
    let snapshot = ledger.snapshot();
    say(snapshot);
    // All but the last 4 KiB of the address space, which no span reaches into.
    assert_eq!(snapshot.granted, (ALL - first) * PAGE - 4096);
    assert!(snapshot.free < 128, "{} bytes were not had", snapshot.free);
    let highest = claims.iter().flatten().map(|claim| claim.as_ptr().addr().get() + claim.len()).max();
    // As far up as it goes, but for a rest that is too small for any claim.
    assert!(highest > Some(usize::MAX - 4096 - 4 * freehold::backing::GRAIN), "{highest:x?}");
    (0..).zip(claims.iter().flatten()).for_each(|(mark, claim)| holds(claim, mark));

    // Now nothing is left: refused each time, after asking twice at most, and nothing changes.
    let (growths, already) = (ledger.growths(), asked.get());
    for _ in 0..1_000 {
        let error = ledger.claim("more", bytes(PAGE)).expect_err("no page is left");
        assert!(matches!(error.obstacle, Obstacle::Refused { .. }), "{error}");
    }
    assert!(asked.get() - already <= 2_000, "asked {} times", asked.get() - already);
    assert_eq!((ledger.growths(), memory_pages(), ledger.snapshot().claimed), (growths, ALL, snapshot.claimed));

    // All of it goes back and serves again without growing.
    claims.iter_mut().for_each(|claim| *claim = None);
    assert_eq!(ledger.snapshot().claimed, 0);
    let again = [(); 3].map(|()| ledger.claim("again", bytes(1 << 30)).expect("it was given back"));
    (7..).zip(&again).for_each(|(mark, claim)| touch(claim, mark));
    (7..).zip(&again).for_each(|(mark, claim)| holds(claim, mark));
    assert_eq!((ledger.growths(), memory_pages()), (growths, ALL));
}

/// The same without the ledger's care: whoever takes the address after the last page for an address is wrong.
#[unsafe(no_mangle)]
extern "C" fn control_end_of_last_page() -> usize {
    let missing = ALL - memory_pages();
    let start = core::arch::wasm32::memory_grow::<0>(missing) * PAGE;
    start.wrapping_add(missing * PAGE)
}

static LEDGER: Ledger<MemoryGrow> = Ledger::new(MemoryGrow::new());

/// For the script.
#[unsafe(no_mangle)]
extern "C" fn show_spans() {
    show(&LEDGER.snapshot());
}

/// Takes memory up to `end`, for good.
fn fill_up_to(end: usize) {
    while memory_pages() * PAGE < end {
        let missing = (end - memory_pages() * PAGE).min(1 << 30);
        core::mem::forget(LEDGER.claim("filler", bytes(missing - PAGE / 2)).expect("the memory is large enough"));
    }
}

/// Everything that holds values, with its state checked.
fn work(low: usize) {
    let above = |addr: usize| assert!(addr >= low, "{addr:#x} is below {low:#x}");

    let mut arena = Arena::new_in(&LEDGER, "arena").with_growth(Growth::fixed(PAGE));
    let values = arena.alloc_from_iter((0..1_000_000u32).filter(|n| n % 2 == 1));
    above(values.as_ptr().addr());
    assert!(values.iter().zip((0..).map(|n| 2 * n + 1)).all(|(value, n)| *value == n));
    let text = arena.alloc_fmt(format_args!("{:>60000}", "end"));
    assert!(text.starts_with(' ') && text.ends_with("end"));
    // It grew in place: one span, though it has taken 2 MB by and by.
    assert_eq!(LEDGER.snapshot().spans().filter(|span| span.owner == Some("arena")).count(), 1);
    arena.reset();
    for round in 0..100u64 {
        let mut scope = arena.scope();
        let outer = scope.alloc([round; 3]);
        above(core::ptr::from_mut(outer).addr());
        let inner = scope.scope();
        assert_eq!(inner.alloc_slice_fill(1_000, round).iter().sum::<u64>(), round * 1_000);
        let aligned = inner.alloc_layout(Layout::from_size_align(64, 4096).expect("a power of two"));
        assert_eq!(aligned.addr().get() % 4096, 0);
        assert_eq!(*outer, [round; 3]);
    }

    let dropped = Cell::new(0);
    struct Counter<'a>(&'a Cell<usize>);
    impl Drop for Counter<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let mut typed = TypedArena::new_in(&LEDGER, "typed arena");
    for _ in 0..10_000 {
        above(core::ptr::from_mut(typed.alloc(Counter(&dropped))).addr());
    }
    assert_eq!(typed.iter_mut().count(), 10_000);
    drop(typed);
    assert_eq!(dropped.get(), 10_000);

    let pool = Pool::new_in(&LEDGER, "pool");
    let mut boxes: [_; 500] = core::array::from_fn(|n| pool.alloc([n; 20]));
    for n in (0..500).step_by(3) {
        boxes[n] = pool.alloc([n + 1_000; 20]);
    }
    for (n, boxed) in boxes.iter().enumerate() {
        above(core::ptr::from_ref(&**boxed).addr());
        assert_eq!(**boxed, [if n % 3 == 0 { n + 1_000 } else { n }; 20]);
    }
    drop(boxes);
    assert!(pool.is_empty() && pool.trim() > 0);
}

/// A life above 2 GiB, where an address as a signed number is negative.
#[unsafe(no_mangle)]
extern "C" fn above_two_gib() {
    fill_up_to(1 << 31);
    // The rest of the last filler's page would do for small things: it is taken too.
    while let Some(free) = LEDGER.snapshot().spans().find(|span| span.owner.is_none()) {
        core::mem::forget(LEDGER.claim("filler", bytes(free.len - freehold::backing::GRAIN)).expect("it is free"));
    }
    work(1 << 31);
    say(LEDGER.snapshot());
}

const LINE: usize = 1 << 31;

/// One slice across the 2 GiB line.
#[unsafe(no_mangle)]
extern "C" fn slice_across_two_gib() {
    fill_up_to(LINE - 2 * PAGE);
    let arena = Arena::new_in(&LEDGER, "across");
    let slice = arena.alloc_slice_fill_with(PAGE, |n| n as u32);
    let range = slice.as_ptr_range();
    assert!(range.start.addr() < LINE && range.end.addr() > LINE, "{range:?}");
    assert!((0..).zip(&*slice).all(|(n, value)| *value == n));
}

/// A chunk that grows across the line, while scopes inside run ahead of the values and come back.
#[unsafe(no_mangle)]
extern "C" fn chunk_across_two_gib() {
    struct Node<'s> {
        number: u32,
        next: Option<&'s Node<'s>>,
    }
    fill_up_to(LINE - 2 * PAGE);
    let mut arena = Arena::new_in(&LEDGER, "across").with_growth(Growth::fixed(1 << 10));
    let mut scope = arena.scope();
    let mut list: Option<&Node<'_>> = None;
    let mut number = 0;
    while list.is_none_or(|last| core::ptr::from_ref(last).addr() < LINE + 2 * PAGE) {
        list = Some(scope.alloc(Node { number, next: list }));
        scope.scope().alloc_slice_fill(500, number);
        number += 1;
    }
    let numbers = core::iter::successors(list, |node| node.next).map(|node| node.number);
    assert!(numbers.eq((0..number).rev()));
    say(LEDGER.snapshot());
}
