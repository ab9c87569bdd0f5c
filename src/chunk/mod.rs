//! The chunks of one arena: spans claimed from a ledger, in the order they are filled.
//!
//! The list knows nothing of scopes. A cursor, the two pointers between which the next bytes go, lives with whoever
//! allocates; when it runs out it comes here by value and goes back by value, so that its owner can keep it in registers.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::error::{AllocError, Obstacle};
use crate::layout::padding;
use crate::ledger::{Placed, Spans, Want};
use crate::platform::{self, Packed, sanitizer};
use crate::refusal::out_of_memory;
use crate::span::Span;

mod cursor;
mod growth;
mod handed;
mod lodged;
mod measure;
mod record;
#[cfg(test)]
mod tests;
mod unfinished;

pub use cursor::{Cursor, CursorCell, Refill};
pub use growth::Growth;
use handed::Handed;
pub(crate) use lodged::{Filled, Lodged};
use record::{Chunk, Record};
use unfinished::MoveAway;
pub(crate) use unfinished::Unfinished;

/// The chunks of one arena.
pub struct Chunks<'l> {
    /// The arena's own cursor, from which its scopes start. It lies nowhere, or in one of the chunks up to `current`.
    ///
    /// Besides the arena itself two steps move it: [`bring_home`](Chunks::bring_home), when something is allocated by a cursor that lies
    /// nowhere, so that the next scope starts in a chunk and need not look for one; and [`grown`](Chunks::grown), which has it know the new
    /// end of its chunk.
    ///
    /// A list that is [lodged] has no such cursor: there it is where a refill leaves the one cursor for its owner to take.
    pub(crate) home: CursorCell,
    terms: Terms<'l>,
    /// Bytes that the next chunk should have.
    step: Cell<usize>,
    first: Cell<Option<Chunk>>,
    /// The last chunk that any cursor was put into. A living cursor lies in this one or in one before it, so those after it
    /// are vacant.
    current: Cell<Option<Chunk>>,
    /// What stood in the way of the request that failed last.
    obstacle: Cell<Obstacle>,
    /// What is being built after the one cursor of a typed arena.
    unfinished: Cell<Unfinished>,
    move_away: Cell<Option<MoveAway>>,
    steps: Steps,
    /// What a sanitizer is to know.
    #[cfg_attr(not(any(freehold_asan, debug_assertions)), allow(dead_code))]
    handed: Handed,
}

// SAFETY: the chunks belong to this list alone and are bound to no thread.
unsafe impl Send for Chunks<'_> where for<'a> &'a dyn Spans: Send {}

/// Whom chunks are claimed from, under which name, and how they grow.
#[derive(Clone, Copy)]
struct Terms<'l> {
    spans: &'l dyn Spans,
    owner: &'static str,
    growth: Growth,
}

/// What nothing is: for a message that says it once, rather than one for each cell that is not shared.
#[diagnostic::on_unimplemented(
    message = "an arena and its scopes belong to one thread at a time",
    label = "this would use one from another thread",
    note = "move the arena itself to the other thread, and open a scope there; or give each thread its own, on the same ledger"
)]
pub trait BetweenThreads {}

/// An arena, or a scope.
pub struct OfOneThread;

// SAFETY: the condition is never met. (It has a lifetime, as the compiler looks at it here if it has none.)
unsafe impl Sync for Chunks<'_> where for<'a> &'a OfOneThread: BetweenThreads {}

/// So many vacant chunks are looked at before a new one is claimed.
const LOOKS: usize = 8;

/// Where a request is met without a claim, or what is missing for that.
enum Here {
    Fits(Cursor),
    Lacks(usize),
}

impl<'l> Chunks<'l> {
    pub(crate) const fn new(spans: &'l dyn Spans, owner: &'static str, growth: Growth) -> Chunks<'l> {
        Chunks {
            home: CursorCell::new(Cursor::NOWHERE),
            terms: Terms { spans, owner, growth },
            step: Cell::new(growth.start()),
            first: Cell::new(None),
            current: Cell::new(None),
            obstacle: Cell::new(Obstacle::TooLarge),
            unfinished: Cell::new(Unfinished::Nothing),
            move_away: Cell::new(None),
            steps: Steps::new(),
            handed: handed::nothing(),
        }
    }

    pub(crate) const fn set_growth(&mut self, growth: Growth) {
        self.terms.growth = growth;
        self.step = Cell::new(growth.start());
    }

    /// Where to go on from `cursor` with `size` bytes at `align`: in its own chunk, in a vacant one, or in a new one; or nowhere. The list is
    /// there then: the chunk is the current one.
    ///
    /// [`Cursor::HOME`] stands for the arena's own: so a loop by reference need not have both its pointers at hand.
    ///
    /// All of the search is in it: engines inline a small function into a hot loop (V8 one of up to 500 bytes), which then keeps its variables in
    /// memory. A test says that it is large. It does not panic itself: a program that never does has nothing of that in it.
    #[cold]
    #[inline(never)]
    fn make_room(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        let cursor = if cursor.end == Cursor::HOME.end { self.home.get() } else { cursor };
        match self.find(cursor, size, align) {
            Ok(Cursor { next, end }) => {
                // Another thread may have grown this memory, and handed the arena over.
                platform::reach(end.addr().get());
                Packed::new((next, end))
            }
            Err(obstacle) => {
                self.obstacle.set(obstacle);
                Packed::NONE
            }
        }
    }

    /// [`make_room`](Chunks::make_room) for the arena's own cursor, which lies in memory anyway: it moves on by `step`, the size rounded up to what
    /// keeps it aligned, and what is returned is where the `size` bytes are.
    ///
    /// It is a second function with the search in it. Like the first it leaves it to the caller to panic: where the caller asks, after the call,
    /// whether there is a place, V8 saves and loads the loop's variables around the call, and not in each turn. A test looks for the question.
    #[cold]
    #[inline(never)]
    pub(crate) fn place_at_home(&self, step: usize, size: usize, align: usize) -> Option<NonNull<u8>> {
        match self.find(self.home.get(), step, align) {
            Ok(Cursor { next, end }) => {
                platform::reach(end.addr().get());
                // SAFETY: `find` left room for the padding and the bytes after it.
                let place = unsafe { next.add(padding(next.addr().get(), align)) };
                // SAFETY: as above.
                let next = unsafe { place.add(step) };
                self.home.set(Cursor { next, end });
                self.hand_out_of(Cursor { next: place, end }, place, size, next);
                Some(place)
            }
            Err(obstacle) => {
                self.obstacle.set(obstacle);
                None
            }
        }
    }

    /// Tells what stood in the way when there was no room last.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn fail(&self, size: usize, align: usize) -> ! {
        out_of_memory(self.error(size, align))
    }

    /// It looks at [`LOOKS`] vacant chunks. If there are more and none of those fits, they go back to the ledger once a new one is
    /// there: a list whose front is of no use would be looked at in vain again in each round, and each would claim anew. Only where
    /// the ledger has nothing to give, all are looked at.
    #[inline(always)]
    fn find(&self, cursor: Cursor, size: usize, align: usize) -> Result<Cursor, Obstacle> {
        if size > isize::MAX as usize {
            return Err(Obstacle::TooLarge);
        }
        if cursor == Cursor::CLOSED {
            return Err(Obstacle::ScopeOpen);
        }
        let here = self.chunk_of(cursor);
        // Inner scopes have ended, as this cursor is used: what they entered is vacant, whether room is found now or not. (Where the
        // cursor lies nowhere, the arena's own may lie in the first.)
        self.current.set(here.or(self.first.get()));
        let mut missing = 0;
        if let Some(chunk) = here {
            match look_into(chunk, cursor, size, align)? {
                Here::Fits(cursor) => return Ok(cursor),
                Here::Lacks(bytes) => missing = bytes,
            }
        }
        let mut rest = self.after(here);
        if rest.is_some() {
            match self.look(rest, LOOKS, size, align) {
                Ok(vacant) => return Ok(self.reuse(vacant, here, cursor)),
                Err(left) => rest = left,
            }
        }
        let (last, found) = match self.claim(here, missing, 0, size, align) {
            Ok(Placed { payload, .. }) => match here.filter(|here| here.base() == payload.base()) {
                Some(here) => (Some(here), self.grown(here, payload, cursor, size)),
                None => {
                    self.advance(size, payload.len());
                    let chunk = self.link(payload, here);
                    (Some(chunk), self.go_to(chunk, here, cursor))
                }
            },
            Err(obstacle) => {
                let vacant = self.look(rest, usize::MAX, size, align).map_err(|_| obstacle)?;
                return Ok(self.reuse(vacant, here, cursor));
            }
        };
        if rest.is_some() {
            self.give_back_after(last, LOOKS);
        }
        Ok(found)
    }

    /// [`find`](Chunks::find) where there is no chunk yet. The first one gets so many bytes more between its record and where the cursor begins.
    #[inline(always)]
    fn begin(&self, lead: usize, size: usize, align: usize) -> Result<Cursor, Obstacle> {
        if size > isize::MAX as usize {
            return Err(Obstacle::TooLarge);
        }
        let Placed { payload, .. } = self.claim(None, 0, lead, size, align)?;
        self.advance(size, payload.len());
        let chunk = self.link(payload, None);
        Ok(self.go_to(chunk, None, Cursor::NOWHERE))
    }

    /// Claims a chunk for `size` bytes at `align` after a lead, or has `here` grow, which lacks so many.
    fn claim(
        &self,
        here: Option<Chunk>,
        missing: usize,
        lead: usize,
        size: usize,
        align: usize,
    ) -> Result<Placed, Obstacle> {
        let step = self.step.get();
        let want = Want {
            prefix: size_of::<Record>() + lead,
            size: size.max(1),
            align,
            prefer: step,
            ahead: false,
            grow: here.map(Chunk::base),
            missing,
            liked: here.map_or(0, |chunk| self.terms.growth.in_place(step, chunk.len.get())),
            block: false,
        };
        // SAFETY: the chunk's payload is held until the chunk leaves the list.
        unsafe { self.terms.spans.place(self.terms.owner, &want) }
    }

    /// Goes on in a chunk that has grown.
    fn grown(&self, chunk: Chunk, payload: Span, cursor: Cursor, size: usize) -> Cursor {
        self.advance(size, payload.len() - chunk.len.get());
        sanitizer::poison(payload.base(), chunk.len.get()..payload.len());
        chunk.len.set(payload.len());
        let home = self.home.get();
        if chunk.contains_end(home.end) {
            self.home.set(Cursor { end: chunk.end(), ..home });
        }
        Cursor { end: chunk.end(), ..cursor }
    }

    /// Goes on in a vacant chunk.
    fn reuse(&self, vacant: Chunk, here: Option<Chunk>, cursor: Cursor) -> Cursor {
        self.pass_by(cursor);
        self.move_after(vacant, here);
        self.go_to(vacant, here, cursor)
    }

    /// Goes on at the start of `chunk`, which comes right after `here`, where `cursor` lies.
    fn go_to(&self, chunk: Chunk, here: Option<Chunk>, cursor: Cursor) -> Cursor {
        self.hand_on(cursor, chunk);
        match here {
            Some(here) => here.filled.set(Some(cursor.next)),
            // One that is closed finds its way by itself once it is open again.
            None if self.home.get() == Cursor::CLOSED => {}
            None => self.bring_home(chunk),
        }
        self.current.set(Some(chunk));
        chunk.cursor()
    }

    /// Has the arena's own cursor come along to `chunk`, the first one, where one goes on that lay nowhere.
    ///
    /// That one began before there was any chunk. So nothing of the arena's own lies in one, and where its own cursor was is vacant now, if an
    /// inner scope has been there.
    fn bring_home(&self, chunk: Chunk) {
        self.home.set(chunk.cursor());
    }

    /// Takes the next step, after a claim of `gained` bytes for a request of `size`. A request larger than a whole chunk is an
    /// exception, and a crumb that happened to be free a stopgap: they say nothing about those that follow.
    fn advance(&self, size: usize, gained: usize) {
        let step = self.step.get();
        if size <= step && gained >= step / 2 {
            self.step.set(self.terms.growth.after(step));
        }
    }

    /// The chunk that a cursor lies in: the last one entered, or, as inner scopes may have moved on, one before it.
    ///
    /// Each step back undoes one forward, as the list goes on from there, so there are no more steps back than chunks were entered,
    /// and one in each call.
    fn chunk_of(&self, cursor: Cursor) -> Option<Chunk> {
        let mut here = self.current.get();
        while let Some(chunk) = here
            && !chunk.contains_end(cursor.end)
        {
            self.steps.back();
            here = chunk.previous.get();
        }
        here
    }

    /// The first of at most so many chunks from `next` on that can hold the request, or the one to go on with.
    #[inline(never)] // or the loop is unrolled, for each of its callers
    fn look(&self, mut next: Option<Chunk>, most: usize, size: usize, align: usize) -> Result<Chunk, Option<Chunk>> {
        for _ in 0..most {
            let chunk = next.ok_or(None)?;
            self.steps.look();
            if chunk.holds(size, align) {
                return Ok(chunk);
            }
            next = chunk.next.get();
        }
        Err(next)
    }

    fn after(&self, here: Option<Chunk>) -> Option<Chunk> {
        here.map_or(self.first.get(), |chunk| chunk.next.get())
    }

    /// Writes the record of a chunk and puts it after `here`.
    fn link(&self, payload: Span, here: Option<Chunk>) -> Chunk {
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

    fn insert_after(&self, chunk: Chunk, here: Option<Chunk>) {
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

    fn move_after(&self, chunk: Chunk, here: Option<Chunk>) {
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

    /// Gives the vacant chunks back: those after the one that the arena's own cursor lies in, all of them if that lies in none or
    /// nothing lies before it. Returns their bytes.
    ///
    /// # Safety
    ///
    /// The caller owes: no other cursor of these chunks is used any more, nor anything that lies in the vacant ones.
    pub(crate) unsafe fn trim(&self) -> usize {
        let home = self.home.get();
        let is_empty = |chunk: &Chunk| chunk.previous.get().is_none() && chunk.data() == home.next;
        let keep = self.chunk_of(home).filter(|chunk| !is_empty(chunk));
        // All is as it will be before the first goes back: a backing is foreign code.
        self.current.set(keep);
        if keep.is_none() {
            self.home.set(Cursor::NOWHERE);
            self.step.set(self.terms.growth.start());
        }
        self.vacate(self.home.get());
        self.give_back_after(keep, usize::MAX)
    }

    /// Gives back at most so many of the chunks after `here`, which are vacant. Each leaves the list before it goes, so the list is whole
    /// whenever the backing runs. Returns their bytes.
    #[inline(never)]
    fn give_back_after(&self, here: Option<Chunk>, most: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..most {
            let Some(chunk) = self.after(here) else { break };
            bytes += self.give_back(chunk);
        }
        bytes
    }

    /// Gives a vacant chunk back, and returns its bytes.
    fn give_back(&self, chunk: Chunk) -> usize {
        let bytes = self.held_by(chunk);
        self.hand_back(chunk);
        self.unlink(chunk);
        // SAFETY: the chunk is out of the list, and no cursor and so no value lies in it.
        unsafe { self.terms.spans.give_back(chunk.base()) };
        bytes
    }
}

impl Refill for Chunks<'_> {
    #[inline(always)]
    fn refill(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        self.make_room(cursor, size, align)
    }

    #[cold]
    #[inline(never)]
    fn error(&self, size: usize, align: usize) -> AllocError {
        AllocError::new(self.terms.owner, size, align, self.obstacle.get())
    }

    #[inline(always)]
    #[track_caller]
    fn refill_or_panic(&self, cursor: Cursor, size: usize, align: usize) -> Packed {
        let found = self.make_room(cursor, size, align);
        if found.is_none() {
            self.fail(size, align);
        }
        found
    }

    #[inline]
    fn owner(&self) -> &'static str {
        self.terms.owner
    }

    #[inline(always)]
    fn hand_out(&self, was: Cursor, place: NonNull<u8>, size: usize, next: NonNull<u8>) {
        self.hand_out_of(was, place, size, next);
    }
}

impl Drop for Chunks<'_> {
    #[inline(never)] // each program has many arenas
    fn drop(&mut self) {
        // Whoever held a cursor borrowed or owned this list, so nothing is left in it, and nobody sees it any more.
        self.vacate(Cursor::NOWHERE);
        let mut next = self.first.get();
        while let Some(chunk) = next {
            next = chunk.next.get();
            // SAFETY: no cursor lies in it, and so no value; the list does not look at it again.
            unsafe { self.terms.spans.give_back(chunk.base()) };
        }
    }
}

/// The rest of a cursor's chunk, which may have grown since.
fn look_into(chunk: Chunk, cursor: Cursor, size: usize, align: usize) -> Result<Here, Obstacle> {
    let longer = Cursor { end: chunk.end(), ..cursor };
    let needed = padding(cursor.next.addr().get(), align).checked_add(size).ok_or(Obstacle::TooLarge)?;
    Ok(if needed <= longer.room() { Here::Fits(longer) } else { Here::Lacks(needed - longer.room()) })
}

/// How many chunks were looked at, and how many steps were taken back: for tests.
struct Steps {
    #[cfg(test)]
    looks: Cell<usize>,
    #[cfg(test)]
    back: Cell<usize>,
}

impl Steps {
    const fn new() -> Steps {
        Steps {
            #[cfg(test)]
            looks: Cell::new(0),
            #[cfg(test)]
            back: Cell::new(0),
        }
    }

    #[inline(always)]
    fn look(&self) {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
    }

    #[inline(always)]
    fn back(&self) {
        #[cfg(test)]
        self.back.set(self.back.get() + 1);
    }
}
