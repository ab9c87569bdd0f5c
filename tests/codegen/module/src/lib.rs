//! The hot loops whose compiled form is read and counted. Nothing here is ever run.
//!
//! What they take comes from outside, so that the optimiser knows nothing about it, and their memory is anyone's to read
//! afterwards, so that no store to it can be left out.

#![cfg_attr(target_family = "wasm", no_std)]

use freehold::{Alloc, Arena, BlockPool, Builder, FixedPool, KeyedPool, Pool, Scope, TypedArena};

/// A value of three fields, written by three stores.
#[allow(dead_code)] // nobody reads them here
pub struct Point {
    x: u64,
    y: u64,
    tag: u32,
}

impl Point {
    #[inline(always)]
    fn new(i: u32) -> Point {
        Point { x: u64::from(i), y: 7, tag: i }
    }
}

/// Structs in a scope: the hot loop.
#[unsafe(no_mangle)]
extern "C" fn structs(arena: &mut Arena<'static>, count: u32) {
    let scope = arena.scope();
    for i in 0..count {
        scope.alloc(Point::new(i));
    }
}

/// The same where the program survives running out of memory.
#[unsafe(no_mangle)]
extern "C" fn try_structs(arena: &mut Arena<'static>, count: u32) -> bool {
    let scope = arena.scope();
    (0..count).all(|i| scope.try_alloc(Point::new(i)).is_ok())
}

/// A scope in a scope, with a value in it, in each turn.
#[unsafe(no_mangle)]
extern "C" fn nested(arena: &mut Arena<'static>, count: u32) {
    let mut outer = arena.scope();
    for i in 0..count {
        outer.alloc(Point::new(i));
        let inner = outer.scope();
        inner.alloc(Point::new(i));
    }
}

/// Scopes with nothing in them.
#[unsafe(no_mangle)]
extern "C" fn empty_scopes(arena: &mut Arena<'static>) {
    let mut outer = arena.scope();
    let _inner = outer.scope();
}

/// Short copies: at most 32 bytes, no call of `memcpy`.
#[unsafe(no_mangle)]
extern "C" fn copies(arena: &mut Arena<'static>, source: &[u8; 32], lens: &[u8; 256]) {
    let scope = arena.scope();
    for len in lens {
        scope.alloc_slice_copy(&source[..usize::from(len % 32)]);
    }
}

/// Copies that may be long.
#[unsafe(no_mangle)]
extern "C" fn long_copies(arena: &mut Arena<'static>, source: &[u8; 256], lens: &[u8; 256]) {
    let scope = arena.scope();
    for len in lens {
        scope.alloc_slice_copy(&source[..usize::from(*len)]);
    }
}

/// A slice that is asked for once, and filled: nothing of the arena's is left in the loop.
#[unsafe(no_mangle)]
extern "C" fn filled_slice(arena: &mut Arena<'static>, count: u32) {
    let scope = arena.scope();
    for (place, i) in scope.alloc_uninit_slice(count as usize).iter_mut().zip(0..) {
        place.write(Point::new(i));
    }
}

/// An arena that is a local variable: as good as a scope.
#[unsafe(no_mangle)]
extern "C" fn local_typed(count: u32) {
    let arena = TypedArena::new();
    for i in 0..count {
        arena.alloc(Point::new(i));
    }
}

/// A pool that is a local variable; its values live to the end.
#[unsafe(no_mangle)]
extern "C" fn local_pool(count: u32) {
    let pool = Pool::new();
    for i in 0..count {
        core::mem::forget(pool.alloc(Point::new(i)));
    }
}

/// Through a reference to an arena, whose cursor then lies in memory.
#[unsafe(no_mangle)]
extern "C" fn shared_arena(arena: &Arena<'static>, count: u32) {
    for i in 0..count {
        arena.alloc(Point::new(i));
    }
}

/// The same with values of one type.
#[unsafe(no_mangle)]
extern "C" fn shared_typed(arena: &TypedArena<'static, Point>, count: u32) {
    for i in 0..count {
        arena.alloc(Point::new(i));
    }
}

/// Through a reference to a pool: allocated and freed in the same turn.
#[unsafe(no_mangle)]
extern "C" fn shared_pool(pool: &Pool<'static, Point>, count: u32) {
    for i in 0..count {
        drop(pool.alloc(Point::new(i)));
    }
}

/// The same where the program survives running out of memory.
#[unsafe(no_mangle)]
extern "C" fn try_shared_arena(arena: &Arena<'static>, count: u32) -> u32 {
    (0..count).map(|i| u32::from(arena.try_alloc(Point::new(i)).is_ok())).sum()
}

/// And with values of one type.
#[unsafe(no_mangle)]
extern "C" fn try_typed(arena: &TypedArena<'static, Point>, count: u32) -> u32 {
    (0..count).map(|i| u32::from(arena.try_alloc(Point::new(i)).is_ok())).sum()
}

/// Raw blocks, where the program survives running out of memory.
#[unsafe(no_mangle)]
extern "C" fn try_blocks(pool: &BlockPool<'static>, count: u32) -> u32 {
    (0..count).map(|_| u32::from(pool.try_alloc().is_ok())).sum()
}

/// A pool that lies in itself.
#[unsafe(no_mangle)]
extern "C" fn fixed_pool(pool: &'static FixedPool<Point, 8>, count: u32) -> u32 {
    (0..count).map(|i| u32::from(pool.try_alloc(Point::new(i)).map(core::mem::forget).is_ok())).sum()
}

/// Values that are found by a key.
#[unsafe(no_mangle)]
extern "C" fn keyed_pool(pool: &mut KeyedPool<'static, Point>, count: u32) {
    for i in 0..count {
        pool.insert(Point::new(i));
    }
}

/// A slice that grows while it is built.
#[unsafe(no_mangle)]
extern "C" fn pushes(arena: &Arena<'static>, count: u32) -> usize {
    let mut values = Builder::new_in(arena);
    for i in 0..count {
        values.push(Point::new(i));
    }
    values.finish().len()
}

/// What an iterator yields that does not know how many.
#[unsafe(no_mangle)]
extern "C" fn gathered(arena: &mut Arena<'static>, count: u32) -> usize {
    let scope = arena.scope();
    let mut next = 0..count;
    scope.alloc_from_iter(core::iter::from_fn(|| next.next().map(Point::new))).len()
}

/// The same in a typed arena.
#[unsafe(no_mangle)]
extern "C" fn typed_gathered(arena: &TypedArena<'static, Point>, count: u32) -> usize {
    let mut next = 0..count;
    arena.alloc_from_iter(core::iter::from_fn(|| next.next().map(Point::new))).len()
}

/// A scope that is handed to a function which is not inlined: its cursor goes through memory. Don't do that.
#[unsafe(no_mangle)]
extern "C" fn control_call(arena: &mut Arena<'static>, count: u32) {
    #[inline(never)]
    fn put(scope: &Scope<'_>, i: u32) {
        scope.alloc(Point::new(i));
    }
    let scope = arena.scope();
    for i in 0..count {
        put(&scope, i);
        scope.alloc(Point::new(i));
    }
}

#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
