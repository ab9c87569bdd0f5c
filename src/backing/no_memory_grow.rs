//! `MemoryGrow` where it would be wrong.

/// Not on Emscripten: `sbrk` hands out all of memory, so a page that was grown beside it would be handed out a second time. This is
/// no [`Backing`](super::Backing) here, and who makes a ledger of it is told what to take: [`Libc`](super::Libc), or
/// [`DefaultBacking`](super::DefaultBacking), which is right on every target.
#[derive(Debug, Default)]
pub struct MemoryGrow(());

impl MemoryGrow {
    /// Of no use on Emscripten.
    pub const fn new() -> MemoryGrow {
        MemoryGrow(())
    }
}
