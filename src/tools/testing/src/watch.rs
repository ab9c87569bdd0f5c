//! What one thread does while it has a closure watched.

use std::cell::Cell;
use std::hint::black_box;
use std::thread;

use crate::counts::Counts;
use crate::lost::{self, Run};
use crate::own::{is_own, own};
use crate::record;

thread_local! {
    // Without a destructor: it is there as long as the thread is, and costs a look.
    static HERE: Here = const { Here::new() };
}

/// What is known of this thread.
struct Here {
    /// How many closures are being watched, each in the one before.
    depth: Cell<usize>,
    /// Set until an allocator that counts was seen.
    probing: Cell<bool>,
    look: Cell<Option<fn() -> usize>>,
    /// All that was counted since the thread began.
    sums: Cell<Counts>,
    refusing: Cell<Refusing>,
}

/// Which allocation is to be refused, and what became of that.
#[derive(Clone, Copy)]
pub(crate) struct Refusing {
    /// The how manieth from now on; 0 if none is.
    at: usize,
    /// The size of the one that was refused.
    pub refused: Option<usize>,
    /// Blocks that are allocated belong to this run.
    run: Run,
    /// The thread has panicked before: where that doesn't unwind it is said to do so ever after, and a new one can't be told from that.
    panicked: bool,
}

impl Refusing {
    const NOTHING: Refusing = Refusing { at: 0, refused: None, run: Run::NONE, panicked: false };
}

impl Here {
    const fn new() -> Here {
        Here {
            depth: Cell::new(0),
            probing: Cell::new(false),
            look: Cell::new(None),
            sums: Cell::new(Counts::NONE),
            refusing: Cell::new(Refusing::NOTHING),
        }
    }
}

/// What the allocator is asked for.
pub(crate) enum Ask {
    Block,
    Resize,
}

/// Whether this thread is watched now.
#[inline]
pub(crate) fn watches(look: Option<fn() -> usize>) -> bool {
    HERE.with(|here| {
        if is_own() && here.probing.replace(false) {
            here.look.set(look);
        }
        here.depth.get() > 0 && !is_own()
    })
}

/// Counts what is asked for. `false` if it is to be refused.
pub(crate) fn asks(ask: Ask, size: usize) -> bool {
    HERE.with(|here| {
        let mut sums = here.sums.get();
        match ask {
            Ask::Block => sums.allocations = sums.allocations.wrapping_add(1),
            Ask::Resize => sums.resizes = sums.resizes.wrapping_add(1),
        }
        sums.bytes = sums.bytes.wrapping_add(size);
        here.sums.set(sums);
        let mut refusing = here.refusing.get();
        // What a panic needs for its message it gets, or the program ends.
        if thread::panicking() && !refusing.panicked {
            return true;
        }
        let refuses = refusing.at == 1;
        refusing.at = refusing.at.saturating_sub(1);
        if refuses {
            refusing.refused = Some(size);
        }
        here.refusing.set(refusing);
        !refuses
    })
}

/// A block was handed out, if there was one.
pub(crate) fn came(block: *mut u8, size: usize) {
    if !block.is_null() {
        lost::came(block, HERE.with(|here| here.refusing.get().run));
        own(|| record::came(block.addr(), size));
    }
}

/// A block has another size, and perhaps another place.
pub(crate) fn moved(from: *mut u8, to: *mut u8, size: usize) {
    own(|| {
        record::went(from.addr());
        record::came(to.addr(), size);
    });
}

/// A block is freed.
#[inline]
pub(crate) fn frees(block: *mut u8) {
    if watches(None) {
        HERE.with(|here| {
            let sums = here.sums.get();
            here.sums.set(Counts { frees: sums.frees.wrapping_add(1), ..sums });
        });
        own(|| record::went(block.addr()));
    }
}

/// A closure that is watched, until this is dropped: also by a panic that goes through.
pub(crate) struct Watch {
    sums: Counts,
    outer: Refusing,
    /// What was to be refused when it was disarmed.
    held: Cell<usize>,
    record: record::From,
}

impl Watch {
    /// From now on what this thread does is counted. Panics if the program's allocator doesn't count.
    #[track_caller]
    pub fn begin() -> Watch {
        Watch::refusing_as(HERE.with(|here| here.refusing.get()))
    }

    /// The same, with the `at`th allocation refused, and what is allocated known as the run's.
    #[track_caller]
    pub fn refusing(at: usize, run: Run) -> Watch {
        Watch::refusing_as(Refusing { at, refused: None, run, panicked: thread::panicking() })
    }

    /// Refuses nothing until it is dropped, now that something is to be said.
    pub fn disarm(&self) {
        HERE.with(|here| {
            let refusing = here.refusing.get();
            self.held.set(refusing.at);
            here.refusing.set(Refusing { at: 0, ..refusing });
        });
    }

    #[track_caller]
    fn refusing_as(refusing: Refusing) -> Watch {
        if !own(counts) {
            panic!(
                "the program's allocator counts nothing: \
                 `#[global_allocator] static HEAP: Counted<System> = Counted::new(System);` is one that does"
            );
        }
        survive_panics();
        let record = own(record::begin);
        HERE.with(|here| {
            here.depth.set(here.depth.get() + 1);
            Watch { sums: here.sums.get(), outer: here.refusing.replace(refusing), held: Cell::new(0), record }
        })
    }

    /// What was counted since it began.
    pub fn counts(&self) -> Counts {
        HERE.with(|here| here.sums.get()).since(&self.sums)
    }

    /// What was refused.
    pub fn refused(&self) -> Option<usize> {
        HERE.with(|here| here.refusing.get().refused)
    }

    /// What was written down since it began.
    pub fn record(&self) -> &record::From {
        &self.record
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        HERE.with(|here| {
            let inner = here.refusing.replace(self.outer);
            // A check in a closure with which one is to be refused counts for that, and refuses for it: also after it has failed, if somebody
            // catches that.
            if inner.run == self.outer.run {
                here.refusing.set(Refusing { at: inner.at.max(self.held.get()), ..inner });
            }
            here.depth.set(here.depth.get() - 1);
            if here.depth.get() == 0 {
                own(record::clear);
            }
        });
    }
}

/// Whether the program's allocator counts.
fn counts() -> bool {
    HERE.with(|here| here.probing.set(true));
    drop(black_box(Box::new(black_box(1_u8))));
    !HERE.with(|here| here.probing.replace(false))
}

/// Where a panic doesn't unwind, nothing is dropped, and the page may go on: to the next test.
#[cfg(all(target_family = "wasm", panic = "abort"))]
fn survive_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    own(|| {
        ONCE.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                HERE.with(|here| {
                    here.depth.set(0);
                    crate::own::is_left();
                    here.refusing.set(Refusing::NOTHING);
                });
                told(panic);
            }));
        });
    });
}

#[cfg(not(all(target_family = "wasm", panic = "abort")))]
fn survive_panics() {}

/// Calls what was given to the allocator to look for faults: how many it found.
pub(crate) fn look() -> usize {
    HERE.with(|here| here.look.get()).map_or(0, |look| look())
}
