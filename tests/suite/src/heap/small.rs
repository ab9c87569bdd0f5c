//! [`SmallHeap`], which is on no ledger: what is known of it is where its blocks lie.

use core::alloc::GlobalAlloc;
use core::cell::RefCell;

use freehold::SmallHeap;
use freehold::backing::USUAL_PAGE;

use super::alone::program;
use super::blocks::Blocks;
use super::conformance::every_request;
use super::subject::Subject;
use super::ways::c_over;
use crate::STEPS;
use crate::choices::Seeded;
use crate::live::Live;

/// More pages than a test has blocks begin in.
const PAGES: usize = 1024;

/// A heap that takes pages by itself, and the pages in which its blocks were seen to begin.
pub struct Watched<'h> {
    heap: &'h SmallHeap,
    pages: RefCell<([usize; PAGES], usize)>,
}

impl Subject for Watched<'_> {
    type Heap = SmallHeap;

    fn heap(&self) -> &SmallHeap {
        self.heap
    }

    fn roomy(&self) -> bool {
        true
    }

    fn taken(&self) -> usize {
        self.pages.borrow().1 * USUAL_PAGE
    }

    fn check(&self, live: &Live) {
        let (pages, count) = &mut *self.pages.borrow_mut();
        for page in live.blocks().map(|block| block.place.addr().get() / USUAL_PAGE) {
            if !pages[..*count].contains(&page) {
                pages[*count] = page;
                *count += 1;
            }
        }
    }

    fn count(&self, _: &Blocks<'_, impl GlobalAlloc>) {}

    fn trim(&self) {}

    fn idle(&self) {}
}

/// Runs `work` with a heap of its own. (What it took stays taken, as SmallHeap gives nothing back.)
pub fn with_small<R>(work: impl FnOnce(&Watched<'_>) -> R) -> R {
    work(&Watched { heap: &SmallHeap::new(), pages: RefCell::new(([0; PAGES], 0)) })
}

/// Every request.
pub fn conformance() {
    with_small(|small| every_request(small));
}

/// Random programs; the same again finds its memory in the lists (h26).
pub fn model() {
    for seed in 0..if cfg!(miri) { 1 } else { 4 } {
        with_small(|small| {
            program(small, &mut Seeded::new(seed, STEPS));
            let taken = small.taken();
            assert!(taken > 0);
            program(small, &mut Seeded::new(seed, STEPS));
            assert_eq!(small.taken(), taken, "the same again took more memory");
        });
    }
}

/// By C's functions: every request, and random programs.
pub fn by_c() {
    with_small(|small| {
        if !cfg!(miri) {
            every_request(&c_over(small));
        }
        program(&c_over(small), &mut Seeded::new(7, STEPS));
    });
}
