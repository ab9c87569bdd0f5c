//! The heap tail, which both copies want.

use alloc::string::String;
use core::ptr::NonNull;

use crate::block::Block;

/// Most of the tail.
pub const SIZE: usize = 500_000;

/// What a copy does with the heap tail.
pub struct Tail {
    /// A block in it.
    pub block: fn(usize) -> Result<Block, Refusal>,
    /// The same, from pages if the tail is not to be had.
    pub or_pages: fn(usize) -> Result<Block, Refusal>,
    /// The same, from a tail that is not asked for but taken.
    pub by_hand: fn(usize) -> Result<Block, Refusal>,
    /// Takes the tail and leaves it as it is: no ledger writes a byte there.
    pub mislay: fn(),
    /// The host takes away what is free in it, and gives zeros instead.
    pub discard: fn(),
}

/// Why the tail is not to be had.
pub struct Refusal {
    pub by: &'static str,
    pub text: String,
}

unsafe extern "C" {
    static __heap_base: u8;
    static __heap_end: u8;
}

/// Where the tail begins and ends, as the linker says.
pub fn tail() -> (NonNull<u8>, usize) {
    let (start, end) = ((&raw const __heap_base).addr(), (&raw const __heap_end).addr());
    (NonNull::new(core::ptr::with_exposed_provenance_mut(start)).expect("not the null page"), end - start)
}

/// Whether a block lies there.
pub fn in_tail(block: &Block) -> bool {
    let (start, len) = tail();
    let start = start.addr().get();
    let range = block.range();
    start < range.start && range.end <= start + len
}

/// A copy's part in this, inside its own module.
macro_rules! tail_of {
    ($freehold:ident) => {
        mod tail {
            use alloc::string::ToString;
            use core::alloc::Layout;

            use $freehold::backing::{Backing, Grant, Request, Span, Then};
            use $freehold::{HeapTail, Ledger, MemoryGrow, Obstacle};

            use crate::block::Block;
            use crate::tail::{Refusal, Tail, tail};

            // SAFETY: nothing in this module starts a heap at `__heap_base` but the copies of freehold, which ask each other. (The
            // control does; then the tail is its own to lose.)
            static TAIL: Ledger<HeapTail> = Ledger::new(unsafe { HeapTail::new() });
            static OR_PAGES: Ledger<Then<HeapTail, MemoryGrow>> =
                // SAFETY: as above.
                Ledger::new(Then::new(unsafe { HeapTail::new() }, MemoryGrow::new()));
            // SAFETY: as above.
            static MISLAID: Ledger<Mislaid> = Ledger::new(Mislaid(unsafe { HeapTail::new() }));
            static BY_HAND: Ledger<ByHand> = Ledger::new(ByHand);

            /// Takes what it can get, and forgets it.
            struct Mislaid(HeapTail);

            // SAFETY: it grants nothing.
            unsafe impl Backing for Mislaid {
                fn name(&self) -> &'static str {
                    "nothing"
                }

                fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
                    self.0.claim(request).map(drop)?;
                    Err(Obstacle::TooLarge)
                }
            }

            /// `HeapTail` without its look at who lives there.
            struct ByHand;

            // SAFETY: none: this is the control, which shows what becomes of a tail that two have.
            unsafe impl Backing for ByHand {
                fn name(&self) -> &'static str {
                    "by hand"
                }

                fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
                    let (start, len) = tail();
                    // SAFETY: the tail is memory of this module.
                    Ok(Grant::linear(unsafe { Span::new(start, len) }))
                }
            }

            fn claimed<B: Backing>(ledger: &'static Ledger<B>, size: usize) -> Result<Block, Refusal> {
                let claim = ledger.claim("tail", Layout::from_size_align(size, 1).expect("a size"));
                let claim = claim.map_err(|error| {
                    let by = if let Obstacle::Occupied { by, .. } = error.obstacle { by } else { "" };
                    Refusal { by, text: error.to_string() }
                })?;
                let start = claim.as_ptr();
                // SAFETY: a claim has at least as many bytes as were asked for.
                unsafe { start.write_bytes(0, size) };
                // SAFETY: they are the claim's.
                Ok(unsafe { Block::new(start, size, claim) })
            }

            pub const COPY: Tail = Tail {
                block: |size| claimed(&TAIL, size),
                or_pages: |size| claimed(&OR_PAGES, size),
                by_hand: |size| claimed(&BY_HAND, size),
                mislay: || assert!(claimed(&MISLAID, 1).is_err()),
                discard: || {
                    TAIL.discard(|start, len| {
                        // SAFETY: whole pages that nobody uses.
                        unsafe { start.write_bytes(0, len) };
                    });
                },
            };
        }
    };
}
pub(crate) use tail_of;
