//! What a global allocator is to `cargo perf`.

use crate::kind::Kind;

/// A global allocator.
pub struct Heap {
    /// Its program in `heaps/src/bin`, and its feature of `size`.
    pub program: &'static str,
    /// As tables call it.
    pub name: &'static str,
    pub kind: Kind,
    pub home: Home,
}

/// Where it is to be had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Home {
    Everywhere,
    Native,
    Wasm,
    /// On wasm, if its tools are installed: it is not Rust's.
    Foreign,
}

pub const fn peer(program: &'static str, name: &'static str, home: Home) -> Heap {
    Heap { program, name, kind: Kind::Peer, home }
}

pub const fn ours(program: &'static str, name: &'static str, home: Home) -> Heap {
    Heap { program, name, kind: Kind::Ours, home }
}

pub const fn limit(program: &'static str, name: &'static str) -> Heap {
    Heap { program, name, kind: Kind::Limit, home: Home::Everywhere }
}
