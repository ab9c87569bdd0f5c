//! A timer's interrupt allocates, frees, claims, uses a shared pool and an arena of its own, and main does the same meanwhile: a million
//! operations each, every byte checked. What keeps them apart is the lock that a program names (`src/bin`).

#![cfg(target_os = "none")]
#![no_std]

mod bytes;
mod party;

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

use freehold::sharing::Shareable;
use freehold::{BoundedHeap, FixedPool, Heap, Ledger, Region, SharedPool};
use freehold_board::{End, end, ring_every, say, silence};

use party::Party;

/// How many operations each of the two does, at least.
const OPERATIONS: usize = 1_000_000;

/// Instructions from ring to ring. The interrupt's own operations take most of them, so main has some hundreds in between.
/// Cores without compare-and-swap have fewer instructions to choose from, and take more of them.
const PERIOD: u32 = if cfg!(target_has_atomic = "ptr") { 2200 } else { 2600 };

/// Operations at each ring. For the emulator a ring is as much work as all of them.
const AT_ONCE: usize = 2;

/// What a packet in the pool has.
pub type Packet = [u8; 96];

/// The memory of them all. There are times at which it is used up.
const RAM_LEN: usize = 64 << 10;

#[unsafe(link_section = ".uninit.heap")]
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];

const SMALL_LEN: usize = 4 << 10;

/// The other heap's.
#[unsafe(link_section = ".uninit.heap")]
static mut SMALL: [MaybeUninit<u8>; SMALL_LEN] = [MaybeUninit::uninit(); SMALL_LEN];

/// All of the first, for the one ledger that a program has.
///
/// # Safety
///
/// The caller owes: it calls this once.
pub const unsafe fn ram() -> Region<'static> {
    let start = (&raw mut RAM).cast();
    // SAFETY: nothing else names it, and the caller calls this once.
    unsafe { Region::from_raw(start, RAM_LEN) }
}

/// Places of the fixed pool.
pub const FIXED: usize = 8;

/// What main and the interrupt share, behind locks of kind `L`.
pub struct Shared<L: 'static> {
    /// All memory.
    pub ledger: &'static Ledger<Region<'static>, L>,
    /// A heap on it.
    pub heap: &'static Heap<L>,
    /// A heap with memory of its own.
    pub bounded: &'static BoundedHeap<L>,
    /// A pool on the ledger.
    pub packets: &'static SharedPool<'static, Packet, L>,
    /// A pool that has its places in itself.
    pub fixed: &'static FixedPool<Packet, FIXED, L>,
}

/// The program: what is shared, and who shares it.
pub struct Program<L: Shareable> {
    shared: Shared<L>,
    /// The interrupt's own.
    other: UnsafeCell<Option<Party<L>>>,
    /// How many operations the interrupt has done.
    done: AtomicUsize,
}

// SAFETY: the other party is the interrupt's alone while the timer runs, and main's before and after.
unsafe impl<L: Shareable> Sync for Program<L> {}

impl<L: Shareable> Program<L> {
    /// Of what is shared.
    pub const fn new(shared: Shared<L>) -> Self {
        Program { shared, other: UnsafeCell::new(None), done: AtomicUsize::new(0) }
    }

    /// Runs it; `bell` calls [`rung`](Program::rung).
    pub fn run(&'static self, bell: fn()) -> ! {
        let start = (&raw mut SMALL).cast();
        // SAFETY: nothing else names it, and a program runs once.
        let region = unsafe { Region::from_raw(start, SMALL_LEN) };
        assert!(self.shared.bounded.lend(region).is_ok());
        // SAFETY: the timer does not run yet.
        let other = unsafe { &mut *self.other.get() };
        *other = Some(Party::new(&self.shared, 1));
        let mut main = Party::new(&self.shared, 2);
        ring_every(PERIOD, bell);
        let mut done = 0;
        while done < OPERATIONS || self.done.load(Ordering::Relaxed) < OPERATIONS {
            main.operate();
            done += 1;
        }
        silence();
        // It has rung for the last time.
        // SAFETY: the timer does not run any more.
        let other = unsafe { &mut *self.other.get() };
        let other = other.take().expect("made above");
        say!("main: {done} operations, {} refused", main.end());
        say!("interrupt: {} operations, {} refused", self.done.load(Ordering::Relaxed), other.end());
        self.shared.heap.trim();
        let left = self.shared.heap.stats().in_use;
        assert_eq!(left + self.shared.bounded.stats().in_use, 0, "bytes that nobody has");
        say!("every byte was as it was written");
        end(End::Well)
    }

    /// What the interrupt does.
    pub fn rung(&'static self) {
        // SAFETY: nothing interrupts this, and main leaves it alone while the timer runs.
        let other = unsafe { &mut *self.other.get() };
        let Some(party) = other else { return };
        (0..AT_ONCE).for_each(|_| party.operate());
        self.done.store(self.done.load(Ordering::Relaxed) + AT_ONCE, Ordering::Relaxed);
    }
}

// For `program!`.
#[doc(hidden)]
pub use {freehold, freehold_board};

/// Makes the program, with locks of this kind: `program!(freehold::sharing::Needed);`.
#[macro_export]
macro_rules! program {
    ($lock:ty) => {
        static LEDGER: $crate::freehold::Ledger<$crate::freehold::Region, $lock> = $crate::freehold::Ledger::with_lock(
            // SAFETY: the only call.
            unsafe { $crate::ram() },
        );
        static HEAP: $crate::freehold::Heap<$lock> = $crate::freehold::Heap::new_in(&LEDGER, "heap");
        static BOUNDED: $crate::freehold::BoundedHeap<$lock> = $crate::freehold::BoundedHeap::empty();
        static PACKETS: $crate::freehold::SharedPool<$crate::Packet, $lock> =
            $crate::freehold::SharedPool::shared_in(&LEDGER, "packets");
        static FIXED: $crate::freehold::FixedPool<$crate::Packet, { $crate::FIXED }, $lock> =
            $crate::freehold::FixedPool::new();
        static PROGRAM: $crate::Program<$lock> = $crate::Program::new($crate::Shared {
            ledger: &LEDGER,
            heap: &HEAP,
            bounded: &BOUNDED,
            packets: &PACKETS,
            fixed: &FIXED,
        });

        fn main() -> ! {
            PROGRAM.run(|| PROGRAM.rung())
        }

        $crate::freehold_board::start!(main);
    };
}
