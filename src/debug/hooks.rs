//! What the program gave the layer to call. Nothing but this file can call it, and here one function does: so none is called in an allocator unguarded.

use super::finding::{Finding, FoundBy};
use super::sampling::Sampling;
use super::sites::Site;
use crate::refusal::Ends;
use crate::told::Telling;

/// The functions.
pub(super) struct Hooks {
    tell: fn(&Finding),
    frames: Option<fn(&mut [usize]) -> usize>,
    sampling: Sampling,
    whose: Option<fn(usize) -> Option<&'static str>>,
    /// Set while somebody is told of a finding.
    telling: Telling,
}

impl Hooks {
    pub const fn new() -> Hooks {
        Hooks { tell: panic_of, frames: None, sampling: Sampling::one_in(1), whose: None, telling: Telling::new() }
    }

    pub const fn set_tell(&mut self, tell: fn(&Finding)) {
        self.tell = tell;
    }

    pub const fn set_frames(&mut self, frames: fn(&mut [usize]) -> usize) {
        self.frames = Some(frames);
    }

    pub const fn set_sampling(&mut self, one_in: u32) {
        self.sampling = Sampling::one_in(one_in);
    }

    pub const fn set_whose(&mut self, whose: fn(usize) -> Option<&'static str>) {
        self.whose = Some(whose);
    }

    /// Where the program is that has to do with a block of so many bytes, if that one is sampled. (Inlined, as are those it calls and those that call it: what the layer has on the stack
    /// is missing from the program's frames.)
    #[inline(always)]
    pub fn site_for(&self, bytes: usize) -> Site {
        if self.frames.is_some() && self.sampling.takes(bytes) { self.site() } else { Site::UNKNOWN }
    }

    /// Where the program is, as far as can be known.
    #[inline(always)]
    pub fn site(&self) -> Site {
        match self.frames {
            Some(frames) => run(Some("what fills in the frames panicked: an allocator may not"), || Site::by(frames)),
            None => Site::UNKNOWN,
        }
    }

    /// Whose memory a foreign address lies in.
    pub fn owner(&self, address: usize) -> Option<&'static str> {
        self.whose.and_then(|whose| {
            run(Some("who is asked whose an address is panicked: an allocator may not"), || whose(address))
        })
    }

    /// Tells of a finding. `false` if somebody is being told of another one: he may allocate, and find something.
    pub fn tell(&self, finding: &Finding, by: FoundBy) -> bool {
        let ends = (by != FoundBy::Check).then_some("who is told of findings panicked: an allocator may not");
        self.telling.once(|| run(ends, || (self.tell)(finding)))
    }

    /// Nobody is being told: who was has been left where he was.
    pub fn forget_told(&self) {
        self.telling.forget();
    }
}

/// Calls what the program gave. A panic ends the program with that text, if there is one: an allocator may not unwind.
#[inline(always)]
fn run<R>(ends: Option<&'static str>, hook: impl FnOnce() -> R) -> R {
    let ends = ends.map(Ends);
    let result = hook();
    core::mem::forget(ends);
    result
}

/// What is done with a finding where nothing else is said.
fn panic_of(finding: &Finding) {
    panic!("{finding}")
}
