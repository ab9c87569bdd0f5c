//! What the scripts call.

use core::hint::spin_loop;
use core::mem::forget;
use core::sync::atomic::{AtomicU32, Ordering};

use core::alloc::Layout;
use core::arch::wasm32;

use freehold_guest::{PAGE, memory_pages, say};

use crate::COPIES;
use crate::copies::{From, overlap};
use crate::tail::{SIZE, in_tail, tail};

const ANOTHER: &str = "another copy of freehold in this module";

/// Blocks of both, as chance has it.
#[unsafe(no_mangle)]
extern "C" fn interleave(round: u32, turns: usize) {
    crate::interleave(round, turns);
}

/// Where the tail begins.
#[unsafe(no_mangle)]
extern "C" fn tail_start() -> usize {
    tail().0.addr().get()
}

/// One copy takes the tail. The other is refused it, then and whatever becomes of what was in it, and told why; it goes on with
/// pages.
#[unsafe(no_mangle)]
extern "C" fn one_has_the_tail(index: usize) {
    let (one, other) = (&COPIES[index], &COPIES[1 - index]);
    let refused = |when: &str| {
        let pages = memory_pages();
        let refusal = (other.tail.block)(1).err().unwrap_or_else(|| panic!("granted {when}"));
        assert_eq!(refusal.by, ANOTHER, "{when}");
        assert_eq!(memory_pages(), pages, "{when}");
        say(refusal.text);
    };
    let mut held = (one.tail.block)(SIZE).unwrap_or_else(|refusal| panic!("{}", refusal.text));
    assert!(in_tail(&held));
    refused("while its bytes are zero");
    held.fill(0xAB);
    refused("while it is in use");
    assert_eq!((one.tail.or_pages)(1).err().map_or("granted", |refusal| refusal.by), "granted");

    let mut elsewhere = (other.tail.or_pages)(SIZE).unwrap_or_else(|refusal| panic!("{}", refusal.text));
    assert!(!in_tail(&elsewhere));
    elsewhere.fill(0xCD);
    assert_eq!((held.lost(), elsewhere.lost()), (0, 0));

    held.fill(0);
    drop(held);
    refused("after all in it was freed");
    (one.tail.discard)();
    refused("after what is free was discarded");
    assert!((one.tail.block)(SIZE).is_ok_and(|block| in_tail(&block)), "the tail stays whose it is");
    assert_eq!(elsewhere.lost(), 0);
}

/// The tail was taken, and not a byte was written there: it is taken all the same.
#[unsafe(no_mangle)]
extern "C" fn the_tail_is_mislaid(index: usize) {
    (COPIES[index].tail.mislay)();
    let [this, other] = [index, 1 - index].map(|index| (COPIES[index].tail.block)(1).err());
    assert_eq!(this.map_or("granted", |refusal| refusal.by), "a HeapTail of this program");
    assert_eq!(other.map_or("granted", |refusal| refusal.by), ANOTHER);
}

/// The control: one copy has the tail, and the other takes it without a look. How many bytes the one has lost then.
#[unsafe(no_mangle)]
extern "C" fn control_by_hand(index: usize) -> usize {
    let Ok(mut held) = (COPIES[index].tail.block)(SIZE) else {
        panic!("nobody had it");
    };
    held.fill(0xAB);
    let Ok(mut overlaid) = (COPIES[1 - index].tail.by_hand)(SIZE) else {
        panic!("nobody is asked");
    };
    overlaid.fill(0xCD);
    let lost = held.lost();
    // Their ledgers' headers are no more than anything else is.
    forget((held, overlaid));
    lost
}

/// Each copy has its own blocks in its ledger, and nothing of the other's; then both draw their maps. Between the blocks there is a page
/// that neither has grown.
#[unsafe(no_mangle)]
extern "C" fn maps() {
    let blocks = [0, 1, 2, 0, 1].map(|index| {
        let Some(copy) = COPIES.get(index) else {
            wasm32::memory_grow::<0>(1);
            return None;
        };
        Some((index, (copy.block)(From::Ledger, 3 * PAGE)))
    });
    for (index, copy) in COPIES.iter().enumerate() {
        let spans = (copy.spans)();
        for (whose, block) in blocks.iter().flatten() {
            let here = spans.iter().any(|span| overlap(span, &block.range()));
            assert_eq!(here, *whose == index, "{:?}", block.range());
        }
    }
    say(freehold::ledger().snapshot());
    say(freehold_second::ledger().snapshot());
}

/// For the script: memory for a worker's stack or its thread-local values, for good.
#[unsafe(no_mangle)]
extern "C" fn room(size: usize, align: usize) -> usize {
    let layout = Layout::from_size_align(size, align).expect("a size and an alignment");
    let claim = freehold::ledger().claim("thread", layout).expect("there is memory");
    let start = claim.as_ptr().addr().get();
    forget(claim);
    start
}

/// Whether each of the workers has come.
static READY: AtomicU32 = AtomicU32::new(0);

/// For the script, of which each worker is one copy: nothing to be told.
#[unsafe(no_mangle)]
extern "C" fn begin(_: u32) {}

/// A copy asks for the tail at just the moment when the other does: 1 if it has it. What it got is its own.
#[unsafe(no_mangle)]
extern "C" fn race(index: usize) -> u32 {
    let all = |count: u32| {
        READY.fetch_add(1, Ordering::AcqRel);
        while READY.load(Ordering::Acquire) < count {
            spin_loop();
        }
    };
    all(2);
    let got = (COPIES[index].tail.block)(SIZE);
    let got = got.map(|mut block| {
        block.fill(1 + index as u8);
        block
    });
    all(4);
    match got {
        Ok(block) => {
            let lost = block.lost();
            forget(block);
            assert_eq!(lost, 0, "both have it");
            1
        }
        Err(refusal) => {
            assert_eq!(refusal.by, ANOTHER, "{}", refusal.text);
            0
        }
    }
}
