//! `Allocator` for references to arenas and scopes: collections of allocator-api2 and hashbrown live in them.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::bump::{Bump, grow, shrink, try_bump};
use super::{Arena, Scope};
use crate::refusal::tell;

/// The trait's error says nothing: so whoever is to be told hears the reason.
#[cold]
fn lost(error: crate::error::AllocError) -> AllocError {
    tell(&error);
    AllocError
}

fn sized(place: NonNull<u8>, layout: Layout) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(place, layout.size())
}

/// The `Allocator` of anything with a cursor. A collection's last block grows and shrinks in place.
macro_rules! allocator {
    ($arena:ident) => {
        // SAFETY: a block stays where it is until the arena is reset or dropped, or the scope's outer one is used again; the
        // shared borrow that is the allocator keeps that from happening while it, or a copy of it, is alive. Copies share one
        // cursor.
        unsafe impl<const MIN_ALIGN: usize> Allocator for &$arena<'_, MIN_ALIGN> {
            #[inline]
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                let place = try_bump(*self, layout.size(), layout.align()).map_err(lost)?;
                Ok(sized(place, layout))
            }

            #[inline]
            unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
                // SAFETY: the caller's promise: the block came from here with this layout and is not used any more.
                unsafe { shrink(*self, block, layout.size(), 0) };
            }

            #[inline]
            unsafe fn grow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise: the block came from here with the old layout, and the new is no smaller.
                unsafe { regrow(*self, block, old, new) }
            }

            #[inline]
            unsafe fn shrink(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise: the block came from here with the old layout, and the new is no larger.
                unsafe { reshrink(*self, block, old, new) }
            }
        }
    };
}

allocator!(Arena);
allocator!(Scope);

/// # Safety
///
/// The caller owes what `Allocator::grow` asks for.
unsafe fn regrow<A: Bump>(arena: A, block: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
    let place = if new.align() > old.align() {
        // SAFETY: the caller's promise; the smaller of the two sizes is copied.
        unsafe { relocate(arena, block, old.size(), new) }?
    } else {
        // SAFETY: the caller's promise; a block of the higher alignment is one of the lower too.
        unsafe { grow(arena, block, old, new) }.map_err(lost)?
    };
    Ok(sized(place, new))
}

/// # Safety
///
/// The caller owes what `Allocator::shrink` asks for.
unsafe fn reshrink<A: Bump>(
    arena: A,
    block: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    let place = if block.addr().get().is_multiple_of(new.align()) {
        // SAFETY: the caller's promise.
        unsafe { shrink(arena, block, old.size(), new.size()) };
        block
    } else {
        // SAFETY: the caller's promise; the smaller of the two sizes is copied.
        unsafe { relocate(arena, block, new.size(), new) }?
    };
    Ok(sized(place, new))
}

/// A fresh block for `new` with the first `bytes` bytes of `block`.
///
/// # Safety
///
/// The caller owes: both hold that many bytes.
unsafe fn relocate<A: Bump>(
    arena: A,
    block: NonNull<u8>,
    bytes: usize,
    new: Layout,
) -> Result<NonNull<u8>, AllocError> {
    let place = try_bump(arena, new.size(), new.align()).map_err(lost)?;
    // SAFETY: the caller's promise; a fresh block overlaps none in use.
    unsafe { place.copy_from_nonoverlapping(block, bytes) };
    Ok(place)
}
