//! One random program over all that can hand out memory in the module: libc's heap, Rust's (which is a `Global`), claims, a pool and
//! an arena. Every byte carries its holder's pattern, and is looked at before it is given back.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;

use freehold::{Alloc, Arena, Backing, Claim, Ledger, Pool, PoolBox};

use crate::libc::{Block, fill, lost, say};

const STEPS: usize = 100_000;
/// How many blocks are held at once, at most.
const HELD: usize = 400;
const PLACE: usize = 96;

enum Holder<'p> {
    Libc(Block),
    Rust(Box<[u8]>),
    Claim(Claim<'static>),
    Pool(PoolBox<'p, [u8; PLACE]>),
}

impl Holder<'_> {
    fn start(&mut self) -> NonNull<u8> {
        match self {
            Holder::Libc(block) => block.start(),
            Holder::Rust(bytes) => NonNull::from_mut(&mut **bytes).cast(),
            Holder::Claim(claim) => claim.as_ptr(),
            Holder::Pool(place) => NonNull::from_mut(&mut **place).cast(),
        }
    }
}

struct Held<'p> {
    holder: Holder<'p>,
    len: usize,
    mark: u8,
}

impl Held<'_> {
    fn lost(&mut self) -> usize {
        // SAFETY: every holder was made with so many bytes.
        unsafe { lost(self.holder.start(), self.len, self.mark) }
    }
}

/// Runs the program, and says how many bytes did not hold what their holder had written.
pub fn run<B: Backing>(ledger: &'static Ledger<B>) {
    let mut seed = 0x2545_f491_u32;
    let mut below = |bound: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        (seed >> 3) as usize % bound
    };
    let pool = Pool::<[u8; PLACE]>::new_in(ledger, "pool");
    let mut arena = Arena::new_in(ledger, "arena");
    let mut held: Vec<Held<'_>> = Vec::new();
    let mut gone = 0;
    for step in 0..STEPS {
        let mark = step as u8;
        let most = if below(50) == 0 { 200_000 } else { 1500 };
        let len = 1 + below(most);
        let holder = match if held.len() < HELD { below(11) } else { 10 } {
            0 | 1 => Block::new(len).map(Holder::Libc),
            2 => Some(Holder::Rust(vec![0; len].into())),
            3 => {
                let layout = Layout::from_size_align(len, 1 << below(9)).expect("a layout");
                ledger.claim("claim", layout).ok().map(Holder::Claim)
            }
            4 => pool.try_alloc([0; PLACE]).ok().map(Holder::Pool),
            5 => {
                // Libc's, in the middle of a scope.
                let scope = arena.scope();
                let (count, block) = (1 + below(3000), Block::new(len));
                if let (Ok(bytes), Some(block)) = (scope.try_alloc_uninit_slice::<u8>(count), block) {
                    let (bytes, count) = (NonNull::from_mut(bytes).cast(), bytes.len());
                    // SAFETY: a slice of so many bytes.
                    unsafe { fill(bytes, count, mark) };
                    // SAFETY: a block of so many bytes.
                    unsafe { fill(block.start(), len, !mark) };
                    // SAFETY: as above.
                    gone += unsafe { lost(bytes, count, mark) };
                    // SAFETY: as above.
                    gone += unsafe { lost(block.start(), len, !mark) };
                }
                continue;
            }
            _ => None,
        };
        if let Some(holder) = holder {
            let len = if let Holder::Pool(_) = holder { PLACE } else { len };
            let mut new = Held { holder, len, mark };
            // SAFETY: every holder was made with so many bytes.
            unsafe { fill(new.holder.start(), len, mark) };
            held.push(new);
        } else if !held.is_empty() {
            let at = below(held.len());
            gone += held.swap_remove(at).lost();
        }
    }
    say(format_args!("held at the end: {}", held.len()));
    gone += held.iter_mut().map(Held::lost).sum::<usize>();
    drop(held);
    say(format_args!("lost: {gone}"));
}
