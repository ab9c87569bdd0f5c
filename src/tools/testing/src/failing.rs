//! What becomes of a program when memory runs out, wherever it does.

use std::thread;

use crate::checks::fail;
use crate::lost::Running;
use crate::own::own;
use crate::watch::{self, Watch};

/// Runs the closure with its first allocation refused, with its second, and so on, until nothing was left to refuse. Resizes are among them. After each
/// run, nothing that it has allocated may still be there; what it returned is dropped before. Returns what it returns when nothing is refused.
///
/// Before all that it runs once as it is, so that what a program makes once and keeps is no loss; and at last once more, for what it returns.
///
/// ```
/// # use std::alloc::System;
/// # use std::collections::TryReserveError;
/// # use freehold_testing::{Counted, fails_at_every_allocation};
/// #[global_allocator]
/// static HEAP: Counted<System> = Counted::new(System);
///
/// fn twice(words: &[u8]) -> Result<[Vec<u8>; 2], TryReserveError> {
///     let mut copies = [const { Vec::new() }; 2];
///     for copy in &mut copies {
///         copy.try_reserve_exact(words.len())?;
///         copy.extend_from_slice(words);
///     }
///     Ok(copies)
/// }
///
/// let copies = fails_at_every_allocation(|| twice(b"words"));
/// assert_eq!(copies.unwrap(), [b"words", b"words"]);
/// ```
///
/// What can't go on after a refusal, as `Vec::push` can't, ends the program.
///
/// # Panics
///
/// If something is lost, if [`looking`](crate::Counted::looking) finds something, or if the program's allocator is no [`Counted`](crate::Counted). If the closure
/// panics, that goes through; it is said which allocation was refused.
#[track_caller]
pub fn fails_at_every_allocation<R>(mut run: impl FnMut() -> R) -> R {
    drop(run());
    let mut at = 1;
    while refused(&mut run, at) {
        at += 1;
    }
    run()
}

/// Runs it with the `at`th allocation refused. Whether there were so many.
#[track_caller]
fn refused<R>(run: &mut impl FnMut() -> R, at: usize) -> bool {
    let running = Running::begin();
    let watch = Watch::refusing(at, running.0);
    let panics = Panics { watch: &watch, at };
    drop(run());
    drop(panics);
    let refused = watch.refused();
    let lost = running.lost();
    let found = own(watch::look);
    if !lost.is_empty() {
        let (when, blocks) = (own(|| when(at, refused)), lost.len());
        let text = own(|| format!("{blocks} block{} lost {when}", if blocks == 1 { " was" } else { "s were" }));
        fail(&watch, &text, Some(&lost));
    }
    if found > 0 {
        let text = own(|| format!("the heap is not whole {}: {found} findings", when(at, refused)));
        fail(&watch, &text, None);
    }
    refused.is_some()
}

fn when(at: usize, refused: Option<usize>) -> String {
    match refused {
        Some(size) => format!("when allocation {at}, of {size} bytes, was refused"),
        None => "when nothing was refused".into(),
    }
}

/// Says which allocation was refused, if the closure panics.
struct Panics<'a> {
    watch: &'a Watch,
    at: usize,
}

impl Drop for Panics<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            own(|| eprintln!("it panicked {}", when(self.at, self.watch.refused())));
        }
    }
}
