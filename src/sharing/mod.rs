//! Who may use a ledger, a pool or a heap at once: one, or several that take turns.

use core::ops::Deref;

#[cfg(feature = "critical-section")]
mod critical;
pub(crate) mod crowd;
mod number;
#[cfg(target_has_atomic = "ptr")]
mod spin;
#[cfg(all(test, any(unix, windows)))]
pub(crate) mod watched;

#[cfg(feature = "critical-section")]
pub use critical::CriticalSection;
pub use lock_api::RawMutex;
pub(crate) use number::Number;
#[cfg(target_has_atomic = "ptr")]
pub use spin::Spin;

#[cfg(all(
    feature = "critical-section",
    not(target_family = "wasm"),
    any(target_os = "none", not(target_has_atomic = "ptr"))
))]
use critical::CriticalSection as Usual;
#[cfg(not(any(
    all(
        feature = "critical-section",
        not(target_family = "wasm"),
        any(target_os = "none", not(target_has_atomic = "ptr"))
    ),
    not(target_has_atomic = "ptr")
)))]
use spin::Spin as Usual;
#[cfg(freehold_no_lock)]
use without::FeatureCriticalSectionIsOff as Usual;

/// How a ledger, a pool or a heap is shared: [`Local`] or [`Locked`].
///
/// It can't be implemented outside this crate.
pub trait Access: sealed::Sealed + Sized {
    #[doc(hidden)]
    const NEW: Self;
    /// Whether whoever enters must wait until others have left: another thread for a while, the same one for ever.
    #[doc(hidden)]
    const EXCLUDES: bool;
    #[doc(hidden)]
    fn enter(&self);
    /// Enters, if that can be had at once.
    #[doc(hidden)]
    fn try_enter(&self) -> bool;
    /// # Safety
    ///
    /// The caller owes: it has entered, and has not left since.
    #[doc(hidden)]
    unsafe fn leave(&self);
}

mod sealed {
    pub trait Sealed {}
}

/// The turn of one who has entered: it ends with this, and is the one way to leave. (A value, as closures can't be told to be inlined.)
#[must_use]
pub(crate) struct Turn<'a, A: Access>(&'a A);

impl<'a, A: Access> Turn<'a, A> {
    /// Waits for it.
    #[inline(always)]
    pub fn enter(access: &'a A) -> Turn<'a, A> {
        access.enter();
        Turn(access)
    }

    /// Only if it can be had at once.
    #[inline(always)]
    pub fn try_enter(access: &'a A) -> Option<Turn<'a, A>> {
        if access.try_enter() { Some(Turn(access)) } else { None }
    }
}

impl<A: Access> Drop for Turn<'_, A> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: a turn is made by who has just entered, and is left here alone.
        unsafe { self.0.leave() };
    }
}

/// What is used by one at a time, for one who has entered, as long as the turn is.
pub(crate) struct InTurn<'a, A: Access, T> {
    what: &'a T,
    _turn: Turn<'a, A>,
}

impl<'a, A: Access, T> InTurn<'a, A, T> {
    /// Waits for it.
    #[inline(always)]
    pub fn enter(access: &'a A, what: &'a T) -> InTurn<'a, A, T> {
        InTurn { _turn: Turn::enter(access), what }
    }

    /// Only if it can be had at once.
    #[inline(always)]
    pub fn try_enter(access: &'a A, what: &'a T) -> Option<InTurn<'a, A, T>> {
        Some(InTurn { _turn: Turn::try_enter(access)?, what })
    }
}

impl<A: Access, T> Deref for InTurn<'_, A, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.what
    }
}

/// Not shared: no lock, no cost, and what it guards is not `Sync`.
///
/// So are pools unless you say otherwise, wherever they claim their memory. A ledger is so only where the target has no other way, as it
/// is what [`Needed`] stands for there: on wasm without threads, and on cores without compare-and-swap.
#[derive(Debug)]
pub struct Local(());

/// Shared behind a lock: [`Needed`]'s unless another [`RawMutex`] is named. On wasm without threads no lock is taken, whichever is named,
/// as there is nobody to keep out.
///
/// It is named once, on the [`Ledger`](crate::Ledger); heaps and shared pools on that are of the same kind, and each has a lock of its own
/// of that kind. So if the ledger's lock keeps interrupts off while it is held, an interrupt handler may do whatever other code may:
/// claim, and allocate in heaps, shared pools, and arenas of its own. The one who holds a [`Spin`] can't go on before the
/// handler that waits for it has ended: such a handler waits in vain. `CriticalSection` (feature `critical-section`) is a lock that keeps
/// interrupts off on every platform that the crate of that name knows; on bare metal it is the one that is needed if the feature is on.
///
/// A lock of your own:
///
/// ```
/// use freehold::sharing::{Locked, RawMutex};
/// use freehold::{Alloc, Arena, Heap, Hosted, Ledger, SharedPool};
/// # use std::sync::atomic::{AtomicBool, Ordering::{Acquire, Release}};
/// # struct Masked(AtomicBool);
/// # // SAFETY: whoever sets the flag is alone until it is cleared.
/// # unsafe impl RawMutex for Masked {
/// #     type GuardMarker = ();
/// #     const INIT: Masked = Masked(AtomicBool::new(false));
/// #     fn lock(&self) { while !self.try_lock() {} }
/// #     fn try_lock(&self) -> bool { !self.0.swap(true, Acquire) }
/// #     unsafe fn unlock(&self) { self.0.store(false, Release) }
/// # }
/// // `Masked` is a `RawMutex` that keeps interrupts off.
/// static LEDGER: Ledger<Hosted, Locked<Masked>> = Ledger::with_lock(Hosted::new());
/// static HEAP: Heap<Locked<Masked>> = Heap::new_in(&LEDGER, "heap");
/// static PACKETS: SharedPool<[u8; 1500], Locked<Masked>> = SharedPool::shared_in(&LEDGER, "packets");
///
/// let arena = Arena::new_in(&LEDGER, "arena"); // is used by one at a time, and needs no lock but the ledger's
/// assert_eq!(*arena.alloc(7), PACKETS.alloc([7; 1500])[0]);
/// ```
///
/// A heap for interrupts over a ledger that spins, or a pool, doesn't compile.
#[derive(Debug)]
pub struct Locked<R = Usual>(R);

impl sealed::Sealed for Local {}

impl Access for Local {
    const NEW: Local = Local(());
    const EXCLUDES: bool = false;

    #[inline(always)]
    fn enter(&self) {}

    #[inline(always)]
    fn try_enter(&self) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn leave(&self) {}
}

impl<R> sealed::Sealed for Locked<R> {}

impl<R: RawMutex> Access for Locked<R> {
    const NEW: Locked<R> = Locked(R::INIT);
    const EXCLUDES: bool = THREADS;

    #[inline]
    fn enter(&self) {
        if THREADS {
            self.0.lock();
        }
    }

    #[inline]
    fn try_enter(&self) -> bool {
        !THREADS || self.0.try_lock()
    }

    #[inline]
    unsafe fn leave(&self) {
        if THREADS {
            // SAFETY: the caller has entered, which took the lock.
            unsafe { self.0.unlock() };
        }
    }
}

/// Whether there is anybody to keep out. On wasm without threads there is not, as nothing that runs between entering and leaving enters
/// again. And where a stack overflow ended the call, which JavaScript may catch and go on after, a lock would stay locked for ever.
const THREADS: bool = !cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

/// An [`Access`] that any thread of the program may enter: [`Locked`], and [`Local`] where there is only one thread.
#[cfg_attr(
    not(freehold_no_lock),
    diagnostic::on_unimplemented(
        message = "`{Self}` can't be shared between threads or with interrupts",
        note = "`freehold::sharing::Locked` can, or `Locked<R>` with a `RawMutex` of yours"
    )
)]
#[cfg_attr(
    freehold_no_lock,
    diagnostic::on_unimplemented(
        message = "`{Self}` can't be shared, and this core has no compare-and-swap for a lock that can",
        note = "turn on freehold's feature `critical-section`, or name `Locked<R>` with a `RawMutex` of yours",
        note = "arenas, typed arenas, pools and ledgers that are not shared need neither"
    )
)]
pub trait Shareable: Access + Sync + 'static {}

impl<R: RawMutex + Sync + 'static> Shareable for Locked<R> {}

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
impl Shareable for Local {}

/// What it takes to share on this target:
///
/// | target | is |
/// |---|---|
/// | wasm without threads | [`Local`]: nothing |
/// | bare metal, with the feature `critical-section` | [`Locked`]`<CriticalSection>` |
/// | a core without compare-and-swap, without that feature | [`Local`], which can't be shared there |
/// | any other | [`Locked`]`<Spin>`: a spin lock |
pub type Needed = Chosen;

#[cfg(any(all(target_family = "wasm", not(target_feature = "atomics")), freehold_no_lock))]
type Chosen = Local;
#[cfg(not(any(all(target_family = "wasm", not(target_feature = "atomics")), freehold_no_lock)))]
type Chosen = Locked;

/// How a ledger may be shared: so that any thread can use it. So whatever stands on a ledger may go to another thread.
#[cfg(not(freehold_no_lock))]
pub(crate) use {Shareable as Kind, core::marker::Sync as Everywhere};

#[cfg(freehold_no_lock)]
pub(crate) use without::{Access as Kind, Everywhere};

/// A core without compare-and-swap, and no lock for it: a ledger is used where it was made, and so is all that stands on it.
#[cfg(freehold_no_lock)]
mod without {
    pub(crate) use super::Access;

    /// In place of a lock: there is none without the feature `critical-section`.
    #[derive(Debug)]
    pub enum FeatureCriticalSectionIsOff {}

    /// Nothing is known of where a ledger is used.
    pub(crate) trait Everywhere {}

    impl<T: ?Sized> Everywhere for T {}
}

/// What wasm without threads has, for a test on a host: nothing keeps anybody out, and one thread uses it.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct OneThread;

#[cfg(test)]
mod one_thread {
    use super::{Access, Local, OneThread, Shareable, sealed};

    impl sealed::Sealed for OneThread {}

    impl Access for OneThread {
        const NEW: OneThread = OneThread;
        const EXCLUDES: bool = Local::EXCLUDES;

        fn enter(&self) {}

        fn try_enter(&self) -> bool {
            true
        }

        unsafe fn leave(&self) {}
    }

    impl Shareable for OneThread {}
}
