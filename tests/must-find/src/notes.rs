//! Where the program is, and what was found: what the layer calls.

use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicUsize};

use freehold::debug::{Finding, Mistake, Site, on_mistake};

/// Where the program is, for the layer to ask.
static PLACE: AtomicUsize = AtomicUsize::new(0);

/// Who calls them all.
const CALLER: usize = 77;

pub fn at(place: usize) {
    PLACE.store(place, Relaxed);
}

pub fn is_at(site: &Site, place: usize) -> bool {
    site.frames() == [place, CALLER]
}

/// The layer's `frames`.
pub fn frames(frames: &mut [usize]) -> usize {
    frames[..2].copy_from_slice(&[PLACE.load(Relaxed), CALLER]);
    2
}

/// Whose all foreign memory is.
pub const OWNER: &str = "somebody";

/// The layer's `whose`.
pub fn whose(_: usize) -> Option<&'static str> {
    Some(OWNER)
}

/// What was found, of one kind: how often, and the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noted<T> {
    pub count: usize,
    pub first: Option<T>,
}

impl<T: Copy> Noted<T> {
    const NOTHING: Noted<T> = Noted { count: 0, first: None };

    fn add(&mut self, found: &T) {
        self.count += 1;
        self.first = self.first.or(Some(*found));
    }
}

/// What was found, for one run at a time.
struct Notes {
    busy: AtomicBool,
    found: UnsafeCell<(Noted<Finding>, Noted<Mistake>)>,
}

// SAFETY: `found` is used in a run, which has set `busy`, by whoever does its step, while nobody else does any.
unsafe impl Sync for Notes {}

static NOTES: Notes = Notes { busy: AtomicBool::new(false), found: UnsafeCell::new((Noted::NOTHING, Noted::NOTHING)) };

impl Notes {
    /// Whether nobody had them.
    fn take(&self) -> bool {
        #[cfg(target_has_atomic = "8")]
        return !self.busy.swap(true, Acquire);
        // One thread, and no interrupt that would come here.
        #[cfg(not(target_has_atomic = "8"))]
        {
            let free = !self.busy.load(Acquire);
            self.busy.store(true, Relaxed);
            free
        }
    }
}

/// The layer's `tell`.
pub fn note(finding: &Finding) {
    // SAFETY: this is called in a step of a run, by nobody else at once.
    let (findings, _) = unsafe { &mut *NOTES.found.get() };
    findings.add(finding);
}

fn note_mistake(mistake: &Mistake) {
    // SAFETY: as above.
    let (_, mistakes) = unsafe { &mut *NOTES.found.get() };
    mistakes.add(mistake);
}

/// One run, which has the notes to itself.
pub struct Run;

impl Run {
    pub fn begin() -> Run {
        while !NOTES.take() {
            core::hint::spin_loop();
        }
        at(0);
        // SAFETY: nobody else has them.
        unsafe { *NOTES.found.get() = (Noted::NOTHING, Noted::NOTHING) };
        on_mistake(note_mistake);
        Run
    }

    pub fn findings(&self) -> Noted<Finding> {
        // SAFETY: they are this run's, and nothing is being noted.
        unsafe { (*NOTES.found.get()).0 }
    }

    pub fn mistakes(&self) -> Noted<Mistake> {
        // SAFETY: as above.
        unsafe { (*NOTES.found.get()).1 }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // As it is where nobody is told.
        on_mistake(|mistake| panic!("{mistake}"));
        NOTES.busy.store(false, Release);
    }
}
