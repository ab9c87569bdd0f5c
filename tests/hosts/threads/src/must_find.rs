//! What the debug layer must find, around the heap that all share: each step is done by another worker, on memory that others have grown. The first
//! worker leads.

use core::alloc::Layout;
use core::hint::spin_loop;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use freehold::{SmallHeap, ledger};
use freehold_must_find::{Bench, Hands, Room, every};

use crate::WORKER;
use crate::heap::HEAP;

const LEADER: u32 = 1;

/// Who is to do a step now; 0 if none waits.
static WHO: AtomicU32 = AtomicU32::new(0);
/// The step: a `&mut dyn FnMut()` of the leader's, who waits.
static STEP: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
/// How many others have done.
static DONE: AtomicU32 = AtomicU32::new(0);
/// Set when there are no more.
static OVER: AtomicBool = AtomicBool::new(false);

struct Workers;

impl Hands for Workers {
    fn does(&self, who: usize, mut work: &mut dyn FnMut()) {
        if who as u32 == LEADER {
            return work();
        }
        STEP.store((&raw mut work).cast(), Ordering::Relaxed);
        WHO.store(who as u32, Ordering::Release);
        while WHO.load(Ordering::Acquire) != 0 {
            spin_loop();
        }
    }
}

/// All of it, called in each worker at once.
#[unsafe(no_mangle)]
extern "C" fn must_find() {
    if WORKER.0.get() == LEADER {
        lead();
    } else {
        follow(WORKER.0.get());
    }
}

fn lead() {
    static SMALL: SmallHeap = SmallHeap::new();
    let layout = Layout::from_size_align(Room::LEN, 64).expect("a layout");
    let claim = ledger().claim("rows", layout).expect("there is memory");
    // SAFETY: the claim's own, for as long as the room is used.
    let room = unsafe { Room::new(claim.as_ptr()) };
    every(&Bench { below: &HEAP, room: &room, hands: &Workers });
    every(&Bench { below: &SMALL, room: &room, hands: &Workers });
    OVER.store(true, Ordering::Release);
}

fn follow(worker: u32) {
    while !OVER.load(Ordering::Acquire) {
        if WHO.load(Ordering::Acquire) == worker {
            let step = STEP.load(Ordering::Relaxed).cast::<&mut dyn FnMut()>();
            // SAFETY: the leader has put it there, and waits until it is done.
            let step = unsafe { &mut *step };
            step();
            DONE.fetch_add(1, Ordering::Relaxed);
            WHO.store(0, Ordering::Release);
        }
        spin_loop();
    }
}

/// For the script: how many steps were done by others than the leader.
#[unsafe(no_mangle)]
extern "C" fn steps_of_others() -> u32 {
    DONE.load(Ordering::Relaxed)
}
