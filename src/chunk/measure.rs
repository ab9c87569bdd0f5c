//! How much a list of chunks has, and giving some of it back. All of this takes a step for each chunk, and none is on the way of a request.

use core::ptr::NonNull;

use super::record::{Chunk, Record};
use super::{Chunks, Cursor};
use crate::layout::GRAIN;
use crate::ledger::Placed;

impl Chunks<'_> {
    /// Bytes claimed for the chunk, all headers included.
    pub(super) fn held_by(&self, chunk: Chunk) -> usize {
        chunk.len.get() + self.terms.spans.header()
    }

    /// Bytes claimed, all headers included.
    pub(crate) fn held(&self) -> usize {
        chunks_from(self.first.get()).map(|chunk| self.held_by(chunk)).sum()
    }

    /// Bytes that the chunks have for what is allocated.
    pub(crate) fn capacity(&self) -> usize {
        chunks_from(self.first.get()).map(|chunk| chunk.len.get() - size_of::<Record>()).sum()
    }

    /// Bytes that lie before `cursor`: what was allocated, and what was skipped to align it. What was left at the end of a chunk isn't
    /// counted.
    pub(crate) fn used(&self, cursor: Cursor) -> usize {
        let (mut sum, mut end, mut here) = (0, Some(cursor.next), self.chunk_of(cursor));
        while let Some(chunk) = here {
            sum += end.map_or(0, |end| bytes_between(chunk.data(), end));
            here = chunk.previous.get();
            end = here.and_then(|chunk| chunk.filled.get());
        }
        sum
    }

    /// The same cursor, up to where its chunk ends now.
    pub(super) fn longest(&self, cursor: Cursor) -> Cursor {
        self.chunk_of(cursor).map_or(cursor, |chunk| Cursor { end: chunk.end(), ..cursor })
    }

    /// Cursors at the start of each chunk after the last that was entered.
    pub(super) fn vacant(&self) -> impl Iterator<Item = Cursor> {
        chunks_from(self.after(self.current.get())).map(Chunk::cursor)
    }

    /// Gives back what lies after the last chunk that was entered. Returns its bytes.
    pub(super) fn trim_after_current(&self) -> usize {
        self.give_back_after(self.current.get(), usize::MAX)
    }

    /// Gives chunks back until what is held is at most so many bytes, and has the arena's own cursor begin at the first that is left.
    /// Returns the bytes given back. Where that leaves less than half of what may be held, as chunks that grow in place are few and long, the
    /// first is a new one of the rest, if it is to be had.
    ///
    /// # Safety
    ///
    /// The caller owes: no cursor of these chunks is used any more, nor anything that lies in them.
    pub(crate) unsafe fn rewind_keeping(&self, bytes: usize) -> usize {
        self.current.set(None);
        self.home.set(Cursor::NOWHERE);
        self.vacate(Cursor::NOWHERE);
        let (mut kept, mut gone, mut next) = (0, 0, self.first.get());
        while let Some(chunk) = next {
            next = chunk.next.get();
            if self.held_by(chunk) <= bytes - kept {
                kept += self.held_by(chunk);
            } else {
                gone += self.give_back(chunk);
            }
        }
        if gone > 0 && kept < bytes / 2 {
            gone -= self.have(bytes - kept);
        }
        match self.first.get() {
            Some(first) => {
                // SAFETY: the caller's promise.
                self.home.set(unsafe { self.rewind() });
                self.hand_on(Cursor::NOWHERE, first);
            }
            None => self.step.set(self.terms.growth.start()),
        }
        gone
    }

    /// Claims one more chunk, of at most so many bytes with all headers, and puts it in front of all others. Returns its bytes.
    fn have(&self, bytes: usize) -> usize {
        let headers = self.terms.spans.header() + size_of::<Record>();
        let Some(size) = (bytes & !(GRAIN - 1)).checked_sub(headers).filter(|size| *size > 0) else { return 0 };
        // Just so much: what growth would like may be more.
        let step = self.step.replace(0);
        let claimed = self.claim(None, 0, 0, size, 1);
        self.step.set(step);
        let Ok(Placed { payload, .. }) = claimed else { return 0 };
        let chunk = self.link(payload, None);
        let held = self.held_by(chunk);
        if held > bytes {
            // A plot, or what somebody lends, is as long as it is.
            self.give_back(chunk);
            return 0;
        }
        held
    }

    /// Whether a cursor of this arena may have been `mark` before it came to where it is: it lies at or before it.
    pub(crate) fn was_at(&self, cursor: Cursor, mark: Cursor) -> bool {
        let mut here = self.chunk_of(cursor);
        if mark == Cursor::NOWHERE {
            return true;
        }
        if here.is_some_and(|chunk| chunk.contains_end(mark.end)) {
            return mark.next <= cursor.next;
        }
        while let Some(chunk) = here {
            here = chunk.previous.get();
            if here.is_some_and(|chunk| chunk.contains_end(mark.end)) {
                return here.and_then(|chunk| chunk.filled.get()).is_some_and(|filled| mark.next <= filled);
            }
        }
        false
    }
}

fn chunks_from(first: Option<Chunk>) -> impl Iterator<Item = Chunk> {
    core::iter::successors(first, |chunk| chunk.next.get())
}

fn bytes_between(start: NonNull<u8>, end: NonNull<u8>) -> usize {
    end.addr().get() - start.addr().get()
}
