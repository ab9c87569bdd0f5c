//! An interrupt that allocates while it interrupts an allocation (h34). On a host a signal is one: its handler runs in the middle of
//! whatever the thread is at, and the thread goes on when it has ended.
//!
//! Each case is a process of its own, with one thread that the signal goes to. So there is no harness.

#[cfg(not(all(unix, not(any(miri, target_family = "wasm")))))]
fn main() {}

#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
fn main() {
    signals::main();
}

#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
mod signals {
    use std::alloc::{GlobalAlloc, Layout};
    use std::cell::Cell;
    use std::hint::black_box;
    use std::mem::{MaybeUninit, zeroed};
    use std::process::{Command, exit};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;
    use std::{env, ptr, thread};

    use freehold::sharing::{Locked, RawMutex, Spin};
    use freehold::{Alloc, Arena, BlockPool, FixedPool, Heap, Ledger, Region, SharedPool};

    /// Names a case to a process that is to be it.
    const CASE: &str = "FREEHOLD_TEST_INTERRUPTS";

    struct Case {
        name: &'static str,
        shared: fn() -> &'static dyn Work,
        ends_well: bool,
    }

    const CASES: &[Case] = &[
        Case { name: "a lock that keeps the signal off", shared: Shared::<Masked>::leaked, ends_well: true },
        #[cfg(feature = "critical-section")]
        Case {
            name: "critical-section",
            shared: Shared::<freehold::sharing::CriticalSection>::leaked,
            ends_well: true,
        },
        // The controls: the handler waits for what it interrupted, or doesn't, and finds everything half changed.
        Case { name: "a spin lock", shared: Shared::<Spin>::leaked, ends_well: false },
        Case { name: "no lock", shared: Shared::<Open>::leaked, ends_well: false },
    ];

    pub fn main() {
        match env::var(CASE) {
            Ok(name) => interrupt(CASES.iter().find(|case| case.name == name).expect("a case")),
            Err(_) => h34_an_interrupt_may_do_what_main_does(),
        }
    }

    fn h34_an_interrupt_may_do_what_main_does() {
        for Case { name, ends_well, .. } in CASES {
            let this = env::current_exe().expect("a path");
            let out = Command::new(this).env(CASE, name).output().expect("a process");
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.success(), *ends_well, "{name}: {}, {said}", out.status);
            println!("h34: {name}: {}", if *ends_well { "every byte is right" } else { "hangs or corrupts" });
        }
    }

    /// A lock that keeps the signal off while it is held, as a microcontroller's keeps interrupts off. One thread uses it, as there is one
    /// core.
    struct Masked(Cell<Option<bool>>);

    // SAFETY: the cell is used by whoever has the lock.
    unsafe impl Sync for Masked {}

    /// Keeps the signal off, or not, and says whether it was.
    fn keep_off(off: bool) -> bool {
        // SAFETY: a set of signals is plain data.
        let [mut set, mut before]: [libc::sigset_t; 2] = unsafe { zeroed() };
        // SAFETY: the set is there.
        unsafe { libc::sigemptyset(&mut set) };
        // SAFETY: as above.
        unsafe { libc::sigaddset(&mut set, libc::SIGALRM) };
        let how = if off { libc::SIG_BLOCK } else { libc::SIG_UNBLOCK };
        // SAFETY: both sets are there.
        unsafe { libc::pthread_sigmask(how, &set, &mut before) };
        // SAFETY: as above.
        unsafe { libc::sigismember(&before, libc::SIGALRM) == 1 }
    }

    // SAFETY: with the signal off there is nobody else on the one thread, but whoever has the lock already.
    unsafe impl RawMutex for Masked {
        #[allow(clippy::declare_interior_mutable_const)] // a lock's first state
        const INIT: Masked = Masked(Cell::new(None));
        type GuardMarker = ();

        fn lock(&self) {
            assert!(self.try_lock(), "entered by whoever is inside");
        }

        fn try_lock(&self) -> bool {
            let was_off = keep_off(true);
            let free = self.0.get().is_none();
            if free {
                self.0.set(Some(was_off));
            } else {
                keep_off(was_off);
            }
            free
        }

        unsafe fn unlock(&self) {
            if let Some(was_off) = self.0.take() {
                keep_off(was_off);
            }
        }
    }

    /// What `critical-section` rests on here.
    #[cfg(feature = "critical-section")]
    mod critical {
        use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

        use super::keep_off;

        struct Signals;
        critical_section::set_impl!(Signals);

        static DEPTH: AtomicUsize = AtomicUsize::new(0);
        /// Set if the signal was off before: the handler runs.
        static WAS_OFF: AtomicBool = AtomicBool::new(false);

        // SAFETY: one thread is in it, and the signal is kept off until it is left as often as it was entered.
        unsafe impl critical_section::Impl for Signals {
            unsafe fn acquire() -> critical_section::RawRestoreState {
                let was_off = keep_off(true);
                if DEPTH.fetch_add(1, Relaxed) == 0 {
                    WAS_OFF.store(was_off, Relaxed);
                }
                critical_section::RawRestoreState::default()
            }

            unsafe fn release(_: critical_section::RawRestoreState) {
                if DEPTH.fetch_sub(1, Relaxed) == 1 {
                    keep_off(WAS_OFF.load(Relaxed));
                }
            }
        }
    }

    /// No lock: everyone may come in.
    struct Open;

    // SAFETY: none. What becomes of what it guards is what the control shows.
    unsafe impl RawMutex for Open {
        const INIT: Open = Open;
        type GuardMarker = ();

        fn lock(&self) {}

        fn try_lock(&self) -> bool {
            true
        }

        unsafe fn unlock(&self) {}
    }

    const BYTES: usize = 1 << 20;

    /// What main does, and the handler too.
    trait Work: Sync {
        /// Takes of everything, sees that what it has stays its own, and gives it back.
        fn work(&self, step: usize);
    }

    /// Memory, and all that shares it, behind locks of one kind.
    struct Shared<R: RawMutex + Sync + 'static> {
        ledger: &'static Ledger<Region<'static>, Locked<R>>,
        heap: Heap<Locked<R>>,
        pool: SharedPool<'static, [usize; 9], Locked<R>>,
        blocks: BlockPool<'static, Locked<R>>,
        fixed: FixedPool<[usize; 9], 2, Locked<R>>,
    }

    impl<R: RawMutex + Sync + 'static> Shared<R> {
        fn leaked() -> &'static dyn Work {
            let memory = Vec::leak(vec![MaybeUninit::uninit(); BYTES]);
            let ledger = Box::leak(Box::new(Ledger::<_, Locked<R>>::with_lock(Region::new(memory))));
            let heap = Heap::new_in(ledger, "heap");
            let pool = SharedPool::shared_in(ledger, "pool");
            let blocks = BlockPool::shared_in(ledger, "blocks", Layout::new::<[usize; 5]>());
            Box::leak(Box::new(Shared { ledger, heap, pool, blocks, fixed: FixedPool::new() }))
        }

        /// A block of so many bytes, all of them `byte`, after it was resized; with its layout.
        fn block(&self, size: usize, byte: u8) -> (*mut u8, Layout) {
            let layout = Layout::array::<u8>(size).expect("a layout");
            // SAFETY: the layout has bytes.
            let block = unsafe { self.heap.alloc(layout) };
            assert!(!block.is_null(), "no room for {size} bytes");
            // SAFETY: so many bytes, just allocated.
            unsafe { block.write_bytes(byte, size) };
            let longer = Layout::array::<u8>(size + 500).expect("a layout");
            // SAFETY: it goes on with what is returned.
            let block = unsafe { self.heap.realloc(block, layout, longer.size()) };
            assert!(!block.is_null(), "no room for {} bytes", longer.size());
            is_all(block, size, byte);
            // SAFETY: so many bytes, just allocated.
            unsafe { block.write_bytes(byte, longer.size()) };
            (block, longer)
        }
    }

    impl<R: RawMutex + Sync + 'static> Work for Shared<R> {
        fn work(&self, step: usize) {
            let byte = step as u8 | 1;
            let bytes = |len: usize| Layout::array::<u8>(len).expect("a layout");
            // Of lists, of slabs, of the ledger.
            let sizes = [1 + step % 200, 700, 3000 + step % 5000, 40_000 + 64 * (step % 150)];
            let blocks = sizes.map(|size| self.block(size, byte));
            let arena = Arena::new_in(self.ledger, "arena");
            let values = arena.alloc_slice_fill_with(300 + step % 300, |number| number ^ step);
            let boxed = self.pool.alloc([step; 9]);
            // One is main's, the other the handler's.
            let fixed = self.fixed.alloc([step; 9]);
            let block = self.blocks.alloc();
            // SAFETY: a block of the pool's has so many bytes.
            unsafe { block.write_bytes(byte, 40) };
            let claim = self.ledger.claim("claim", bytes(5000)).expect("room");
            // SAFETY: a claim's own bytes.
            unsafe { claim.as_ptr().write_bytes(byte, claim.len()) };
            if step.is_multiple_of(16) {
                self.heap.trim();
                assert!(self.ledger.snapshot().spans().take(9).count() > 0);
                // (`discard` would hold all that is free for a moment.)
                assert_eq!(self.ledger.growths(), 1);
            }
            is_all(claim.as_ptr().as_ptr(), claim.len(), byte);
            is_all(block.as_ptr(), 40, byte);
            assert!(values.iter().enumerate().all(|(number, value)| *value == number ^ step));
            assert_eq!((*boxed, *fixed), ([step; 9], [step; 9]));
            // SAFETY: the pool's, in use, and done with.
            unsafe { self.blocks.free(block) };
            for (block, layout) in blocks {
                is_all(block, layout.size(), byte);
                // SAFETY: it was allocated with this layout, and is not used any more.
                unsafe { self.heap.dealloc(block, layout) };
            }
        }
    }

    fn is_all(start: *const u8, len: usize, byte: u8) {
        // SAFETY: so many bytes were written.
        let bytes = unsafe { std::slice::from_raw_parts(black_box(start), len) };
        assert!(bytes.iter().all(|other| *other == byte), "somebody else wrote here");
    }

    /// Set before the first signal.
    static SHARED: OnceLock<&'static dyn Work> = OnceLock::new();
    /// What main has done, and the handler.
    static STEPS: AtomicUsize = AtomicUsize::new(0);
    static TICKS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn on_alarm(_: libc::c_int) {
        if let Some(shared) = SHARED.get() {
            shared.work(TICKS.load(Relaxed));
        }
        TICKS.fetch_add(1, Relaxed);
    }

    /// So often main is interrupted in the middle of its work.
    const INTERRUPTS: usize = 2000;

    /// Works while a timer's handler does the same.
    fn interrupt(case: &Case) {
        let shared = *SHARED.get_or_init(case.shared);
        // Every other thread has the signal off.
        keep_off(true);
        thread::spawn(watch);
        keep_off(false);
        // SAFETY: a zeroed action is one without flags.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = on_alarm as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: what the handler uses is kept safe from it by a lock: that is tested.
        assert_eq!(unsafe { libc::sigaction(libc::SIGALRM, &action, ptr::null_mut()) }, 0);
        let every = libc::timeval { tv_sec: 0, tv_usec: 200 };
        let timer = libc::itimerval { it_interval: every, it_value: every };
        // SAFETY: the timer is there.
        assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, ptr::null_mut()) }, 0);
        let mut interrupted = 0;
        while interrupted < INTERRUPTS {
            let ticks = TICKS.load(Relaxed);
            shared.work(STEPS.fetch_add(1, Relaxed));
            interrupted += usize::from(TICKS.load(Relaxed) != ticks);
        }
        exit(0);
    }

    /// Ends the process if neither main nor the handler gets on.
    fn watch() {
        let got_on = || (STEPS.load(Relaxed), TICKS.load(Relaxed));
        loop {
            let before = got_on();
            thread::sleep(Duration::from_secs(8));
            if got_on() == before {
                eprintln!("hangs");
                // SAFETY: it ends this process, whatever its other thread has locked.
                unsafe { libc::_exit(1) };
            }
        }
    }
}
