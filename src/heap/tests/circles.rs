//! A block that is freed twice where no debug layer looks: a list may be a circle then, and more is in use than the heap knows. Numbers may be wrong,
//! and two may have one block, but each verb has an end. (Without the bounds these tests have none.)

use super::super::class::slab_of_class;
use super::*;
use crate::free_list::Chain;
use crate::free_list::List;

type Verb = fn(&Heap, &Ledger<Region<'static>>, usize);

/// All that goes over lists, slabs or spans, or takes from them again and again.
const VERBS: [Verb; 7] = [
    |heap, _, _| assert!(heap.stats().in_use <= heap.stats().held),
    |heap, _, _| assert!(heap.classes().count() < CLASSES),
    |heap, _, _| heap.trim(),
    // The heap is asked to let go, first of spans.
    |_, ledger, _| assert!(ledger.claim("too much", layout(1 << 30)).is_err()),
    |_, ledger, _| assert!(ledger.snapshot().spans().count() > 1),
    |heap, _, size| (0..300).for_each(|_| _ = alloc(heap, size)),
    // Lists get full, and go back to where their blocks come from.
    |heap, _, size| {
        let blocks: Vec<_> = (0..300).map_while(|_| alloc(heap, size)).collect();
        blocks.into_iter().for_each(|block| free(heap, block, size));
    },
];

/// Frees a block, so many others, and it once more, or the second, which lies behind one that is free; then each verb is the first to find it, and all
/// others come after it.
fn after_each_mistake(region: usize, sizes: &[usize], cases: &[(usize, usize)]) {
    for (size, (between, twice)) in sizes.iter().flat_map(|size| cases.iter().map(|case| (*size, *case))) {
        for first in 0..VERBS.len() {
            on_region(region, |heap, ledger| {
                // Its slab stays, and with that the lists.
                alloc(heap, 16).expect("room");
                let blocks: Vec<_> = (0..between + 50).map_while(|_| alloc(heap, size)).collect();
                // It has found memory short, and keeps more.
                assert!(alloc(heap, 1 << 30).is_none());
                let last = blocks.len() - 2;
                blocks[..last.min(between + 1)].iter().for_each(|block| free(heap, *block, size));
                free(heap, blocks[twice], size);
                (0..VERBS.len()).for_each(|next| VERBS[(first + next) % VERBS.len()](heap, ledger, size));
            });
        }
    }
}

/// A slab that was handed out twice, as its claim was free and in use: it stands in a list twice.
#[test]
fn h36_a_circle_of_slabs_has_an_end() {
    const CLASS: usize = 4;
    let slab = slab_of_class(CLASS);
    let mut memory = std::vec![MaybeUninit::<u128>::uninit(); 2 * slab / 16];
    let start = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: it lies in the memory.
    let payload = unsafe { start.add(crate::layout::padding(start.addr(), slab) + GRAIN) };
    let payload = NonNull::new(payload).expect("an address");
    // SAFETY: none are what zeroes are.
    let (slabs, list) = unsafe { (core::mem::zeroed::<Slabs>(), &List::none::<1>()[0]) };
    let add = || {
        // SAFETY: a slab's payload, at its place in a multiple of its length; that it is the same each time is the mistake.
        unsafe { slabs.add(payload, CLASS) }
    };
    add();
    add();
    let all = slabs.blocks(CLASS) / 2;
    assert_eq!((slabs.count(), slabs.free_blocks()), (2, 2 * all));
    // One block goes back while others are fresh: now it is open too.
    slabs.fill(list, CLASS);
    let block = slabs.cut(size_of_class(CLASS)).expect("a fresh block");
    slabs.take_back(block, &mut Chain::of(None, 0), CLASS);
    add();
    (0..3).for_each(|_| slabs.fill(list, CLASS));
    assert!(slabs.free_blocks() < 9 * all);
    assert!(core::iter::from_fn(|| slabs.remove()).count() <= 3);
}

#[test]
fn h36_every_verb_ends_after_a_block_was_freed_twice() {
    let cases = [(0, 0), (1, 0), (1, 1), (70, 0), (200, 1)];
    after_each_mistake(1 << 20, &[16, 200, 300, 1000, 2000, 20_000, 100_000], &cases);
}

#[test]
fn h36_every_verb_ends_where_memory_is_small() {
    after_each_mistake(40 << 10, &[16, 200], &[(0, 0), (1, 0), (70, 0), (200, 1)]);
    // No more than one has gone: of what another slab was nobody knows anything.
    after_each_mistake(40 << 10, &[300, 1000, 2000], &[(0, 0), (1, 0), (1, 1)]);
}
