//! The limit of arenas: a cursor in a buffer that was there before.

use std::cell::Cell;

use super::Buffer;
use super::copy::copy_inline;
use crate::place::{Arena, Nest, Nested, Place, Shared, Work};

/// The buffer, and how the cursor in it behaves: what it does at the buffer's end ([`CHECKED`] and so on), and whether it
/// copies up to 32 bytes without calling `memcpy`. In a scope the cursor is a local variable, so it is in registers.
pub struct Limit<const END: u8, const INLINE: bool> {
    buffer: Buffer,
    cursor: Cursor<END, INLINE>,
}

/// Runs over the buffer's end: the rows' buffers are large enough.
pub const UNCHECKED: u8 = 0;
/// Panics at the buffer's end.
pub const CHECKED: u8 = 1;
/// Gets another buffer from a function that is not inlined and takes and returns the cursor by value. No row gets so far,
/// but the call is there: that alone has a price where the compiler can't know that it is rare (V8).
pub const GROWABLE: u8 = 2;

/// Everything is rounded up to 8 bytes, so that nothing needs to be aligned.
pub struct Cursor<const END: u8, const INLINE: bool> {
    next: Cell<*mut u8>,
    end: Cell<*mut u8>,
}

#[cold]
#[inline(never)]
fn full() -> ! {
    panic!("the limit's buffer is too small")
}

/// Two pointers that are returned in registers: on wasm both in one number.
#[cfg(target_pointer_width = "32")]
type Pair = u64;
#[cfg(not(target_pointer_width = "32"))]
type Pair = (*mut u8, *mut u8);

#[cold]
#[inline(never)]
fn another(next: *mut u8, end: *mut u8, size: usize) -> Pair {
    let used = end.addr() - next.addr();
    let buffer = Box::leak(Box::new(Buffer::new((size + used).max(1 << 16))));
    let (start, end) = (buffer.start(), buffer.end());
    #[cfg(target_pointer_width = "32")]
    return (start.expose_provenance() as u64) | ((end.expose_provenance() as u64) << 32);
    #[cfg(not(target_pointer_width = "32"))]
    return (start, end);
}

#[inline(always)]
fn unpack(pair: Pair) -> (*mut u8, *mut u8) {
    #[cfg(target_pointer_width = "32")]
    return (
        std::ptr::with_exposed_provenance_mut(pair as u32 as usize),
        std::ptr::with_exposed_provenance_mut((pair >> 32) as usize),
    );
    #[cfg(not(target_pointer_width = "32"))]
    return pair;
}

impl<const END: u8, const INLINE: bool> Cursor<END, INLINE> {
    #[inline(always)]
    fn bump(&self, size: usize) -> *mut u8 {
        let mut place = self.next.get();
        let size = (size + 7) & !7;
        if END != UNCHECKED && size > self.end.get().addr() - place.addr() {
            if END == CHECKED {
                full();
            }
            let (next, end) = unpack(another(place, self.end.get(), size));
            self.end.set(end);
            place = next;
        }
        // SAFETY: there is room: it was compared, or the row asked for a buffer of all that it needs.
        self.next.set(unsafe { place.add(size) });
        place
    }

    #[inline(always)]
    fn copy(&self, bytes: &[u8]) -> *mut u8 {
        let place = self.bump(bytes.len());
        if INLINE {
            // SAFETY: `bump` made room for them, apart from all that can be borrowed.
            unsafe { copy_inline(bytes.as_ptr(), place, bytes.len()) };
        } else {
            // SAFETY: as above.
            unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        place
    }

    #[inline(always)]
    fn inner(&self) -> Cursor<END, INLINE> {
        Cursor { next: self.next.clone(), end: self.end.clone() }
    }
}

impl<const END: u8, const INLINE: bool> Place for Cursor<END, INLINE> {
    #[inline(always)]
    fn value<T: Copy>(&self, value: T) -> &T {
        let place = self.bump(size_of::<T>()).cast::<T>();
        // SAFETY: room for a `T`, aligned to 8, as all that the rows allocate needs at most.
        unsafe { place.write(value) };
        // SAFETY: it was just written, and nobody else gets the place before the scope is over.
        unsafe { &*place }
    }

    #[inline(always)]
    fn bytes(&self, bytes: &[u8]) -> &[u8] {
        let place = self.copy(bytes);
        // SAFETY: that many bytes were just written, and nobody else gets the place before the scope is over.
        unsafe { std::slice::from_raw_parts(place, bytes.len()) }
    }

    #[inline(always)]
    fn text(&self, text: &str) -> &str {
        let bytes = self.bytes(text.as_bytes());
        // SAFETY: the bytes of a `str`.
        unsafe { str::from_utf8_unchecked(bytes) }
    }
}

impl<const END: u8, const INLINE: bool> Nest for Cursor<END, INLINE> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        W::run(&mut self.inner())
    }
}

impl<const END: u8, const INLINE: bool> Arena for Limit<END, INLINE> {
    fn new(bytes: usize) -> Self {
        let buffer = Buffer::new(bytes);
        let cursor = Cursor { next: Cell::new(buffer.start()), end: Cell::new(buffer.end()) };
        Limit { buffer, cursor }
    }

    #[inline(always)]
    fn scope<W: Work>(&mut self) -> u64 {
        W::run(&self.cursor.inner())
    }

    #[inline(always)]
    fn again(&mut self, _: usize) {}
}

impl<const END: u8, const INLINE: bool> Nest for Limit<END, INLINE> {
    #[inline(always)]
    fn nest<W: Nested>(&mut self) -> u64 {
        W::run(&mut self.cursor.inner())
    }
}

impl<const END: u8, const INLINE: bool> Shared for Limit<END, INLINE> {
    type Place = Cursor<END, INLINE>;

    fn new(bytes: usize) -> Self {
        Arena::new(bytes)
    }

    #[inline(always)]
    fn place(&self) -> &Self::Place {
        &self.cursor
    }

    #[inline(always)]
    fn reset(&mut self) {
        self.cursor.next.set(self.buffer.start());
    }
}
