//! What only the inside shows: that what is not in use is always in as few pieces as can be, each in its bin, and how many words each verb
//! reads and writes.

use core::ptr::NonNull;
use std::vec::Vec;

use super::{LEAST, LOOKS, ONE, Pieces, SHORT, WORD, bin_of, parts, place, room};
use crate::layout::padding;
use crate::span::Span;

/// Words that are read or written at most.
const LOOK: usize = 2;
const FLIP: usize = 2;
const INSERT: usize = 3 + 2;
const REMOVE: usize = 4;
const FIRST_LOOKS: usize = 1 + LOOKS as usize;
/// Where a piece in the next bin is long enough for certain.
const TAKE: usize = (FIRST_LOOKS + 1) * LOOK + REMOVE + 2 * FLIP + INSERT;
/// Where each bin may hold one that is long enough and lies wrong.
const TAKE_ALIGNED: usize = (FIRST_LOOKS + 31) * LOOK + REMOVE + 2 * (FLIP + INSERT);
const BEHIND: usize = FLIP + 2 + REMOVE;
const BEFORE: usize = FLIP + 1 + REMOVE;
const RESIZE: usize = BEHIND + FLIP + INSERT;
const PUT: usize = BEHIND + BEFORE + INSERT;

/// A region, and all that is known of it.
struct Shadow {
    pieces: Pieces,
    region: Span,
    _memory: Vec<usize>,
    /// Where each block is and how long.
    blocks: Vec<(usize, usize)>,
    /// The most words that each verb has read and written.
    worst: Worst,
}

#[derive(Debug, Default)]
struct Worst {
    take: usize,
    take_aligned: usize,
    put: usize,
    resize: usize,
}

impl Shadow {
    fn new(bytes: usize) -> Shadow {
        let mut memory = Vec::<usize>::with_capacity(bytes / WORD);
        // All at once, which takes Miri no longer than one.
        // SAFETY: there is room for so many.
        unsafe { memory.as_mut_ptr().write_bytes(0xff, bytes / WORD) };
        // SAFETY: filled just now.
        unsafe { memory.set_len(bytes / WORD) };
        // SAFETY: so many bytes.
        let region = unsafe { Span::new(NonNull::from(&mut memory[..]).cast(), bytes) };
        let mut pieces = Pieces::new();
        // SAFETY: the memory is used for this alone as long as there are pieces.
        assert!(unsafe { pieces.open(region) });
        let mut shadow = Shadow { pieces, region, _memory: memory, blocks: Vec::new(), worst: Worst::default() };
        let (start, at, _) = parts(region);
        assert!(shadow.steps() <= (at - start) / WORD + 2 * FLIP + INSERT);
        shadow.check();
        shadow
    }

    /// Words since this was asked last.
    fn steps(&self) -> usize {
        self.pieces.steps.take()
    }

    fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        let at = NonNull::new(self.pieces.take(room(size), align)).map(|block| block.addr().get());
        let steps = self.steps();
        let worst = if align <= WORD { &mut self.worst.take } else { &mut self.worst.take_aligned };
        *worst = steps.max(*worst);
        if let Some(at) = at {
            assert!(at.is_multiple_of(align));
            self.blocks.push((at, room(size)));
        }
        at
    }

    fn put(&mut self, index: usize) {
        let (at, len) = self.blocks.swap_remove(index);
        // SAFETY: taken, and forgotten just now.
        unsafe { self.pieces.resize(at, len, 0) };
        self.worst.put = self.steps().max(self.worst.put);
    }

    fn resize(&mut self, index: usize, size: usize) -> bool {
        let (at, len) = self.blocks[index];
        // SAFETY: taken, and nobody uses it.
        let done = unsafe { self.pieces.resize(at, len, room(size)) } == room(size);
        self.worst.resize = self.steps().max(self.worst.resize);
        if done {
            self.blocks[index].1 = room(size);
        }
        done
    }

    /// What lies between blocks and behind the last, from the lowest address up: where, and how long.
    fn gaps(&self) -> Vec<(usize, usize)> {
        let (_, mut at, end) = parts(self.region);
        let mut blocks = self.blocks.clone();
        blocks.sort_unstable();
        blocks.push((end, 0));
        let mut gaps = Vec::new();
        for (start, len) in blocks {
            assert!(at <= start, "a block in another");
            if at < start {
                gaps.push((at, start - at));
            }
            at = start + len;
        }
        gaps
    }

    /// Each gap is one piece, in its bin, and there is no other.
    fn check(&mut self) {
        let gaps = self.gaps();
        let listed: usize = (0..32).map(|bin| self.check_bin(bin)).sum();
        assert_eq!(listed, gaps.iter().filter(|(_, len)| *len >= LEAST).count(), "pieces in bins");
        for &(at, len) in &gaps {
            assert_eq!(self.ends(at, at + 2 * WORD), len, "a piece is not what lies between two blocks");
            let last = at + len - WORD;
            assert_eq!(self.ends(last, last), len, "seen from behind it");
        }
        for (at, len) in self.blocks.clone() {
            assert_eq!(self.touches(at), gaps.iter().any(|gap| gap.0 + gap.1 == at));
            assert_eq!(self.touches(at + len), gaps.iter().any(|gap| gap.0 == at + len));
        }
        assert_eq!(self.pieces.free, gaps.iter().map(|gap| gap.1).sum::<usize>());
        self.steps();
    }

    /// The same, in Miri after each fifth step: what it has an eye on itself are all.
    fn check_after(&mut self, step: usize) {
        if !cfg!(miri) || step.is_multiple_of(5) {
            self.check();
        }
    }

    /// How long a piece says that it is: by the word at one of its ends, and by that at `len` where it has more than two.
    fn ends(&self, end: usize, len: usize) -> usize {
        match self.pieces.get(end) {
            ONE => WORD,
            word if word & SHORT != 0 => LEAST,
            _ => self.pieces.get(len),
        }
    }

    /// Whether a piece and a block touch here.
    fn touches(&mut self, at: usize) -> bool {
        let touched = self.pieces.flip(at) != 0;
        assert_eq!(self.pieces.flip(at) != 0, !touched);
        touched
    }

    /// How many pieces a bin has: each of a length for it, and each knows the one before it.
    fn check_bin(&self, bin: u32) -> usize {
        let (mut at, mut before, mut count) = (self.pieces.first(bin), 0, 0);
        assert_eq!(self.pieces.filled >> bin & 1 != 0, at != 0, "the bit of bin {bin}");
        while at != 0 {
            let next = self.pieces.get(at);
            assert_eq!(bin_of(self.pieces.len_of(at, next)), bin);
            assert_eq!(place(self.pieces.get(at + WORD)), before);
            (before, at) = (at, place(next));
            count += 1;
        }
        count
    }
}

/// Numbers that look random.
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0.wrapping_mul(0x2c1b_3c6d) >> 4) as usize % end
    }
}

/// A random program on so many bytes, with everything checked after each step; in the end there is one piece again.
fn program(bytes: usize, steps: usize) -> Worst {
    let mut shadow = Shadow::new(bytes);
    let mut dice = Dice(bytes as u32 | 1);
    for step in 0..steps {
        let most = if dice.below(8) == 0 { bytes / 4 } else { 6 * WORD };
        let size = dice.below(most);
        let count = shadow.blocks.len();
        match dice.below(if count > 40 { 8 } else { 5 }) {
            0 if count > 0 => _ = shadow.resize(dice.below(count), size),
            1 => _ = shadow.take(size, 1 << dice.below(9)),
            2 | 3 => _ = shadow.take(size, WORD),
            _ if count > 0 => shadow.put(dice.below(count)),
            _ => {}
        }
        shadow.check_after(step);
    }
    while !shadow.blocks.is_empty() {
        shadow.put(dice.below(shadow.blocks.len()));
        shadow.check_after(shadow.blocks.len());
    }
    assert_eq!(shadow.gaps().len(), 1);
    shadow.worst
}

const STEPS: usize = if cfg!(miri) { 30 } else { 4000 };

#[test]
fn what_is_free_is_in_as_few_pieces_as_can_be() {
    for bytes in [128, 500, 3000, 40_000].into_iter().take(if cfg!(miri) { 3 } else { 4 }) {
        program(bytes / WORD * WORD, STEPS);
    }
}

/// Pieces of one bin that are all too short, pieces of every bin that lie wrong, random programs: no verb takes more steps than its docs say.
#[test]
fn h36_every_verb_of_a_bounded_heap_has_its_bound() {
    const HOLES: usize = if cfg!(miri) { 20 } else { 500 };
    let mut worst = program(if cfg!(miri) { 2000 } else { 20_000 }, STEPS);
    // One bin: holes that are too short by a word, and behind them a longer piece or none.
    for longer in [true, false] {
        let mut shadow = Shadow::new(HOLES * 1200 + 4096);
        for hole in 0..2 * HOLES {
            assert!(shadow.take(if hole % 2 == 0 { 1024 } else { LEAST }, WORD).is_some());
        }
        while !longer && shadow.take(2000, WORD).is_some() {}
        (0..HOLES).rev().for_each(|index| shadow.put(2 * index));
        shadow.check();
        shadow.worst.take = 0;
        assert_eq!(shadow.take(1024 + WORD, WORD).is_some(), longer);
        worst.take = worst.take.max(shadow.worst.take);
    }
    // Nine holes of one bin, and one of each that follows, in which no multiple of the alignment lies.
    const ALIGN: usize = 4096;
    let mut shadow = Shadow::new(if cfg!(miri) { 30 } else { 40 } * ALIGN);
    let mut holes = Vec::new();
    let size_of = |bin| (LEAST..ALIGN / 2).step_by(WORD).find(|size| bin_of(*size) == bin);
    for size in [4 * WORD; 8].into_iter().chain((bin_of(4 * WORD)..).map_while(size_of)) {
        let (at, _) = *shadow.gaps().last().expect("room");
        assert!(shadow.take(padding(at, ALIGN) + LEAST, WORD).is_some());
        holes.push(shadow.blocks.len());
        assert!(shadow.take(size, WORD).is_some() && shadow.take(LEAST, WORD).is_some());
    }
    let count = holes.len();
    holes.into_iter().rev().for_each(|hole| shadow.put(hole));
    shadow.check();
    assert!(count > 16 && shadow.take(4 * WORD, ALIGN).is_some());
    worst.take_aligned = worst.take_aligned.max(shadow.worst.take_aligned);
    // All that there are are looked at, but for the ninth.
    assert!(worst.take_aligned > (count - 1) * LOOK, "{worst:?}");
    assert!(worst.take > FIRST_LOOKS * LOOK && worst.put > RESIZE && worst.resize > INSERT, "{worst:?}");
    assert!(worst.take <= TAKE && worst.take_aligned <= TAKE_ALIGNED, "{worst:?}");
    assert!(worst.put <= PUT && worst.resize <= RESIZE, "{worst:?}");
    // As the docs of `BoundedHeap` have them.
    assert_eq!([TAKE, TAKE_ALIGNED, PUT, RESIZE], [31, 96, 20, 15]);
}
