//! Memory that libc lends, and gets back.

use alloc::vec::Vec;
use core::alloc::Layout;
use core::mem::forget;

use freehold::{Alloc, Arena, Claim, Ledger, Libc, Obstacle, memory_size};
use freehold_soak::{Malloc, fill, lost};

use crate::libc::say;

static LENT: Ledger<Libc> = Ledger::new(Libc::new());

const MIB: usize = 1 << 20;

fn claim(size: usize) -> Claim<'static> {
    LENT.claim("ours", Layout::from_size_align(size, 16).expect("a layout")).expect("libc has room")
}

/// What is given back serves libc, and the other way round: memory grows no more. With `keep`, it is never given back.
pub fn given_back(keep: bool) {
    let round = || {
        let (small, claim) = (claim(1000), claim(4 * MIB));
        // SAFETY: the claim has so many bytes.
        unsafe { fill(claim.as_ptr(), 4 * MIB, 0xAB) };
        // SAFETY: as above.
        assert_eq!(unsafe { lost(claim.as_ptr(), 4 * MIB, 0xAB) }, 0);
        if keep {
            forget(claim);
        } else {
            drop((small, claim));
            assert_eq!((LENT.snapshot().granted, LENT.snapshot().spans().count()), (0, 0));
        }
        drop(Malloc::new(4 * MIB).expect("libc has it"));
    };
    round();
    let memory = memory_size();
    (0..8).for_each(|_| round());
    say(format_args!("grown: {}", memory_size() - memory));
}

/// Until libc has no more. What was refused has changed nothing, and what comes back serves again.
pub fn used_up() {
    let mut held = Vec::with_capacity(4096);
    let layout = Layout::new::<[u8; MIB]>();
    let obstacle = loop {
        let (granted, memory) = (LENT.snapshot().granted, memory_size());
        match LENT.claim("ours", layout) {
            Ok(claim) => held.push(claim),
            Err(error) => {
                assert_eq!((LENT.snapshot().granted, memory_size()), (granted, memory));
                break error.obstacle;
            }
        }
    };
    say(format_args!("{} MiB: {obstacle:?}", held.len()));
    assert!(matches!(obstacle, Obstacle::Refused { backing: "libc", asked, .. } if asked > MIB));
    // In more memory than 2 GiB, mimalloc of Emscripten 3.1.69 answers such a request with a block across those it has handed out. The
    // ledger refuses it, but mimalloc itself traps from then on.
    if memory_size() < 1 << 31 {
        assert!(LENT.claim("ours", Layout::new::<[u8; 1 << 30]>()).is_err());
    }
    held.pop();
    let block = Malloc::new(MIB / 2).expect("libc has what came back");
    drop(block);
    held.push(LENT.claim("ours", layout).expect("it came back"));
    drop(held);
    assert_eq!(LENT.snapshot().granted, 0);
}

/// Does this where all of libc's memory below 2 GiB is in use (h10).
pub fn above(work: impl FnOnce()) {
    // Not written to, so it costs no memory.
    let below = Malloc::new(0x7f00_0000).expect("all but 16 MiB of 2 GiB");
    let start = loop {
        let block = claim(8 * MIB);
        let start = block.as_ptr().addr().get();
        forget(block);
        if start > 1 << 31 {
            break start;
        }
    };
    work();
    say(format_args!("above: {start:#x}"));
    drop(below);
}

/// All of an arena lies there.
pub fn above_two_gib() {
    above(|| {
        let mut arena = Arena::new_in(&LENT, "arena");
        let scope = arena.scope();
        let numbers = scope.alloc_from_iter(0..MIB as u32);
        assert!(numbers.as_ptr().addr() > 1 << 31 && numbers.iter().copied().eq(0..MIB as u32));
    });
}
