//! Random programs of a heap alone: every heap of the crate's, by every way to its blocks.

use core::alloc::{GlobalAlloc, Layout};

use super::blocks::Blocks;
use super::subject::Subject;
use crate::COUNTED;
use crate::choices::Choices;
use crate::live::Live;

/// One operation, drawn from `choices`: whether it was met. `None` at the end of the program.
pub fn step(live: &mut Live, blocks: &mut Blocks<'_, impl GlobalAlloc>, choices: &mut impl Choices) -> Option<bool> {
    let choice = choices.next()?;
    let size = 1 + choices.below(if choice % 32 == 0 { 9000 } else { 300 }) as usize;
    let layout = Layout::from_size_align(size, 1 << (choice % 5)).expect("a layout");
    Some(match (choice % 4, blocks.find(choice >> 4, true), blocks.find(choice >> 4, false)) {
        (0, Some(index), _) => blocks.realloc(live, index, layout.size()),
        (1, Some(index), _) | (_, Some(index), None) => {
            blocks.free(live, index);
            true
        }
        (2, _, Some(index)) => blocks.alloc_zeroed(live, index, layout),
        (_, _, Some(index)) => blocks.alloc(live, index, layout),
        _ => true,
    })
}

/// A program, with everything checked after each step. In the end everything is free; how many requests were refused is returned.
pub fn program(subject: &impl Subject, choices: &mut impl Choices) -> usize {
    let (mut live, mut blocks) = (Live::new(), Blocks::new(subject.heap()));
    let mut refused = 0;
    for turn in 1usize.. {
        let taken = subject.taken();
        let Some(done) = step(&mut live, &mut blocks, choices) else { break };
        live.check();
        subject.check(&live);
        if turn.is_multiple_of(COUNTED) {
            subject.count(&blocks);
        }
        assert!(done || !subject.roomy(), "a request was refused");
        if !done {
            refused += 1;
            // The first request of all may find room for a heap's record, and for nothing else.
            assert!(subject.taken() <= taken || refused == 1, "a refused request took memory");
        }
    }
    blocks.free_all(&mut live);
    subject.count(&blocks);
    subject.trim();
    subject.idle();
    refused
}

/// Requests that nothing can meet give null and leave everything as it was (h11); of blocks that are there too.
pub fn h11_overflowing_requests(subject: &impl Subject) {
    let (mut live, mut blocks) = (Live::new(), Blocks::new(subject.heap()));
    let layout = |size, align| Layout::from_size_align(size, align).expect("a layout");
    for (index, size) in [1, 100, 5000, 70_000].into_iter().enumerate() {
        assert!(blocks.alloc(&mut live, index, layout(size, 8)));
    }
    subject.check(&live);
    let (half, taken) = (isize::MAX as usize, subject.taken());
    let requests = [
        (half, 1),
        (half - 15, 16),
        (half - 40, 8),
        (half - 4095, 4096),
        (half / 2 + 1, half / 2 + 1),
        (1, half / 2 + 1),
    ];
    for (size, align) in requests {
        let index = blocks.find(0, false).expect("a place");
        assert!(!blocks.alloc(&mut live, index, layout(size, align)));
        assert!(!blocks.alloc_zeroed(&mut live, index, layout(size, align)));
    }
    for size in [half - 7, half / 2, half - 100] {
        (0..4).for_each(|index| assert!(!blocks.realloc(&mut live, index, size)));
    }
    live.check();
    subject.check(&live);
    subject.count(&blocks);
    assert_eq!(subject.taken(), taken, "refused requests took memory");
    blocks.free_all(&mut live);
}
