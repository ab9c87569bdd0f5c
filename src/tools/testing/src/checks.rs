//! No allocation, no more than so many, exactly these.

use std::panic::Location;

use crate::counts::Counts;
use crate::own::own;
use crate::record;
use crate::watch::Watch;

/// Runs the closure, and counts what it asks the allocator for.
///
/// ```
/// # use std::alloc::System;
/// # use freehold_testing::{Counted, count};
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// let (text, counts) = count(|| String::from("four"));
/// assert_eq!((text.as_str(), counts.allocations, counts.bytes, counts.frees), ("four", 1, 4, 0));
/// ```
///
/// # Panics
///
/// If the program's allocator is no [`Counted`](crate::Counted).
#[track_caller]
pub fn count<R>(run: impl FnOnce() -> R) -> (R, Counts) {
    let watch = Watch::begin();
    let result = run();
    let counts = watch.counts();
    (result, counts)
}

/// Runs the closure, which may not allocate or resize anything. It may free.
///
/// ```
/// # use std::alloc::System;
/// # use freehold_testing::{Counted, no_alloc};
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// let mut row = Vec::with_capacity(3);
/// no_alloc(|| row.extend([1, 2, 3]));
/// ```
///
/// ```should_panic
/// # use std::alloc::System;
/// # use freehold_testing::{Counted, no_alloc};
/// # #[global_allocator]
/// # static HEAP: Counted<System> = Counted::new(System);
/// let mut row = vec![1, 2, 3];
/// no_alloc(|| row.push(4)); // there was to be no allocation, but there were 0 allocations, 1 resize, …
/// ```
///
/// # Panics
///
/// If it does, or if the program's allocator is no [`Counted`](crate::Counted).
#[track_caller]
pub fn no_alloc<R>(run: impl FnOnce() -> R) -> R {
    watched(run, |counts| {
        let wrong = counts.asked() > 0;
        wrong.then(|| format!("there was to be no allocation, but there were {counts}"))
    })
}

/// Runs the closure, which may ask the allocator `times` times at most, resizes among them, for `bytes` altogether at most.
///
/// ```
/// # use std::alloc::System;
/// # use freehold_testing::{Counted, at_most};
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// let text = at_most(1, 16, || "a text".to_uppercase());
/// # assert_eq!(text, "A TEXT");
/// ```
///
/// # Panics
///
/// If it asks for more, or if the program's allocator is no [`Counted`](crate::Counted).
#[track_caller]
pub fn at_most<R>(times: usize, bytes: usize, run: impl FnOnce() -> R) -> R {
    watched(run, |counts| {
        let wrong = counts.asked() > times || counts.bytes > bytes;
        wrong.then(|| {
            format!("at most {times} allocations and resizes were expected, of {bytes} bytes, but there were {counts}")
        })
    })
}

/// Runs the closure, of which exactly this must be counted: a text as [`Counts`] are printed, and as the panic says it. Where there are files
/// `Kept` has it in one.
///
/// ```
/// # use std::alloc::System;
/// # use freehold_testing::{Counted, exactly};
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// exactly("1 allocation, 0 resizes, 1 free, 4 bytes", || drop(Box::new(7_u32)));
/// ```
///
/// # Panics
///
/// If it is something else, or if the program's allocator is no [`Counted`](crate::Counted).
#[track_caller]
pub fn exactly<R>(expected: &str, run: impl FnOnce() -> R) -> R {
    watched(run, |counts| {
        let wrong = counts.to_string() != expected.trim();
        wrong.then(|| format!("there were to be {}, but there were {counts}", expected.trim()))
    })
}

/// Runs the closure, and panics with the text that `wrong` has for what was counted, if it has one.
#[track_caller]
pub(crate) fn watched<R>(run: impl FnOnce() -> R, wrong: impl FnOnce(&Counts) -> Option<String>) -> R {
    let watch = Watch::begin();
    let result = run();
    let counts = watch.counts();
    if let Some(text) = own(|| wrong(&counts)) {
        fail(&watch, &text, None);
    }
    result
}

/// Panics with the text, and with what was written down: of these blocks, if there are any named.
#[track_caller]
pub(crate) fn fail(watch: &Watch, text: &str, blocks: Option<&[usize]>) -> ! {
    let at = Location::caller();
    watch.disarm();
    let told = own(|| record::tell(watch.record(), text, blocks, at));
    panic!("{text}{told}")
}
