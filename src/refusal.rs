//! Who is told of a refusal whose text would be lost.

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use crate::error::AllocError;
use crate::platform;

/// The function that is told, or null.
static TOLD: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Set while it is told.
static TELLING: AtomicBool = AtomicBool::new(false);

/// Has `tell` called whenever the program is about to learn less than the crate knows: before a verb panics for want of room, before a
/// [`Heap`](crate::Heap) returns null, and before an arena refuses a collection's request (feature `allocator-api2`).
///
/// Take it where a panic's text goes nowhere, as on wasm32-unknown-unknown: there running out of memory is a bare `unreachable`, and what std
/// says of a null (`memory allocation of 4096 bytes failed`) names nobody. `try_` forms return their error, so nobody else is told of it.
/// [`SmallHeap`](crate::SmallHeap) and [`BoundedHeap`](crate::BoundedHeap) return null and tell nobody: they are for programs in which each
/// byte of code counts.
///
/// Nothing is locked meanwhile, so `tell` may ask a heap for its statistics or draw the map. It may allocate, too; of a refusal that
/// it runs into itself it is not told. It may not panic: that ends the program. The last one given counts. It costs nothing until a request fails; then one load.
///
/// ```
/// use std::sync::Mutex;
/// use freehold::{Alloc, Arena, Ledger, Region};
///
/// static LAST: Mutex<String> = Mutex::new(String::new());
/// freehold::on_refusal(|error| *LAST.lock().unwrap() = error.to_string()); // on a page: `console.error` by an import
///
/// let mut ram = [core::mem::MaybeUninit::uninit(); 1024];
/// let ledger = Ledger::new(Region::new(&mut ram));
/// let arena = Arena::new_in(&ledger, "samples");
/// let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| arena.alloc([0; 2000]).len()));
/// assert!(outcome.is_err() && LAST.lock().unwrap().starts_with("`samples` asked for 8000 bytes"));
/// ```
pub fn on_refusal(tell: fn(&AllocError)) {
    TOLD.store(tell as *mut (), Ordering::Release);
}

/// Whether anybody is told.
pub(crate) fn is_told() -> bool {
    !TOLD.load(Ordering::Relaxed).is_null()
}

/// Tells of a refusal, if somebody is to be told.
#[cold]
#[inline(never)]
pub(crate) fn tell(error: &AllocError) {
    let told = TOLD.load(Ordering::Acquire);
    // What is told may allocate, and be refused. Two threads that are here at once may each miss the other's refusal, and no more than that.
    // (So who is told changes by `on_refusal` alone: none that was named meanwhile is lost.)
    if told.is_null() || TELLING.load(Ordering::Relaxed) {
        return;
    }
    TELLING.store(true, Ordering::Relaxed);
    // SAFETY: what is not null was stored by `on_refusal`, as such a function.
    let tell: fn(&AllocError) = unsafe { platform::function(told) };
    let unwinding = Ends("what is told of refusals panicked");
    tell(error);
    core::mem::forget(unwinding);
    TELLING.store(false, Ordering::Relaxed);
}

/// Ends the program if it is dropped by a panic that passes: an allocator may not unwind.
pub(crate) struct Ends(pub &'static str);

impl Drop for Ends {
    fn drop(&mut self) {
        panic!("{}", self.0)
    }
}

/// The end of every infallible verb that found no room.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn out_of_memory(error: AllocError) -> ! {
    tell(&error);
    panic!("{error}")
}

/// What a plain verb makes of what its `try_` form returns.
#[inline(always)]
#[track_caller]
pub(crate) fn expect_room<T>(result: Result<T, AllocError>) -> T {
    match result {
        Ok(room) => room,
        Err(error) => out_of_memory(error),
    }
}
