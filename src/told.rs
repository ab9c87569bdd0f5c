//! What a program is told of by a function that it named: never of what that function runs into itself.

use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use crate::platform;

/// Set while somebody is told.
pub(crate) struct Telling(AtomicBool);

impl Telling {
    pub const fn new() -> Telling {
        Telling(AtomicBool::new(false))
    }

    /// Runs `tell`, unless somebody is being told. Two threads that are here at once may each miss the other's, and no more than that.
    #[inline(always)]
    pub fn once(&self, tell: impl FnOnce()) -> bool {
        /// The end of it, however it comes.
        struct End<'a>(&'a Telling);
        impl Drop for End<'_> {
            #[inline(always)]
            fn drop(&mut self) {
                self.0.forget();
            }
        }
        if self.0.load(Ordering::Relaxed) {
            return false;
        }
        self.0.store(true, Ordering::Relaxed);
        let end = End(self);
        tell();
        drop(end);
        true
    }

    /// Nobody is being told: who was has been left where he was.
    #[inline(always)]
    pub fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The function that is told of each `A`, if one is named; the last one counts. For a `static`.
pub(crate) struct Told<A> {
    /// Or null.
    named: AtomicPtr<()>,
    pub telling: Telling,
    of: PhantomData<fn(&A)>,
}

impl<A> Told<A> {
    pub const fn nobody() -> Told<A> {
        Told { named: AtomicPtr::new(ptr::null_mut()), telling: Telling::new(), of: PhantomData }
    }

    pub fn name(&self, tell: fn(&A)) {
        self.named.store(tell as *mut (), Ordering::Release);
    }

    /// Whether anybody is told.
    pub fn is_named(&self) -> bool {
        !self.named.load(Ordering::Relaxed).is_null()
    }

    /// Tells of this. `false`: nobody is named. (Who is told changes by `name` alone, not while he is told: none that was named meanwhile is lost.)
    #[inline(always)]
    pub fn tell(&self, what: &A) -> bool {
        let named = self.named.load(Ordering::Acquire);
        if named.is_null() {
            return false;
        }
        self.telling.once(|| {
            // SAFETY: what is not null was stored by `name`, as such a function.
            let tell: fn(&A) = unsafe { platform::function(named) };
            tell(what);
        });
        true
    }
}
