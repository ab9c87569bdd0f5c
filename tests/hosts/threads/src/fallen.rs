//! Threads that are ended inside the allocator, in whose hands a lock stays (h35): a backing that does not come back has them there.

use core::alloc::Layout;
use core::mem::forget;
use core::sync::atomic::{AtomicU32, Ordering};

use freehold::backing::{Backing, Grant, Request};
use freehold::{Heap, Ledger, MemoryGrow, Obstacle, SharedPool};

/// Grows memory, but takes its time.
struct Late(MemoryGrow);

/// How many turns it takes; all there are is for ever.
static TURNS: AtomicU32 = AtomicU32::new(0);
/// Set when somebody has come there.
static INSIDE: AtomicU32 = AtomicU32::new(0);

// SAFETY: what `MemoryGrow` gives is passed on as it is.
unsafe impl Backing for Late {
    fn name(&self) -> &'static str {
        "late"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        INSIDE.store(1, Ordering::Release);
        let mut turn = 0;
        while turn < TURNS.load(Ordering::Relaxed) {
            // The last number is never reached.
            turn = (turn + 1).min(u32::MAX - 1);
            core::hint::spin_loop();
        }
        self.0.claim(request)
    }
}

static LEDGER: Ledger<Late> = Ledger::new(Late(MemoryGrow::new()));
static POOL: SharedPool<'static, [u8; 100]> = SharedPool::shared_in(&LEDGER, "pool");
static HEAP: Heap = Heap::new_in(&LEDGER, "heap");

/// Something that claims, and what it is called. The lock that stays taken is that of the ledger, or the pool's own before it.
static CLAIMS: &[(&str, fn())] = &[
    ("a claim", || LEDGER.claim("claim", Layout::new::<[u8; 100]>()).map(forget).expect("there is memory")),
    ("a shared pool", || forget(POOL.alloc([7; 100]))),
    ("a heap", || {
        // SAFETY: the size is not 0.
        let block = unsafe { core::alloc::GlobalAlloc::alloc(&HEAP, Layout::new::<[u8; 100]>()) };
        assert!(!block.is_null(), "there is memory");
    }),
];

/// For the script: how many there are.
#[unsafe(no_mangle)]
extern "C" fn claims() -> usize {
    CLAIMS.len()
}

/// For the script: says what this one is called.
#[unsafe(no_mangle)]
extern "C" fn name_claim(which: usize) {
    freehold_guest::say(CLAIMS[which].0);
}

/// For the script: so many turns from now on.
#[unsafe(no_mangle)]
extern "C" fn set_turns(turns: u32) {
    TURNS.store(turns, Ordering::Relaxed);
}

/// For the script: whether somebody has come to the backing.
#[unsafe(no_mangle)]
extern "C" fn is_inside() -> bool {
    INSIDE.load(Ordering::Acquire) != 0
}

/// Claims.
#[unsafe(no_mangle)]
extern "C" fn claim_this(which: usize) {
    (CLAIMS[which].1)();
}
