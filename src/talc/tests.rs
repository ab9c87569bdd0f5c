//! What talc demands of a source, and what becomes of a ledger that it stands on.

use core::mem::MaybeUninit;
use std::vec::Vec;

use ::talc::DefaultBinning;

use super::*;
use crate::backing::Region;
use crate::{Alloc, Arena, Pool};

type On<'l> = Talc<TalcSource<'l>, DefaultBinning>;

fn memory(bytes: usize) -> Vec<u8> {
    Vec::with_capacity(bytes)
}

fn ledger(memory: &mut Vec<u8>) -> Ledger<Region<'_>> {
    let rest: &mut [MaybeUninit<u8>] = memory.spare_capacity_mut();
    Ledger::new(Region::new(rest))
}

fn talc<'l>(ledger: &'l Ledger<Region<'_>>) -> On<'l> {
    // SAFETY: the source stays in this talc.
    Talc::new(unsafe { TalcSource::new_in(ledger, "talc") })
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

fn alloc(talc: &mut On<'_>, layout: Layout) -> Option<NonNull<u8>> {
    // SAFETY: the layout has bytes.
    unsafe { talc.allocate(layout) }
}

fn free(talc: &mut On<'_>, block: NonNull<u8>, layout: Layout) {
    // SAFETY: a block of this talc's with this layout, not used any more.
    unsafe { talc.deallocate(block.as_ptr(), layout) };
}

/// Talc's heap grows in place, so what is freed merges, whichever claim it came with.
#[test]
fn h26_what_talc_frees_merges() {
    let mut memory = memory(256 << 10);
    let ledger = ledger(&mut memory);
    let mut talc = talc(&ledger);
    let small = layout(1000, 8);
    let blocks: Vec<_> = (0..150).map(|_| alloc(&mut talc, small).expect("room")).collect();
    let claimed = ledger.snapshot().claimed_by("talc");
    assert_eq!(ledger.snapshot().spans().filter(|span| span.owner == Some("talc")).count(), 1);
    blocks.into_iter().for_each(|block| free(&mut talc, block, small));
    let large = layout(140_000, 8);
    let block = alloc(&mut talc, large).expect("room");
    assert_eq!(ledger.snapshot().claimed_by("talc"), claimed);
    free(&mut talc, block, large);
    drop(talc);
    assert_eq!(ledger.snapshot().claimed, 0, "all goes back with it");
}

/// Memory that ends, or is too small for talc's lists, or a request that nothing can hold: it is refused once, and nothing is kept for it.
#[test]
#[cfg_attr(miri, ignore = "talc 5.1.1 itself offsets a pointer past its memory's end (`full_search_bin`)")]
fn h11_h12_what_can_t_be_had_is_refused() {
    for bytes in [500, 1000, 1500, 2000, 4000, 60_000] {
        let mut memory = memory(bytes);
        let ledger = ledger(&mut memory);
        let mut talc = talc(&ledger);
        let least = min_first_heap_layout::<DefaultBinning>().size();
        let blocks = core::iter::from_fn(|| alloc(&mut talc, layout(64, 8))).count();
        assert!(if bytes < least { blocks == 0 } else { bytes < 3000 || blocks > 0 }, "{blocks} blocks in {bytes}");
        assert!(blocks * 100 >= bytes.saturating_sub(least + 1000), "{blocks} blocks in {bytes}");
        let snapshot = ledger.snapshot();
        assert!((blocks > 0) == (snapshot.claimed > 0), "{snapshot}");
        let half = isize::MAX as usize / 2 + 1;
        for (size, align) in [(isize::MAX as usize - 5000, 1), (half / 4, half / 8), (64, half), (bytes, 64)] {
            assert_eq!(alloc(&mut talc, layout(size, align)), None);
        }
        assert_eq!((ledger.snapshot().claimed, ledger.growths()), (snapshot.claimed, snapshot.growths));
    }
}

/// Whether they all are this one: compared at once, which takes Miri no longer than one of them.
fn are(bytes: &[u8], byte: u8) -> bool {
    bytes == std::vec![byte; bytes.len()]
}

/// Sizes and alignments of all kinds, in turns with an arena and a pool on the same ledger: no byte is in two hands.
#[test]
fn talc_beside_others() {
    let mut memory = memory(4 << 20);
    let ledger = ledger(&mut memory);
    let mut talc = talc(&ledger);
    let (arena, pool) = (Arena::new_in(&ledger, "arena"), Pool::new_in(&ledger, "pool"));
    let (mut held, mut texts, mut boxes) = (Vec::new(), Vec::new(), Vec::new());
    let steps = if cfg!(miri) { 100 } else { 1500 };
    for step in 0..steps {
        let layout = layout(1 + step * 7919 % 3000, 1 << (step % 13));
        let block = alloc(&mut talc, layout).expect("room");
        assert!(block.addr().get().is_multiple_of(layout.align()));
        // SAFETY: so many bytes, just allocated.
        unsafe { block.write_bytes(step as u8, layout.size()) };
        held.push((block, layout, step as u8));
        texts.push((&*arena.alloc_slice_copy(&[!(step as u8); 300]), !(step as u8)));
        boxes.push((pool.alloc([step as u8 ^ 0x55; 100]), step as u8 ^ 0x55));
        if step % 3 > 0 {
            let (block, layout, byte) = held.swap_remove(step * 31 % held.len());
            // SAFETY: so many bytes were written.
            let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), layout.size()) };
            assert!(are(bytes, byte));
            free(&mut talc, block, layout);
        }
    }
    assert!(texts.iter().all(|(text, byte)| are(text, *byte)));
    assert!(boxes.iter().all(|(boxed, byte)| are(&boxed[..], *byte)));
    held.into_iter().for_each(|(block, layout, _)| free(&mut talc, block, layout));
    drop(talc);
    assert_eq!(ledger.snapshot().claimed_by("talc"), 0);
}
