//! Pages of ours, and then much of libc's (h01, h02).

use alloc::vec::Vec;
use core::alloc::Layout;

use freehold::Ledger;
use freehold::backing::Backing;
use freehold_soak::{Malloc, PAGE, fill, lost};

use crate::libc::say;

/// What is claimed of ours.
const CLAIM: usize = 4 * PAGE;
/// What libc hands out after that.
const THEIRS: usize = 50_000_000;

/// A claim before libc's heap has been used at all.
pub fn before_malloc<B: Backing>(ledger: &'static Ledger<B>) {
    claim_then_malloc(ledger);
}

/// A claim after libc's first block.
pub fn after_malloc<B: Backing>(ledger: &'static Ledger<B>) {
    let first = Malloc::new(1).expect("a byte");
    claim_then_malloc(ledger);
    drop(first);
}

fn claim_then_malloc<B: Backing>(ledger: &'static Ledger<B>) {
    let claim = match ledger.claim("ours", Layout::from_size_align(CLAIM, 16).expect("a layout")) {
        Ok(claim) => claim,
        Err(error) => return say(format_args!("refused: {error}")),
    };
    // SAFETY: the claim has so many bytes.
    unsafe { fill(claim.as_ptr(), CLAIM, 0xAB) };
    let mut blocks = Vec::new();
    let (mut size, mut sum) = (40, 0);
    while sum < THEIRS {
        let Some(block) = Malloc::new(size) else {
            break;
        };
        // SAFETY: a block of this size.
        unsafe { fill(block.start(), size, 0xCD) };
        blocks.push((block, size));
        sum += size;
        size = size * 17 % 1_000_003;
    }
    assert!(sum >= THEIRS, "libc ran out of memory after {sum} bytes");
    // SAFETY: as above.
    say(format_args!("ours lost: {} of {CLAIM}", unsafe { lost(claim.as_ptr(), CLAIM, 0xAB) }));
    let theirs = blocks.iter().map(|(block, size)| {
        // SAFETY: as above.
        unsafe { lost(block.start(), *size, 0xCD) }
    });
    say(format_args!("theirs lost: {}", theirs.sum::<usize>()));
}
