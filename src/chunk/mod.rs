//! The chunks of one arena: spans claimed from a ledger, in the order they are filled.
//!
//! The list knows nothing of scopes. A cursor, the two pointers between which the next bytes go, lives with whoever
//! allocates; when it runs out it comes here by value and goes back by value, so that its owner can keep it in registers.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::error::{AllocError, Obstacle, out_of_memory};
use crate::layout::padding;
use crate::ledger::{GrowInPlace, Placed, Spans, Want};
use crate::platform::{Packed, sanitizer};
use crate::span::Span;

mod handed;
mod lodged;

use handed::Handed;
pub(crate) use lodged::{Filled, Lodged};

/// How large an arena's or a pool's chunks are: the first, how the next follow, and where that ends.
///
/// A request that is larger gets a chunk of its own size and changes nothing about those that follow. Sizes count
/// everything, headers included (on 64-bit 96 bytes of a chunk, on 32-bit 48). They are what an arena would like: free memory of
/// at least 4 KiB, or a quarter of the size, is used before memory grows, and if no more is to be had, whatever does.
///
/// A chunk that can grow in place does, by what the next would have been, or by a 64th of itself where that is more (unless the
/// policy is [`fixed`](Growth::fixed)): growing memory is slow, so a large arena does it in larger steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    first: usize,
    factor: usize,
    cap: usize,
}

impl Growth {
    /// The default: 512 bytes first, each next twice as much, up to 256 KiB.
    pub const fn new() -> Growth {
        Growth { first: 512, factor: 2, cap: 256 << 10 }
    }

    /// Chunks of always the same size, in bytes.
    pub const fn fixed(bytes: usize) -> Growth {
        Growth { first: bytes, factor: 1, cap: bytes }
    }

    /// The same with a first chunk of `bytes`.
    pub const fn first(self, bytes: usize) -> Growth {
        Growth { first: bytes, ..self }
    }

    /// The same with each chunk `factor` times as large as the one before; 1 for an even step.
    pub const fn factor(self, factor: usize) -> Growth {
        Growth { factor, ..self }
    }

    /// The same with no chunk larger than `bytes` unless one request is.
    pub const fn cap(self, bytes: usize) -> Growth {
        Growth { cap: bytes, ..self }
    }

    /// Bytes that the first chunk should have.
    const fn start(self) -> usize {
        if self.first < self.cap { self.first } else { self.cap }
    }

    /// Bytes that the chunk after one of `step` bytes should have.
    fn after(self, step: usize) -> usize {
        step.saturating_mul(self.factor).min(self.cap).max(step)
    }

    /// Bytes by which a chunk of `len` bytes should grow in place, where a new one would have `step`.
    fn in_place(self, step: usize, len: usize) -> usize {
        if self.factor > 1 { step.max(len / 64) } else { step }
    }
}

impl Default for Growth {
    fn default() -> Growth {
        Growth::new()
    }
}

/// The two pointers of whoever allocates: the next free byte, and the end of the chunk it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// A multiple of the user's minimum alignment, at most `end`.
    pub(crate) next: NonNull<u8>,
    /// The end of a chunk as it was when this cursor entered it (it may have grown since), or dangling before the first.
    pub(crate) end: NonNull<u8>,
}

// SAFETY: two pointers, which only the chunks' owner follows; where that may go is said there.
unsafe impl Send for CursorCell {}

impl Cursor {
    /// In no chunk, with no room.
    pub(crate) const NOWHERE: Cursor = {
        // 16 is aligned for every minimum alignment there is, and below every chunk.
        let nowhere = core::ptr::without_provenance_mut(16);
        match NonNull::new(nowhere) {
            Some(nowhere) => Cursor { next: nowhere, end: nowhere },
            None => panic!(),
        }
    };

    /// Bytes left.
    #[inline(always)]
    pub(crate) fn room(self) -> usize {
        self.end.addr().get() - self.next.addr().get()
    }
}

/// A cursor that moves. Its end is a cell of its own: where the two lie in memory, the end is written only when it changes.
pub struct CursorCell {
    next: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
}

impl CursorCell {
    pub(crate) const fn new(cursor: Cursor) -> CursorCell {
        CursorCell { next: Cell::new(cursor.next), end: Cell::new(cursor.end) }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Cursor {
        Cursor { next: self.next.get(), end: self.end.get() }
    }

    #[inline(always)]
    pub(crate) fn set(&self, cursor: Cursor) {
        self.next.set(cursor.next);
        self.end.set(cursor.end);
    }

    #[inline(always)]
    pub(crate) fn set_next(&self, next: NonNull<u8>) {
        self.next.set(next);
    }
}

/// Chunks, as those who allocate from them see them.
pub trait Refill {
    /// A cursor with room for `size` bytes at `align`: `cursor` itself if its chunk can be made longer in place, else one
    /// in the next chunk that fits, which may be a new one. `None`, and nothing has changed, if there is no room to be had;
    /// [`error`](Refill::error) says why.
    fn refill(&self, cursor: Cursor, size: usize, align: usize) -> Packed;

    /// What stood in the way when `refill` last returned nothing for this request.
    fn error(&self, size: usize, align: usize) -> AllocError;

    /// [`refill`](Refill::refill) for those who don't want to know: never `None`.
    ///
    /// # Panics
    ///
    /// If there is no room to be had.
    fn refill_or_panic(&self, cursor: Cursor, size: usize, align: usize) -> Packed;

    /// One of the two, as a cursor; with `PANIC`, there always is one.
    #[inline(always)]
    fn cursor_for<const PANIC: bool>(&self, cursor: Cursor, size: usize, align: usize) -> Option<Cursor> {
        let found = if PANIC { self.refill_or_panic(cursor, size, align) } else { self.refill(cursor, size, align) };
        match found.get() {
            Some((next, end)) => Some(Cursor { next, end }),
            // SAFETY: `refill_or_panic` does not return without a cursor.
            None if PANIC => unsafe { core::hint::unreachable_unchecked() },
            None => None,
        }
    }

    /// The name they are claimed under.
    fn owner(&self) -> &'static str;

    /// Tells a sanitizer that of what lies between the cursor as it was and `next`, the `size` bytes at `place` are in use.
    #[inline(always)]
    fn hand_out(&self, was: Cursor, place: NonNull<u8>, size: usize, next: NonNull<u8>) {
        let _ = (was, next);
        sanitizer::unpoison(place, 0..size);
    }
}

/// The record at the start of each chunk.
///
/// Its size is a multiple of every minimum alignment that a user can choose, so the data after it is aligned.
struct Record {
    /// Bytes of the payload that was claimed, this record included; they begin with it.
    len: Cell<usize>,
    previous: Cell<Link>,
    next: Cell<Link>,
    /// Where the values end, kept when the list moves on to the next chunk.
    filled: Cell<Option<NonNull<u8>>>,
}

const _: () = assert!(size_of::<Record>().is_multiple_of(16));

type Link = Option<Chunk>;

/// A chunk in the list. It may reach the whole chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Chunk(NonNull<Record>);

impl core::ops::Deref for Chunk {
    type Target = Record;

    fn deref(&self) -> &Record {
        // SAFETY: a `Chunk` is only made by `Chunks::link`, which writes the record, and leaves the list before its memory is
        // given back. All fields are cells.
        unsafe { self.0.as_ref() }
    }
}

impl Chunk {
    /// What was claimed.
    fn base(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// The first byte after the record.
    fn data(self) -> NonNull<u8> {
        // SAFETY: a chunk is larger than its record.
        unsafe { self.base().add(size_of::<Record>()) }
    }

    fn end(self) -> NonNull<u8> {
        // SAFETY: one past the chunk's last byte.
        unsafe { self.base().add(self.len.get()) }
    }

    /// Whether a cursor with this end lies in the chunk: the end may be any address that the chunk ever ended at.
    fn contains_end(self, end: NonNull<u8>) -> bool {
        self.base() < end && end <= self.end()
    }

    fn holds(self, size: usize, align: usize) -> bool {
        let (data, end) = (self.data().addr().get(), self.end().addr().get());
        let pad = padding(data, align);
        pad <= end - data && size <= end - data - pad
    }

    fn cursor(self) -> Cursor {
        Cursor { next: self.data(), end: self.end() }
    }
}

/// The chunks of one arena.
pub struct Chunks<'l> {
    /// The arena's own cursor, from which its scopes start; in the first chunk as soon as there is one, so that no scope has to
    /// look for it.
    pub(crate) home: CursorCell,
    spans: &'l dyn Spans,
    owner: &'static str,
    growth: Growth,
    /// Bytes that the next chunk should have.
    step: Cell<usize>,
    first: Cell<Link>,
    /// The last chunk that any cursor was put into. A living cursor lies in this one or in one before it, so those after it
    /// are vacant.
    current: Cell<Link>,
    /// What stood in the way of the request that failed last.
    obstacle: Cell<Obstacle>,
    /// What a sanitizer is to know.
    #[cfg_attr(not(freehold_asan), allow(dead_code))]
    handed: Handed,
}

// SAFETY: the chunks belong to this list alone and are bound to no thread.
unsafe impl Send for Chunks<'_> {}

impl<'l> Chunks<'l> {
    pub(crate) const fn new(spans: &'l dyn Spans, owner: &'static str, growth: Growth) -> Chunks<'l> {
        Chunks {
            home: CursorCell::new(Cursor::NOWHERE),
            spans,
            owner,
            growth,
            step: Cell::new(growth.start()),
            first: Cell::new(None),
            current: Cell::new(None),
            obstacle: Cell::new(Obstacle::TooLarge),
            handed: handed::NOTHING,
        }
    }

    pub(crate) const fn set_growth(&mut self, growth: Growth) {
        self.growth = growth;
        self.step = Cell::new(growth.start());
    }

    /// With `lead`, a new chunk has so many bytes more between its record and where the cursor begins.
    fn find_room(&self, cursor: Cursor, lead: usize, size: usize, align: usize) -> Result<Cursor, Obstacle> {
        if size > isize::MAX as usize {
            return Err(Obstacle::TooLarge);
        }
        // Every step back undoes one forward.
        let here = self.chunk_of(cursor);
        let mut missing = 0;
        if let Some(chunk) = here {
            // The chunk may have grown since.
            let longer = Cursor { end: chunk.end(), ..cursor };
            let needed = padding(cursor.next.addr().get(), align).checked_add(size).ok_or(Obstacle::TooLarge)?;
            if needed <= longer.room() {
                self.current.set(here);
                return Ok(longer);
            }
            missing = needed - longer.room();
        }
        if let Some(vacant) = self.vacant_after(here, size, align) {
            self.vacate(cursor);
            self.move_after(vacant, here);
            return Ok(self.enter(vacant, here, cursor));
        }
        let step = self.step.get();
        let want = Want {
            prefix: size_of::<Record>() + lead,
            size: size.max(1),
            align,
            prefer: step,
            ahead: false,
            grow: here.map(|chunk| GrowInPlace {
                payload: chunk.base(),
                missing,
                prefer: self.growth.in_place(step, chunk.len.get()),
            }),
        };
        // SAFETY: the chunk's payload is held until the chunk leaves the list.
        match unsafe { self.spans.place(self.owner, &want) }? {
            Placed::Grown(payload) => {
                // Only a claim that is in the list was to grow.
                let chunk = here.ok_or(Obstacle::TooLarge)?;
                self.advance(size, payload.len() - chunk.len.get());
                sanitizer::poison(payload.base(), chunk.len.get()..payload.len());
                chunk.len.set(payload.len());
                let home = self.home.get();
                if chunk.contains_end(home.end) {
                    self.home.set(Cursor { end: chunk.end(), ..home });
                }
                self.current.set(here);
                Ok(Cursor { end: chunk.end(), ..cursor })
            }
            Placed::New(payload, _) => {
                self.advance(size, payload.len());
                Ok(self.enter(self.link(payload, here), here, cursor))
            }
        }
    }

    /// Goes on at the start of `chunk`, which comes right after `here`, where `cursor` lies.
    fn enter(&self, chunk: Chunk, here: Link, cursor: Cursor) -> Cursor {
        self.hand_on(cursor, chunk);
        match here {
            Some(here) => here.filled.set(Some(cursor.next)),
            // A cursor that lies nowhere began before there was any chunk. So nothing of the arena's own lies in one, and its own
            // cursor comes along: where it was is vacant now, if an inner scope has been there.
            None => self.home.set(chunk.cursor()),
        }
        self.current.set(Some(chunk));
        chunk.cursor()
    }

    /// Takes the next step, after a claim of `gained` bytes for a request of `size`. A request larger than a whole chunk is an
    /// exception, and a crumb that happened to be free a stopgap: they say nothing about those that follow.
    fn advance(&self, size: usize, gained: usize) {
        let step = self.step.get();
        if size <= step && gained >= step / 2 {
            self.step.set(self.growth.after(step));
        }
    }

    /// The chunk that a cursor lies in: the last one entered, or, as inner scopes may have moved on, one before it.
    fn chunk_of(&self, cursor: Cursor) -> Link {
        let mut here = self.current.get();
        while let Some(chunk) = here
            && !chunk.contains_end(cursor.end)
        {
            here = chunk.previous.get();
        }
        here
    }

    /// The first chunk after `here` that can hold the request. Nothing lives in those.
    fn vacant_after(&self, here: Link, size: usize, align: usize) -> Link {
        let mut next = self.after(here);
        while let Some(chunk) = next
            && !chunk.holds(size, align)
        {
            next = chunk.next.get();
        }
        next
    }

    fn after(&self, here: Link) -> Link {
        here.map_or(self.first.get(), |chunk| chunk.next.get())
    }

    /// Writes the record of a chunk and puts it after `here`.
    fn link(&self, payload: Span, here: Link) -> Chunk {
        let chunk = Chunk(payload.base().cast());
        let record = Record {
            len: Cell::new(payload.len()),
            previous: Cell::new(None),
            next: Cell::new(None),
            filled: Cell::new(None),
        };
        // SAFETY: the payload was claimed just now with room for a record in front, and starts on the ledger's grain.
        unsafe { chunk.0.write(record) };
        sanitizer::poison(payload.base(), size_of::<Record>()..payload.len());
        self.insert_after(chunk, here);
        chunk
    }

    fn insert_after(&self, chunk: Chunk, here: Link) {
        let next = self.after(here);
        chunk.previous.set(here);
        chunk.next.set(next);
        if let Some(next) = next {
            next.previous.set(Some(chunk));
        }
        match here {
            Some(here) => here.next.set(Some(chunk)),
            None => self.first.set(Some(chunk)),
        }
    }

    fn unlink(&self, chunk: Chunk) {
        let (previous, next) = (chunk.previous.get(), chunk.next.get());
        if let Some(next) = next {
            next.previous.set(previous);
        }
        match previous {
            Some(previous) => previous.next.set(next),
            None => self.first.set(next),
        }
    }

    fn move_after(&self, chunk: Chunk, here: Link) {
        if chunk.previous.get() != here {
            self.unlink(chunk);
            self.insert_after(chunk, here);
        }
    }

    /// A cursor at the start of the first chunk.
    ///
    /// # Safety
    ///
    /// The caller owes: no other cursor of these chunks is used any more, nor anything that lies in them.
    pub(crate) unsafe fn rewind(&self) -> Cursor {
        self.current.set(self.first.get());
        self.first.get().map_or(Cursor::NOWHERE, Chunk::cursor)
    }

    /// Gives the vacant chunks back: those after the one that `cursor` lies in, all of them if it lies in none or nothing lies
    /// before it. Returns the cursor to go on with.
    ///
    /// # Safety
    ///
    /// The caller owes: no other cursor of these chunks is used any more, nor anything that lies in the vacant ones.
    pub(crate) unsafe fn trim(&self, cursor: Cursor) -> Cursor {
        let is_empty = |chunk: &Chunk| chunk.previous.get().is_none() && chunk.data() == cursor.next;
        let keep = self.chunk_of(cursor).filter(|chunk| !is_empty(chunk));
        self.current.set(keep);
        self.vacate(if keep.is_some() { cursor } else { Cursor::NOWHERE });
        while let Some(chunk) = self.after(keep) {
            self.unlink(chunk);
            // SAFETY: the chunk is out of the list, and no cursor and so no value lies in it.
            unsafe { self.spans.give_back(chunk.base()) };
        }
        if keep.is_some() {
            return cursor;
        }
        self.step.set(self.growth.start());
        Cursor::NOWHERE
    }

    /// Bytes claimed, the ledger's headers not included.
    pub(crate) fn claimed(&self) -> usize {
        let mut sum = 0;
        let mut next = self.first.get();
        while let Some(chunk) = next {
            sum += chunk.len.get();
            next = chunk.next.get();
        }
        sum
    }
}

impl Refill for Chunks<'_> {
    #[cold]
    #[inline(never)]
    fn refill(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        match self.find_room(cursor, 0, size, align) {
            Ok(Cursor { next, end }) => Packed::new((next, end)),
            Err(obstacle) => {
                self.obstacle.set(obstacle);
                Packed::NONE
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn error(&self, size: usize, align: usize) -> AllocError {
        AllocError::new(self.owner, size, align, self.obstacle.get())
    }

    #[cold]
    #[inline(never)]
    fn refill_or_panic(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        match self.find_room(cursor, 0, size, align) {
            Ok(Cursor { next, end }) => Packed::new((next, end)),
            Err(obstacle) => out_of_memory(AllocError::new(self.owner, size, align, obstacle)),
        }
    }

    #[inline]
    fn owner(&self) -> &'static str {
        self.owner
    }

    #[inline(always)]
    fn hand_out(&self, was: Cursor, place: NonNull<u8>, size: usize, next: NonNull<u8>) {
        self.hand_out_of(was, place, size, next);
    }
}

impl Drop for Chunks<'_> {
    fn drop(&mut self) {
        // SAFETY: whoever held a cursor borrowed or owned this list.
        unsafe { self.trim(Cursor::NOWHERE) };
    }
}
