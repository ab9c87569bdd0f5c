//! Which blocks of a run have not been freed again: by any thread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::own::{is_own, own};

/// A run of a closure, whose blocks are known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run(usize);

impl Run {
    pub const NONE: Run = Run(0);
}

/// How many runs there are now. While it is 0 nobody looks any further.
static RUNS: AtomicUsize = AtomicUsize::new(0);
static LAST: AtomicUsize = AtomicUsize::new(0);

/// The blocks of all runs, by their addresses. Whoever has it is at this crate's own work, so it is never wanted twice.
static LIVING: Mutex<Option<HashMap<usize, Run>>> = Mutex::new(None);

fn living() -> MutexGuard<'static, Option<HashMap<usize, Run>>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run, until this is dropped.
pub(crate) struct Running(pub Run);

impl Running {
    pub fn begin() -> Running {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Running(Run(LAST.fetch_add(1, Ordering::Relaxed) + 1))
    }

    /// The blocks of this run that nobody has freed.
    pub fn lost(&self) -> Vec<usize> {
        own(|| {
            let living = living();
            let all = living.iter().flatten();
            all.filter(|(_, run)| **run == self.0).map(|(block, _)| *block).collect()
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        own(|| {
            if let Some(living) = living().as_mut() {
                living.retain(|_, run| *run != self.0);
            }
        });
        RUNS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A block is of that run, if it is one.
pub(crate) fn came(block: *mut u8, run: Run) {
    if run != Run::NONE {
        own(|| living().get_or_insert_default().insert(block.addr(), run));
    }
}

/// A block is nobody's any more: of which run it was. (Who has a block of a run got it after that began, and sees that there is one.)
#[inline]
pub(crate) fn went(block: *mut u8) -> Run {
    if RUNS.load(Ordering::Relaxed) == 0 || is_own() {
        return Run::NONE;
    }
    own(|| living().as_mut().and_then(|living| living.remove(&block.addr())).unwrap_or(Run::NONE))
}
