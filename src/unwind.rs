//! What a panic that passes may be caught around: all of it. Closures, iterators, constructors and destructors of the caller's may panic in the
//! middle of any verb; what is half built is forgotten then, and the rest is whole (`tests/suite/tests/panics.rs`).

use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::arena::{Arena, ArenaBox, Scope, TypedArena};
use crate::backing::{Backing, Region};
use crate::debug::Checked;
use crate::heap::{BoundedHeap, Heap};
use crate::ledger::{Claim, Ledger, Snapshot, Spare, Within};
use crate::plot::Plot;
use crate::pool::{BlockPool, FixedPool, KeyedPool, Pool};
use crate::sharing::Kind;
use crate::tags::Tagged;

impl<const MIN_ALIGN: usize> UnwindSafe for Arena<'_, MIN_ALIGN> {}
impl<const MIN_ALIGN: usize> RefUnwindSafe for Arena<'_, MIN_ALIGN> {}
impl<const MIN_ALIGN: usize> UnwindSafe for Scope<'_, MIN_ALIGN> {}
impl<const MIN_ALIGN: usize> RefUnwindSafe for Scope<'_, MIN_ALIGN> {}
impl<T: ?Sized + UnwindSafe> UnwindSafe for ArenaBox<'_, T> {}

// Their values are the caller's.
impl<T: UnwindSafe> UnwindSafe for TypedArena<'_, T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for TypedArena<'_, T> {}
impl<T: UnwindSafe> UnwindSafe for KeyedPool<'_, T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for KeyedPool<'_, T> {}

// Values are in boxes, never in the pool.
impl<T, L> UnwindSafe for Pool<'_, T, L> {}
impl<T, L> RefUnwindSafe for Pool<'_, T, L> {}
impl<L> UnwindSafe for BlockPool<'_, L> {}
impl<L> RefUnwindSafe for BlockPool<'_, L> {}
impl<T, const N: usize, L> UnwindSafe for FixedPool<T, N, L> {}
impl<T, const N: usize, L> RefUnwindSafe for FixedPool<T, N, L> {}

impl<B: UnwindSafe, L> UnwindSafe for Ledger<B, L> {}
impl<B, L> RefUnwindSafe for Ledger<B, L> {}
impl<L> UnwindSafe for Within<'_, L> {}
impl UnwindSafe for Claim<'_> {}
impl RefUnwindSafe for Claim<'_> {}
impl<L> UnwindSafe for Spare<L> {}
impl<L> RefUnwindSafe for Spare<L> {}
impl UnwindSafe for Snapshot<'_> {}
impl RefUnwindSafe for Snapshot<'_> {}
impl UnwindSafe for Region<'_> {}
impl UnwindSafe for Plot<'_> {}
impl RefUnwindSafe for Plot<'_> {}
impl<L> UnwindSafe for Heap<L> {}
impl<L> RefUnwindSafe for Heap<L> {}
impl<L> UnwindSafe for BoundedHeap<L> {}
impl<L> RefUnwindSafe for BoundedHeap<L> {}
#[cfg(any(unix, windows, target_family = "wasm"))]
impl<L> UnwindSafe for crate::heap::SmallHeap<L> {}
#[cfg(any(unix, windows, target_family = "wasm"))]
impl<L> RefUnwindSafe for crate::heap::SmallHeap<L> {}
impl<H: UnwindSafe, B: Backing, L: Kind> UnwindSafe for Checked<H, B, L> {}
impl<H: RefUnwindSafe, B: Backing, L: Kind> RefUnwindSafe for Checked<H, B, L> {}
impl<H: UnwindSafe, const TAGS: usize> UnwindSafe for Tagged<H, TAGS> {}
impl<H: RefUnwindSafe, const TAGS: usize> RefUnwindSafe for Tagged<H, TAGS> {}
#[cfg(feature = "talc")]
impl UnwindSafe for crate::talc::TalcSource<'_> {}
#[cfg(feature = "talc")]
impl RefUnwindSafe for crate::talc::TalcSource<'_> {}
