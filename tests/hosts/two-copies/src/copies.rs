//! Each copy of freehold behind functions of the same types: what is tested is written once, for either.

use alloc::vec::Vec;
use core::ops::Range;
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;

use crate::block::Block;

/// Who hands a block out.
#[derive(Clone, Copy, Debug)]
pub enum From {
    Arena,
    Heap,
    Ledger,
    Pool,
    /// The heap, by `alloc_zeroed`.
    Zeroed,
    /// The same, from a heap on memory that libc lends, and lends the other copy next.
    #[cfg(any(unix, target_os = "wasi"))]
    Lent,
}

impl From {
    pub const ALL: &[From] = &[
        From::Arena,
        From::Heap,
        From::Ledger,
        From::Pool,
        From::Zeroed,
        #[cfg(any(unix, target_os = "wasi"))]
        From::Lent,
    ];
}

/// Bytes of a pool's block.
pub const BLOCK: usize = 1500;

/// One copy of freehold.
pub struct Copy {
    pub name: &'static str,
    /// A block of so many bytes.
    pub block: fn(From, usize) -> Block,
    /// Every span of its ledgers.
    pub spans: fn() -> Vec<Range<usize>>,
    /// So many bytes are still in claims of blocks, when free ones have been given back.
    pub settle: fn() -> usize,
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub tail: crate::tail::Tail,
}

/// A block of a heap's, by `alloc_zeroed`.
pub fn zeroed(size: usize, heap: impl Allocator + 'static) -> Block {
    let bytes = allocator_api2::boxed::Box::<[u8], _>::new_zeroed_slice_in(size, heap);
    // SAFETY: a byte may be zero.
    let mut bytes = unsafe { bytes.assume_init() };
    let start = NonNull::from(&mut *bytes).cast();
    // SAFETY: a box's value stays where it is while the box lives.
    unsafe { Block::new(start, size, bytes) }
}

/// Where two ranges have something in common.
pub fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// A module for a copy of freehold: its name, the crate, and its heap.
macro_rules! copy {
    ($name:ident, $freehold:ident, $heap:expr) => {
        mod $name {
            use core::ptr::NonNull;

            use allocator_api2::vec::Vec as VecIn;
            use $freehold::{Alloc, Arena, SharedPool, ledger};

            use crate::block::Block;
            use crate::copies::{BLOCK, Copy, From, zeroed};

            static POOL: SharedPool<[u8; BLOCK]> = SharedPool::shared_in(ledger(), "pool");

            pub const COPY: Copy = Copy {
                name: stringify!($name),
                block,
                spans: || {
                    let spans = ledger().snapshot().spans();
                    #[cfg(any(unix, target_os = "wasi"))]
                    let spans = spans.chain(lent::LEDGER.snapshot().spans());
                    spans.map(|span| span.base..span.base + span.len).collect()
                },
                settle: || {
                    POOL.trim();
                    let snapshot = ledger().snapshot();
                    ["arena", "ledger", "pool"].into_iter().map(|owner| snapshot.claimed_by(owner)).sum()
                },
                #[cfg(all(target_family = "wasm", target_os = "unknown"))]
                tail: tail::COPY,
            };

            fn block(from: From, size: usize) -> Block {
                match from {
                    From::Arena => {
                        let arena = Arena::new();
                        let bytes = arena.alloc_slice_fill(size, 0u8);
                        let start = NonNull::from(bytes).cast();
                        // SAFETY: the arena's memory stays where it is, and hers, until she is dropped.
                        unsafe { Block::new(start, size, arena) }
                    }
                    From::Ledger => {
                        let layout = core::alloc::Layout::from_size_align(size, 16).expect("small");
                        let claim = ledger().claim("ledger", layout).expect("there is memory");
                        let start = claim.as_ptr();
                        // SAFETY: a claim has at least as many bytes as were asked for.
                        unsafe { start.write_bytes(0, size) };
                        // SAFETY: they are the claim's.
                        unsafe { Block::new(start, size, claim) }
                    }
                    From::Pool => {
                        let mut boxed = POOL.alloc([0; BLOCK]);
                        let start = NonNull::from(&mut *boxed).cast();
                        // SAFETY: a value stays where it is while its box lives.
                        unsafe { Block::new(start, BLOCK, boxed) }
                    }
                    From::Heap => {
                        let mut bytes = VecIn::with_capacity_in(size, $heap);
                        bytes.resize(size, 0u8);
                        let start = NonNull::new(bytes.as_mut_ptr()).expect("not null");
                        // SAFETY: what a `Vec` holds stays where it is until it changes.
                        unsafe { Block::new(start, size, bytes) }
                    }
                    From::Zeroed => zeroed(size, $heap),
                    #[cfg(any(unix, target_os = "wasi"))]
                    From::Lent => zeroed(size, &lent::HEAP),
                }
            }

            #[cfg(any(unix, target_os = "wasi"))]
            mod lent {
                use $freehold::{Heap, Ledger, Libc};

                pub static LEDGER: Ledger<Libc> = Ledger::new(Libc::new());
                pub static HEAP: Heap = Heap::new_in(&LEDGER, "lent");
            }

            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            crate::tail::tail_of!($freehold);
        }
    };
}
pub(crate) use copy;
