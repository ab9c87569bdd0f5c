//! A process that forks while its threads are in the allocator (h33).

#![cfg(all(unix, not(any(miri, target_family = "wasm"))))]

use std::alloc::{GlobalAlloc, Layout};
use std::env;
use std::hint::black_box;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use freehold::backing::{Backing, Grant, Loan, Request};
use freehold::{DefaultBacking, Heap, Hosted, Ledger, Obstacle};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// A heap on a ledger of its own.
static SECOND: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static SECOND_HEAP: Heap = Heap::new_in(&SECOND, "second");

/// A heap whose ledger's memory is blocks of the first heap's: while the one ledger is locked, the other heap is entered.
#[cfg(feature = "collections")]
mod lent {
    use freehold::backing::Over;
    use freehold::{Heap, Ledger};

    static LENT: Ledger<Over<&Heap>> = Ledger::new(Over::new(&super::HEAP));
    pub static HEAP: Heap = Heap::new_in(&LENT, "lent");
}

/// One test at a time: while the second is in an allocator, the first could not fork.
static ALONE: Mutex<()> = Mutex::new(());

const THREADS: usize = 4;
const FORKS: usize = 200;
const BLOCKS: usize = 10_000;

/// Allocates and frees on every heap.
fn work(step: usize) {
    // Of lists, of slabs, of the ledger.
    for size in [24 + step % 200, 700, 5000 + step % 3000, 40_000] {
        drop(black_box(vec![step as u8; size]));
        one(&SECOND_HEAP, size);
        #[cfg(feature = "collections")]
        one(&lent::HEAP, size.max(2000));
    }
}

fn one(heap: &Heap, size: usize) {
    let layout = Layout::array::<u8>(size).expect("a layout");
    // SAFETY: the layout has bytes.
    let block = unsafe { heap.alloc(layout) };
    assert!(!block.is_null());
    // SAFETY: a block of that size, just allocated.
    unsafe { block.write_bytes(1, size) };
    // SAFETY: it was allocated for this layout, and is not used any more.
    unsafe { heap.dealloc(block, layout) };
}

/// How long a child may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Forks; `child` runs in the child. `None` if it hangs.
fn fork(child: impl FnOnce()) -> Option<i32> {
    // SAFETY: the child calls the crate, which is what is tested, and ends without a destructor.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        child();
        // SAFETY: it ends this process.
        unsafe { libc::_exit(0) };
    }
    let start = Instant::now();
    let mut status = 0;
    // SAFETY: the status is written to where there is room for it.
    while unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } == 0 {
        if start.elapsed() > PATIENCE {
            // SAFETY: the child is this process's own, and still there.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            // SAFETY: as above.
            unsafe { libc::waitpid(pid, &mut status, 0) };
            return None;
        }
        thread::sleep(Duration::from_micros(200));
    }
    Some(status)
}

/// Whatever the other threads were doing in the allocator, the child finds it whole.
#[test]
fn h33_a_child_goes_on_allocating() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..).take_while(|_| !stop.load(Relaxed)).for_each(work));
        }
        let hung = (0..FORKS).find(|_| fork(|| (0..BLOCKS / 10).for_each(work)) != Some(0));
        stop.store(true, Relaxed);
        assert_eq!(hung, None, "the fork whose child did not end well");
    });
    // The parent's own locks are all given back.
    work(0);
}

/// Heaps that nobody has used yet, all on one ledger.
static FRESH: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static FRESH_HEAPS: [Heap; 4] = [const { Heap::new_in(&FRESH, "fresh") }; 4];

/// Set in a process that has this test only, on its first thread.
const ON_ITS_OWN: &str = "FREEHOLD_TEST_FORKS_ON_ITS_OWN";

/// Heaps and their ledger are whole in the child from their first use on. Each of these children starts anew, with threads of its own. To begin
/// them, no other thread may have been beginning one when the child was forked: the C library has locks for that.
#[test]
fn h33_a_fork_beside_the_first_use() {
    if env::var_os(ON_ITS_OWN).is_none() {
        let mut on_its_own = Command::new(env::current_exe().expect("a path"));
        on_its_own.args(["--exact", "h33_a_fork_beside_the_first_use", "--test-threads=1"]).env(ON_ITS_OWN, "1");
        let output = on_its_own.output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
        return;
    }
    let use_all = |step| {
        FRESH_HEAPS.iter().for_each(|heap| [24, 700, 5000].iter().for_each(|size: &usize| one(heap, size + step)))
    };
    for turn in 0..FORKS {
        let child = || {
            let start = Barrier::new(THREADS);
            thread::scope(|scope| {
                for _ in 1..THREADS {
                    scope.spawn(|| {
                        start.wait();
                        (0..20).for_each(use_all);
                    });
                }
                start.wait();
                (0..turn % 16).for_each(|_| thread::yield_now());
                for _ in 0..4 {
                    if fork(|| (0..20).for_each(use_all)) != Some(0) {
                        // SAFETY: it ends this process.
                        unsafe { libc::_exit(1) };
                    }
                }
            });
        };
        assert_eq!(fork(child), Some(0), "the child's child at turn {turn}");
    }
}

/// Where no fork happens, or one.
static FORKING: Ledger<Forking> = Ledger::new(Forking(Hosted::new()));
static FORKING_HEAP: Heap = Heap::new_in(&FORKING, "forking");
static FORK_NOW: AtomicBool = AtomicBool::new(false);

/// A backing that forks while its ledger is locked.
struct Forking(Hosted);

// SAFETY: the bytes are those of `Hosted`, as they are.
unsafe impl Backing for Forking {
    fn name(&self) -> &'static str {
        "forking"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        if FORK_NOW.swap(false, Relaxed) {
            assert_eq!(fork(|| ()), Some(0));
        }
        self.0.claim(request)
    }

    unsafe fn give_back(&mut self, loan: Loan) {
        // SAFETY: the caller's promise.
        unsafe { self.0.give_back(loan) };
    }
}

/// A thread that is inside an allocator itself can't wait to be out of it: as when a signal's handler forks.
#[test]
fn h33_a_fork_inside_the_allocator_goes_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    one(&FORKING_HEAP, 100);
    FORK_NOW.store(true, Relaxed);
    one(&FORKING_HEAP, 1 << 20);
    assert!(!FORK_NOW.load(Relaxed));
    one(&FORKING_HEAP, 100);
    // The locks that could be taken meanwhile were given back.
    work(1);
}
