//! What a module has without asking: a ledger over the target's default backing, and arenas and pools on it.

use crate::arena::{Arena, TypedArena};
use crate::backing::Usual;
use crate::debug::Checked;
use crate::heap::Heap;
use crate::ledger::Ledger;
use crate::pool::{KeyedPool, Pool};

/// The backing that is right on this target when nothing else is said: `MemoryGrow` on wasm, WASI included, `Libc` on Emscripten
/// (with the feature `malloc`, by which this crate is libc's heap, `Sbrk`), `Hosted` on hosts. Bare metal has none: there a [`Region`](crate::Region) must be given.
pub type DefaultBacking = Usual;

static MODULE: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());

/// The ledger of this module (on hosts: of this program), over the target's default backing.
///
/// `Arena::new()` and its like use it. Bare metal has none: there make a `static` of your own over a
/// [`Region`](crate::Region).
pub const fn ledger() -> &'static Ledger<DefaultBacking> {
    &MODULE
}

impl Arena<'static> {
    /// An arena on this module's own [`ledger`], under the name `arena`. It claims nothing yet.
    pub fn new() -> Arena<'static> {
        Arena::new_in(ledger(), "arena")
    }

    /// An arena on this module's own [`ledger`], under the name `arena`, that has claimed room for `bytes` bytes.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(bytes: usize) -> Arena<'static> {
        Arena::with_capacity_in(ledger(), "arena", bytes)
    }
}

impl Default for Arena<'static> {
    fn default() -> Arena<'static> {
        Arena::new()
    }
}

impl<T> TypedArena<'static, T> {
    /// An arena on this module's own [`ledger`], under the name `typed arena`. It claims nothing yet.
    pub fn new() -> TypedArena<'static, T> {
        TypedArena::new_in(ledger(), "typed arena")
    }

    /// An arena on this module's own [`ledger`], under the name `typed arena`, that has claimed room for `capacity` values.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> TypedArena<'static, T> {
        TypedArena::with_capacity_in(ledger(), "typed arena", capacity)
    }
}

impl<T> FromIterator<T> for TypedArena<'static, T> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> TypedArena<'static, T> {
        let arena = TypedArena::new();
        arena.alloc_from_iter(values);
        arena
    }
}

impl<T> Default for TypedArena<'static, T> {
    fn default() -> TypedArena<'static, T> {
        TypedArena::new()
    }
}

impl<T> Pool<'static, T> {
    /// A growing pool on this module's own [`ledger`], under the name `pool`. It claims nothing yet.
    pub fn new() -> Pool<'static, T> {
        Pool::new_in(ledger(), "pool")
    }
}

impl<T> Default for Pool<'static, T> {
    fn default() -> Pool<'static, T> {
        Pool::new()
    }
}

impl<T> KeyedPool<'static, T> {
    /// A pool on this module's own [`ledger`], under the name `keyed pool`. It claims nothing yet.
    pub const fn new() -> KeyedPool<'static, T> {
        KeyedPool::new_in(ledger(), "keyed pool")
    }
}

impl<T> Default for KeyedPool<'static, T> {
    fn default() -> KeyedPool<'static, T> {
        KeyedPool::new()
    }
}

impl Heap {
    /// The heap of the whole program, on this module's own [`ledger`], under the name `heap`. It claims nothing yet.
    pub const fn new() -> Heap {
        Heap::new_in(&MODULE, "heap")
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl<H> Checked<H> {
    /// The layer around `heap`. Its records lie on a ledger of its own, over the target's default backing; foreign pointers are looked for in
    /// this module's own [`ledger`]. Nothing is claimed yet.
    pub const fn new(heap: H) -> Checked<H> {
        Checked::over(heap, DefaultBacking::new()).asking(owner_of)
    }
}

/// Whose memory an address lies in. It takes a step for each span.
fn owner_of(addr: usize) -> Option<&'static str> {
    MODULE.snapshot().spans().find(|span| (span.base..span.base + span.len).contains(&addr))?.owner
}
