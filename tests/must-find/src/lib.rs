//! What the debug layer must find: each mistake with its twin that makes none, and in which nothing must be found. Of each finding all facts are
//! looked at: which block, its layout, which allocation it was, who took it, who freed it first and who now, which bytes and what stands there.
//!
//! Every target runs all of it, by [`every`]: hosts and wasm as cases of the suite, there and in workers also with each step in another thread, and
//! microcontrollers as a program. So a row that is added here is added everywhere. Nothing panics when something is found, as not
//! every target unwinds: it is noted.
//!
//! The control is each row without the layer, on a heap alone, or without debug assertions ([`unwatched`]): nothing is found then, and each row says
//! whether the program goes on as if nothing were, or breaks.

#![no_std]

mod acts;
mod blocks;
mod facts;
mod hands;
mod notes;
mod places;
mod room;
mod subject;
pub mod unwatched;

use core::alloc::GlobalAlloc;

pub use hands::{Alone, Hands, MOST};
pub use room::Room;

/// A list of rows that the compiler keeps whole: each has a name, and must say what it does and what is found.
macro_rules! rows {
    ($($(#[$doc:meta])* $row:ident,)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Row {
            $($(#[$doc])* $row,)*
        }

        impl Row {
            /// All of them.
            pub const ALL: &[Row] = &[$(Row::$row),*];
        }
    };
}
pub(crate) use rows;

/// A heap that is watched.
pub type Below = dyn GlobalAlloc + Sync;

/// What the rows act on.
pub struct Bench<'a> {
    /// The heap that is watched. What is done to it is no mistake, as the layer lets none through.
    pub below: &'a Below,
    /// Memory for the layer's records, and for the ledger of the rows that have no heap.
    pub room: &'a Room,
    /// Who does what.
    pub hands: &'a dyn Hands,
}

/// Runs every row and every twin. It panics at the first of which not just that is found which must be; and without debug assertions, as then nobody looks
/// at arenas, pools and claims.
pub fn every(bench: &Bench<'_>) {
    if !cfg!(debug_assertions) {
        panic!("the rows of arenas, pools and claims need debug assertions");
    }
    blocks::Row::ALL.iter().for_each(|row| row.run(bench));
    places::Row::ALL.iter().for_each(|row| row.run(bench.room, bench.hands));
}

/// How many rows there are.
pub fn count() -> usize {
    blocks::Row::ALL.len() + places::Row::ALL.len()
}
