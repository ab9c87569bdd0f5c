//! Who is told of a refusal whose text would be lost.

use crate::error::AllocError;
use crate::told::Told;

static TOLD: Told<AllocError> = Told::nobody();

/// Has `tell` called whenever the program is about to learn less than the crate knows: before a verb panics for want of room, before a
/// [`Heap`](crate::Heap) returns null, and before an arena refuses a collection's request (feature `allocator-api2`).
///
/// Take it where a panic's text goes nowhere, as on wasm32-unknown-unknown: there running out of memory is a bare `unreachable`, and what std
/// says of a null (`memory allocation of 4096 bytes failed`) names nobody. `try_` forms return their error, so nobody else is told of it.
/// [`SmallHeap`](crate::SmallHeap) and [`BoundedHeap`](crate::BoundedHeap) return null and tell nobody: they are for programs in which each
/// byte of code counts.
///
/// Nothing is locked meanwhile, so `tell` may ask a heap for its statistics or draw the map. It may allocate, too; of a refusal that
/// it runs into itself it is not told. It may not panic: that ends the program. If it never returns, as where it
/// throws through wasm and the page goes on, nobody is told of anything from then on. The last one given counts. It costs nothing until a request fails; then one load.
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
    TOLD.name(tell);
}

/// Whether anybody is told.
pub(crate) fn is_told() -> bool {
    TOLD.is_named()
}

/// Tells of a refusal, if somebody is to be told.
#[cold]
#[inline(never)]
pub(crate) fn tell(error: &AllocError) {
    let unwinding = Ends("what is told of refusals panicked");
    TOLD.tell(error);
    core::mem::forget(unwinding);
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
