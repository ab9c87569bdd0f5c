//! What may go to another thread, and what may not (h22): asked of the compiler, both ways.

use core::cell::Cell;

use freehold::iter::IntoIter;
use freehold::sharing::{Local, Locked};
use freehold::{
    Arena, ArenaBox, BlockPool, BoundedHeap, Claim, DefaultBacking, FixedPool, Heap, KeyedPool, Ledger, Pool, PoolBox,
    Scope, SharedPool, Snapshot, TypedArena,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

type Shared = Locked;
type NotSend = *const u8;
type NotSync = Cell<u8>;

assert_impl_all!(Ledger<DefaultBacking>: Send, Sync);
assert_impl_all!(Claim<'static>: Send, Sync);
assert_impl_all!(Snapshot<'static>: Send, Sync);

assert_impl_all!(Arena<'static>: Send);
assert_not_impl_any!(Arena<'static>: Sync);
assert_not_impl_any!(Scope<'static>: Send, Sync);

assert_impl_all!(ArenaBox<'static, u8>: Send, Sync);
assert_impl_all!(ArenaBox<'static, NotSync>: Send);
assert_not_impl_any!(ArenaBox<'static, NotSync>: Sync);
assert_not_impl_any!(ArenaBox<'static, NotSend>: Send, Sync);

assert_impl_all!(TypedArena<'static, NotSync>: Send);
assert_not_impl_any!(TypedArena<'static, u8>: Sync);
assert_not_impl_any!(TypedArena<'static, NotSend>: Send, Sync);
assert_impl_all!(IntoIter<'static, NotSync>: Send);
assert_not_impl_any!(IntoIter<'static, NotSend>: Send);

assert_impl_all!(Pool<'static, u8>: Send);
assert_impl_all!(SharedPool<'static, NotSend>: Send, Sync);
assert_impl_all!(BlockPool<'static, Shared>: Send, Sync);
assert_impl_all!(BlockPool<'static, Local>: Send);

// Where there is one thread only, a pool without a lock is one that is shared.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
const _: () = {
    assert_not_impl_any!(Pool<'static, u8>: Sync);
    assert_not_impl_any!(BlockPool<'static, Local>: Sync);
    // A box of an unshared pool frees into it when it is dropped, so it must stay on the pool's thread.
    assert_not_impl_any!(PoolBoxOf<u8>: Send);
    assert_not_impl_any!(FixedPool<u8, 3, Local>: Sync);
    assert_not_impl_any!(FixedBoxOf<u8, Local>: Send);
    // What can't be shared shares nothing, though such a ledger can't be made.
    assert_not_impl_any!(Ledger<DefaultBacking, Local>: Sync);
    assert_not_impl_any!(Heap<Local>: Send, Sync);
    assert_not_impl_any!(BoundedHeap<Local>: Send, Sync);
};
// A lock that is bound to its thread makes nothing to be shared.
assert_not_impl_any!(Ledger<DefaultBacking, Locked<NotSync>>: Sync);
assert_impl_all!(Heap: Send, Sync);
assert_impl_all!(BoundedHeap<Shared>: Send, Sync);

type PoolBoxOf<T> = PoolBox<T, &'static Pool<'static, T>>;
type SharedBoxOf<T> = PoolBox<T, &'static SharedPool<'static, T, Shared>>;
type FixedBoxOf<T, L = Shared> = PoolBox<T, &'static FixedPool<T, 3, L>>;

assert_impl_all!(PoolBoxOf<u8>: Sync);
assert_impl_all!(SharedBoxOf<u8>: Send, Sync);
assert_not_impl_any!(SharedBoxOf<NotSend>: Send, Sync);
assert_impl_all!(SharedBoxOf<NotSync>: Send);
assert_not_impl_any!(SharedBoxOf<NotSync>: Sync);

assert_impl_all!(FixedPool<NotSend, 3, Shared>: Send, Sync);
assert_impl_all!(FixedPool<NotSend, 3, Local>: Send);
assert_impl_all!(FixedBoxOf<u8>: Send, Sync);
assert_not_impl_any!(FixedBoxOf<NotSend>: Send, Sync);
assert_impl_all!(FixedBoxOf<NotSync>: Send);
assert_not_impl_any!(FixedBoxOf<NotSync>: Sync);

assert_impl_all!(KeyedPool<'static, u8>: Send, Sync);
assert_impl_all!(KeyedPool<'static, NotSync>: Send);
assert_not_impl_any!(KeyedPool<'static, NotSync>: Sync);
assert_not_impl_any!(KeyedPool<'static, NotSend>: Send, Sync);

/// Nothing to run: that it compiles is the test.
pub fn h22_auto_traits() {}
