//! Chunks whose list lies in the first of them.
//!
//! A typed arena or a pool has one cursor, and is best off with it in registers. That only works while nobody outside gets
//! the address of the variable it lives in, so the list, which the cold path must reach, lives elsewhere: in the first
//! chunk, after its record. What stays with the owner are a pointer to it, and the terms that it is made with:
//!
//! ```text
//!                                      where the owner's cursor begins
//!                                      ▼
//!  ┌────────┬──────────────────┬───────┬───────────┬───────────┬──
//!  │ Record │ Chunks: the list │       │ 1st value │ 2nd value │ …    the first chunk
//!  └────────┴──────────────────┴───────┴───────────┴───────────┴──
//!           ▲                          │
//!           │◀────────── LEAD ────────▶│
//!           Lodged::list, in the owner's variable
//! ```
//!
//! It comes there by a copy: a list without chunks is made on the stack, claims the first one, and moves into it (`open`). It goes by a copy
//! too: out of its chunk, before all of them go back (`close`).

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::{Chunk, Chunks, Cursor, Growth, Record, Refill, Terms, Unfinished};
use crate::error::{AllocError, Obstacle};
use crate::layout::{GRAIN, padding};
use crate::ledger::Spans;
use crate::platform::{self, Packed, sanitizer};
use crate::refusal::out_of_memory;

/// Bytes that the list takes at the start of the first chunk: up to a multiple of the grain, so that what follows begins on a
/// line of the cache.
const LEAD: usize = (size_of::<Record>() + size_of::<Chunks<'_>>()).next_multiple_of(GRAIN) - size_of::<Record>();

/// The chunks of one typed arena or pool.
pub struct Lodged<'l> {
    /// The list has a copy: these are for the first chunk, and so that the name is at hand without a look at memory.
    terms: Terms<'l>,
    /// Where the list is, a `Chunks<'l>`, once there is a chunk for it. It is this owner's alone. (Its type stays out of the cell,
    /// so that a longer `'l` does for a shorter.)
    list: Cell<Option<NonNull<u8>>>,
    /// What stood in the way of the request that failed last.
    obstacle: Cell<Obstacle>,
}

// SAFETY: the list and its chunks belong to this owner alone and are bound to no thread.
unsafe impl Send for Lodged<'_> where for<'a> &'a dyn Spans: Send {}

impl<'l> Lodged<'l> {
    pub(crate) const fn new(spans: &'l dyn Spans, owner: &'static str) -> Lodged<'l> {
        let obstacle = Cell::new(Obstacle::TooLarge);
        let terms = Terms { spans, owner, growth: Growth::new() };
        Lodged { terms, list: Cell::new(None), obstacle }
    }

    /// For the chunks to come.
    pub(crate) const fn set_growth(&mut self, growth: Growth) {
        self.terms.growth = growth;
        if let Some(list) = *self.list.get_mut() {
            // SAFETY: the list lies in its first chunk until `close`, which forgets it, and is this owner's alone.
            unsafe { list.cast::<Chunks<'_>>().as_mut() }.set_growth(growth);
        }
    }

    #[inline(always)]
    pub(crate) fn spans(&self) -> &'l dyn Spans {
        self.terms.spans
    }

    #[inline(always)]
    fn list(&self) -> Option<&Chunks<'l>> {
        // SAFETY: the list lies in its first chunk until `close`, which forgets it.
        self.list.get().map(|list| unsafe { list.cast().as_ref() })
    }

    /// Remembers where the list is, if this is the cursor that came with it: the first one.
    #[inline(always)]
    fn note_list(&self, opened: Packed) -> Packed {
        if let Some((next, _)) = opened.get()
            && self.list.get().is_none()
        {
            // SAFETY: a cursor that `open` returns has the list just before it.
            self.list.set(Some(unsafe { next.sub(LEAD) }));
        }
        opened
    }

    /// Remembers where the list is, and takes the cursor.
    #[cfg(target_family = "wasm")]
    #[inline(always)]
    fn take(&self, Found(cursor): Found) -> Packed {
        self.note_list(cursor)
    }

    /// Remembers where the list is, and takes the cursor.
    #[cfg(not(target_family = "wasm"))]
    #[inline(always)]
    fn take(&self, Found(list): Found) -> Packed {
        self.list.set(Some(list));
        // SAFETY: the list lies in its first chunk until `close`, which forgets it.
        let list: &Chunks<'l> = unsafe { list.cast().as_ref() };
        let Cursor { next, end } = list.home.get();
        Packed::new((next, end))
    }

    /// A cursor at the start of the first chunk.
    ///
    /// # Safety
    ///
    /// The caller owes: no other cursor of these chunks is used any more, nor anything that lies in them.
    pub(crate) unsafe fn rewind(&self) -> Cursor {
        let Some(list) = self.list() else {
            return Cursor::NOWHERE;
        };
        // SAFETY: the caller's promise; the list itself is stepped over.
        let cursor = unsafe { list.rewind() };
        // SAFETY: the first chunk was made with room for the list.
        Cursor { next: unsafe { cursor.next.add(LEAD) }, ..cursor }
    }

    /// Gives all chunks back. The next refill begins anew.
    ///
    /// # Safety
    ///
    /// The caller owes: no cursor of these chunks is used any more, nor anything that lies in them.
    #[inline(always)]
    pub(crate) unsafe fn close(&self) {
        if let Some(list) = self.list.take() {
            // SAFETY: the caller's promise, and the list is forgotten here.
            unsafe { close(list) };
        }
    }

    /// What is being built after the cursor.
    pub(crate) fn unfinished(&self) -> Unfinished {
        self.list().map_or(Unfinished::Nothing, |list| list.unfinished.get())
    }

    /// Has the list know that something is being built after the cursor, which then must have no room. Returns what was being built until
    /// now.
    pub(crate) fn build(&self) -> Unfinished {
        self.list().map_or(Unfinished::Nothing, Chunks::build)
    }

    /// What is being built now. Returns what was until now.
    pub(crate) fn set_unfinished(&self, unfinished: Unfinished) -> Unfinished {
        self.list().map_or(Unfinished::Nothing, |list| list.unfinished.replace(unfinished))
    }

    /// Room for `size` bytes from `cursor` on without a move, if it is to be had.
    #[cold]
    #[inline(never)]
    pub(crate) fn room_in_place(&self, cursor: Cursor, size: usize, align: usize) -> Option<Cursor> {
        self.list()?.room_in_place(cursor, size, align)
    }

    /// Bytes claimed, all headers included.
    pub(crate) fn held(&self) -> usize {
        self.list().map_or(0, Chunks::held)
    }

    /// The ends of what is vacant, chunk by chunk: after `cursor`, the only one, and in the chunks after that.
    pub(crate) fn vacant(&self, cursor: Cursor) -> impl Iterator<Item = Cursor> {
        let list = self.list();
        let here = list.map(|list| list.longest(cursor)).into_iter();
        here.chain(list.into_iter().flat_map(Chunks::vacant))
    }

    /// Gives the chunks back that lie after the one of the only cursor. Returns their bytes.
    ///
    /// # Safety
    ///
    /// The caller owes: nothing that lies in them is used any more.
    pub(crate) unsafe fn trim(&self) -> usize {
        // The chunk that the one cursor lies in is the list's current one.
        self.list().map_or(0, Chunks::trim_after_current)
    }

    /// The filled parts of the chunks in order, of which the last is where `cursor`, the only one, lies.
    #[inline(always)]
    pub(crate) fn filled(&self, cursor: Cursor) -> Filled {
        let (first, last) = self.list().map_or((None, None), |list| (list.first.get(), list.current.get()));
        Filled { next: first, last, lead: LEAD, cursor }
    }
}

/// All inlined, and nothing that it calls gets the address of `self`.
impl Refill for Lodged<'_> {
    #[inline(always)]
    fn refill(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        let list = self.list.get();
        let Terms { spans, owner, growth: Growth { first, factor, cap } } = self.terms;
        // SAFETY: the list is this owner's own, or there is none yet.
        match unsafe { refill(list, cursor, size, align, spans, owner, first, factor, cap) } {
            Ok(refilled) => self.note_list(refilled),
            Err(obstacle) => {
                self.obstacle.set(obstacle);
                Packed::NONE
            }
        }
    }

    #[inline(always)]
    fn error(&self, size: usize, align: usize) -> AllocError {
        AllocError::new(self.terms.owner, size, align, self.obstacle.get())
    }

    #[inline(always)]
    #[track_caller]
    fn refill_or_panic(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        let list = self.list.get();
        let Terms { spans, owner, growth: Growth { first, factor, cap } } = self.terms;
        // SAFETY: the list is this owner's own, or there is none yet.
        let found = unsafe { refill_or_panic(list, cursor, size, align, spans, owner, first, factor, cap) };
        self.take(found)
    }

    #[inline(always)]
    fn owner(&self) -> &'static str {
        self.terms.owner
    }
}

impl Drop for Lodged<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: whoever held a cursor borrowed or owned this.
        unsafe { self.close() };
    }
}

/// Claims the first chunk, and puts the list into it: just before where the cursor begins, which has room for `size` bytes at
/// `align`.
#[inline(always)]
fn begin(
    spans: &dyn Spans,
    owner: &'static str,
    growth: Growth,
    size: usize,
    align: usize,
) -> Result<Packed, Obstacle> {
    // It has nothing that could be lost. (One that is moved may take a `memmove`, of which small firmware has no other use.)
    let list = ManuallyDrop::new(Chunks::new(spans, owner, growth));
    let Cursor { next: start, end } = list.begin(LEAD, size, align)?;
    platform::reach(end.addr().get());
    // SAFETY: the chunk was made with room for the list after its record.
    let next = unsafe { start.add(LEAD) };
    sanitizer::unpoison(start, 0..LEAD);
    // SAFETY: the room is the list's, and aligned to 16 as a record's end is; the list is used there only, from now on.
    unsafe { start.cast().copy_from_nonoverlapping(NonNull::from(&*list), 1) };
    Ok(Packed::new((next, end)))
}

/// Goes on in the list, or opens one: all in one call, of a function too large to be inlined (see [`Chunks::make_room`]).
///
/// Where, for how much, and the terms in their parts: whole, they would go by address, as all structures of three words or more do, and the
/// caller would have to have them in memory.
///
/// # Safety
///
/// The caller owes: the list is one that this function opened, and its chunks are there still; the cursor is its one cursor.
#[cold]
#[inline(never)]
#[allow(clippy::too_many_arguments)] // see above
unsafe fn refill(
    list: Option<NonNull<u8>>,
    cursor: Cursor,
    size: usize,
    align: usize,
    spans: &dyn Spans,
    owner: &'static str,
    first: usize,
    factor: usize,
    cap: usize,
) -> Result<Packed, Obstacle> {
    // SAFETY: the caller's promise.
    unsafe { go_on(list, cursor, size, align, spans, owner, Growth { first, factor, cap }) }
}

/// A cursor, and the list that it came from: what [`refill_or_panic`] returns.
///
/// Natively it is the list, which has the cursor: in `home`, as nothing else is kept there in a list that is lodged. So the caller has nothing to
/// choose, and one value less to keep for a panic that unwinds: a loop with variables of its own has more of them in registers. On wasm it is
/// the cursor, and the caller knows by it where the first one's list is: a cursor that is loaded makes V8 spill what it does not spill so.
/// ([Measured](../../docs/hot-loops.md).)
#[cfg(target_family = "wasm")]
struct Found(Packed);

/// A cursor, and the list that it came from: see there.
#[cfg(not(target_family = "wasm"))]
struct Found(NonNull<u8>);

impl Found {
    /// # Safety
    ///
    /// The caller owes: the cursor is one of the list's, or the one that came with it if there was none.
    #[cfg(target_family = "wasm")]
    #[inline(always)]
    unsafe fn new(_: Option<NonNull<u8>>, cursor: Packed) -> Found {
        Found(cursor)
    }

    /// # Safety
    ///
    /// The caller owes: the cursor is one of the list's, or the one that came with it if there was none; and that there is a cursor.
    #[cfg(not(target_family = "wasm"))]
    #[inline(always)]
    unsafe fn new(list: Option<NonNull<u8>>, cursor: Packed) -> Found {
        // SAFETY: the caller's promise.
        let (next, end) = unsafe { cursor.pair() };
        let list = match list {
            Some(list) => list,
            // SAFETY: a cursor that `begin` returns has the list just before it.
            None => unsafe { next.sub(LEAD) },
        };
        // SAFETY: it lies there.
        unsafe { list.cast::<Chunks<'_>>().as_ref() }.home.set(Cursor { next, end });
        Found(list)
    }
}

/// [`refill`], or it panics: a program that does not is without this.
///
/// # Safety
///
/// The caller owes what that asks for.
#[cold]
#[inline(never)]
#[track_caller]
#[allow(clippy::too_many_arguments)] // see there
unsafe fn refill_or_panic(
    list: Option<NonNull<u8>>,
    cursor: Cursor,
    size: usize,
    align: usize,
    spans: &dyn Spans,
    owner: &'static str,
    first: usize,
    factor: usize,
    cap: usize,
) -> Found {
    // SAFETY: the caller's promise.
    match unsafe { go_on(list, cursor, size, align, spans, owner, Growth { first, factor, cap }) } {
        // SAFETY: it is there.
        Ok(cursor) => unsafe { Found::new(list, cursor) },
        Err(obstacle) => out_of_memory(AllocError::new(owner, size, align, obstacle)),
    }
}

/// # Safety
///
/// As [`refill`].
#[inline(always)]
unsafe fn go_on(
    list: Option<NonNull<u8>>,
    cursor: Cursor,
    size: usize,
    align: usize,
    spans: &dyn Spans,
    owner: &'static str,
    growth: Growth,
) -> Result<Packed, Obstacle> {
    let Some(list) = list else { return begin(spans, owner, growth, size, align) };
    // SAFETY: the caller's promise.
    let list: &Chunks<'_> = unsafe { list.cast().as_ref() };
    list.make_way(cursor)?;
    let found = list.make_room(cursor, size, align);
    if found.is_none() { Err(list.obstacle.get()) } else { Ok(found) }
}

/// # Safety
///
/// The caller owes: the list is not used any more, nor anything in its chunks.
#[cold]
#[inline(never)]
unsafe fn close(list: NonNull<u8>) {
    // Out of its chunk first, then away with them all.
    // SAFETY: the list was written by `open`, and is not used there again.
    drop(unsafe { list.cast::<Chunks<'_>>().read() });
}

/// Goes over the filled parts of chunks. See [`Lodged::filled`].
#[derive(Clone, Copy)]
pub(crate) struct Filled {
    next: Option<Chunk>,
    last: Option<Chunk>,
    /// What the first chunk begins with.
    lead: usize,
    cursor: Cursor,
}

impl Filled {
    /// The next part: from the first multiple of `align` to where it ends.
    pub fn next(&mut self, align: usize) -> Option<(NonNull<u8>, NonNull<u8>)> {
        let chunk = self.next?;
        let end = if self.next == self.last {
            self.next = None;
            self.cursor.next
        } else {
            self.next = chunk.next.get();
            chunk.filled.get()?
        };
        let data = chunk.data().addr().get() + core::mem::take(&mut self.lead);
        // A chunk that was entered and left without a value may be filled no further than where the first would be.
        let pad = padding(data, align);
        let skip = (data + pad).min(end.addr().get()) - chunk.data().addr().get();
        // SAFETY: at most as far as the chunk is filled.
        Some((unsafe { chunk.data().add(skip) }, end))
    }
}

const _: () = assert!(align_of::<Chunks<'_>>() <= 16);
