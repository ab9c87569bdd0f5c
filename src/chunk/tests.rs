//! How many steps the list takes, counted (h36): whatever the number of chunks, a request looks at a few.

use core::alloc::Layout;
use std::vec::Vec;

use super::{Chunks, Cursor, Growth, LOOKS, Refill};
use crate::backing::{Region, USUAL_PAGE};
use crate::ledger::{Claim, Ledger};

const CHUNKS: usize = if cfg!(miri) { 30 } else { 60 };

/// So many bytes after `cursor`.
fn fill(chunks: &Chunks<'_>, cursor: Cursor, bytes: usize) -> Option<Cursor> {
    let (next, end) = chunks.refill(cursor, bytes, 8).get()?;
    // SAFETY: there is room for so many.
    Some(Cursor { next: unsafe { next.add(bytes) }, end })
}

/// Fills so many chunks of 512 bytes, with something between them, so that they don't grow into one.
fn fill_chunks<'l>(chunks: &Chunks<'_>, ledger: &'l Ledger<Region<'_>>, count: usize) -> (Cursor, Vec<Claim<'l>>) {
    let (mut cursor, mut apart) = (Cursor::NOWHERE, Vec::new());
    for _ in 0..count {
        cursor = fill(chunks, cursor, 400).unwrap();
        apart.push(ledger.claim("apart", Layout::new::<u64>()).unwrap());
    }
    (cursor, apart)
}

fn start_over(chunks: &Chunks<'_>) -> Cursor {
    chunks.steps.looks.set(0);
    chunks.steps.back.set(0);
    // SAFETY: the other cursors are not used again, and nothing lies in the chunks.
    unsafe { chunks.rewind() }
}

/// Many vacant chunks, none of which has room: a few are looked at, and go back, so that the next round finds its own at once.
#[test]
fn h36_few_vacant_chunks_are_looked_at() {
    let mut memory = Vec::<u8>::with_capacity(1 << 18);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let chunks = Chunks::new(&ledger, "list", Growth::fixed(512));
    let (_, _apart) = fill_chunks(&chunks, &ledger, CHUNKS);
    let mut claimed = Vec::new();
    for round in 0..10 {
        let mut cursor = start_over(&chunks);
        for _ in 0..3 {
            cursor = fill(&chunks, cursor, 4000).unwrap();
        }
        let looks = chunks.steps.looks.get();
        assert!(looks <= if round == 0 { 3 * LOOKS } else { 1 }, "round {round} looked at {looks}");
        claimed.push(ledger.snapshot().claimed);
    }
    assert!(claimed.iter().all(|bytes| *bytes == claimed[0]), "memory creeps: {claimed:?}");
    let mut count = 0;
    let mut next = chunks.first.get();
    while let Some(chunk) = next {
        (count, next) = (count + 1, chunk.next.get());
    }
    // The new one grew twice.
    assert_eq!(count, CHUNKS - 3 * LOOKS + 1, "what was looked at in vain went back");
}

/// What has room far behind is found where the ledger has none left, before the request is refused.
#[test]
fn h36_with_no_memory_left_all_are_looked_at() {
    let mut memory = Vec::<u8>::with_capacity(1 << 17);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let chunks = Chunks::new(&ledger, "list", Growth::fixed(512));
    let (cursor, _apart) = fill_chunks(&chunks, &ledger, CHUNKS);
    fill(&chunks, cursor, 4000).unwrap();
    let mut all = Vec::new();
    for size in [10_000, 100, 1] {
        all.extend(core::iter::from_fn(|| ledger.claim("all", Layout::array::<u8>(size).unwrap()).ok()));
    }
    let cursor = start_over(&chunks);
    let before = chunks.held();
    assert!(fill(&chunks, cursor, 5000).is_none());
    assert_eq!((chunks.held(), chunks.steps.looks.get()), (before, CHUNKS));
    assert!(fill(&chunks, cursor, 4000).is_some());
    assert_eq!(chunks.held(), before);
}

/// An outer scope's cursor is looked for from the innermost chunk back, once: each step back undoes one forward.
#[test]
fn h36_each_step_back_undoes_one_forward() {
    const ROUNDS: usize = if cfg!(miri) { 4 } else { 10 };
    let mut memory = Vec::<u8>::with_capacity(1 << 17);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let chunks = Chunks::new(&ledger, "list", Growth::fixed(512));
    let (_, _apart) = fill_chunks(&chunks, &ledger, CHUNKS);
    let first = start_over(&chunks);
    // The second lies nowhere: it was opened before there was a chunk.
    for outer in [Cursor { next: first.end, ..first }, Cursor::NOWHERE] {
        chunks.steps.back.set(0);
        let (mut inner, mut entered) = (outer, 0);
        for round in 0..ROUNDS {
            // Refused or met.
            assert!(fill(&chunks, outer, 1 << 20).is_none());
            if round % 3 == 0 {
                inner = outer;
                for _ in 0..CHUNKS / 2 {
                    inner = fill(&chunks, inner, 400).unwrap();
                    entered += 1;
                }
            }
            for _ in 0..5 {
                assert!(fill(&chunks, outer, 1 << 20).is_none());
            }
            inner = fill(&chunks, outer, 400).unwrap();
            entered += 1;
        }
        let back = chunks.steps.back.get();
        // One more in each call where the cursor lies nowhere.
        let calls = if outer == Cursor::NOWHERE { entered + 6 * ROUNDS } else { 0 };
        assert!(entered > CHUNKS && back <= entered + calls, "{back} steps back for {entered} forward");
        assert!(inner.room() < 400);
    }
}

/// One long chunk, as it has grown in place, is more than is to be kept: there is a shorter one instead, and nothing else is held.
#[test]
fn a_shorter_chunk_is_kept_where_a_long_one_goes() {
    let mut memory = Vec::<u8>::with_capacity(USUAL_PAGE);
    let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
    let chunks = Chunks::new(&ledger, "list", Growth::new());
    // What growth would like is more, too.
    for (bytes, keep) in [(30_000, 10_000), (30_000, 1000), (50_000, 12_345)] {
        let cursor = fill(&chunks, start_over(&chunks), bytes).unwrap();
        assert!(cursor != Cursor::NOWHERE && chunks.held() >= bytes);
        let before = chunks.held();
        // SAFETY: no cursor is used again, and nothing lies in the chunks.
        let gone = unsafe { chunks.rewind_keeping(keep) };
        let held = chunks.held();
        assert!((keep / 2..=keep).contains(&held), "{held} of {keep} bytes are kept");
        assert_eq!((held + gone, held), (before, ledger.snapshot().claimed_by("list")));
        // It goes on in what was kept.
        assert!(fill(&chunks, chunks.home.get(), keep - 300).is_some() && chunks.held() == held);
    }
    for keep in [3, 0] {
        // SAFETY: as above.
        unsafe { chunks.rewind_keeping(keep) };
        assert_eq!((chunks.held(), ledger.snapshot().claimed_by("list")), (0, 0));
        assert!(fill(&chunks, chunks.home.get(), 100).is_some());
    }
}
