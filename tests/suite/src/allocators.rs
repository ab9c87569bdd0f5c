//! Every allocator of the crate, and where it goes through each suite (h29): a heap that was in none of them once handed out the stack.
//!
//! `tests/every_allocator.rs` looks for allocators in `src/` that are missing here, and for the tests that are named here. A new suite is a new
//! field, which no row can leave out.

/// Where an allocator goes through a suite.
#[derive(Clone, Copy, Debug)]
pub enum Goes {
    /// In this test.
    In(&'static str),
    /// Nowhere, for this reason.
    Not(&'static str),
}

/// An allocator, and where it goes through each suite.
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    /// The type by which it is known.
    pub name: &'static str,
    /// Every request, on every kind of memory.
    pub conformance: Goes,
    /// Random programs, with everything checked after each step.
    pub model: Goes,
    /// Requests that can't be met: each claim refused once, or no memory left.
    pub refusal: Goes,
    /// The last pages of a 4 GiB memory.
    pub four_gib: Goes,
    /// Several threads.
    pub threads: Goes,
    /// A whole program on it, in Miri.
    pub program: Goes,
}

const NO_HEAP: Goes = Goes::Not("it is no program's allocator; Miri runs its other tests");

use Goes::{In, Not};

/// All of them.
pub const ALLOCATORS: &[Allocator] = &[
    Allocator {
        name: "Arena",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("h12_each_claim_fails_once"),
        four_gib: In("top_arena"),
        threads: In("arenas_move_between_threads"),
        program: NO_HEAP,
    },
    Allocator {
        name: "Scope",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("h12_each_claim_fails_once"),
        four_gib: In("top_scope"),
        threads: In("threads_share_a_ledger"),
        program: NO_HEAP,
    },
    Allocator {
        name: "TypedArena",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("h12_each_claim_fails_once"),
        four_gib: In("top_typed_arena"),
        threads: In("arenas_move_between_threads"),
        program: NO_HEAP,
    },
    Allocator {
        name: "Pool",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("model_regions"),
        four_gib: In("top_pool"),
        threads: Not("it is not shared, nor do its boxes leave their thread"),
        program: NO_HEAP,
    },
    Allocator {
        name: "SharedPool",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("model_regions"),
        four_gib: In("top_shared_pool"),
        threads: In("h25_threads_share_a_pool"),
        program: NO_HEAP,
    },
    Allocator {
        name: "FixedPool",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("model_default_backing"),
        four_gib: Not("its places lie in itself"),
        threads: In("h25_threads_share_a_fixed_pool"),
        program: NO_HEAP,
    },
    Allocator {
        name: "KeyedPool",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("model_regions"),
        four_gib: Not("its slots are slices of an arena, which goes there"),
        threads: Not("what it does takes `&mut`"),
        program: NO_HEAP,
    },
    Allocator {
        name: "BlockPool",
        conformance: In("conformance_default_backing"),
        model: In("model_default_backing"),
        refusal: In("h12_each_claim_fails_once"),
        four_gib: In("top_shared_block_pool"),
        threads: In("h25_threads_share_a_pool_of_blocks"),
        program: NO_HEAP,
    },
    Allocator {
        name: "Heap",
        conformance: In("heap_conformance_every_manner"),
        model: In("heap_model_every_manner"),
        refusal: In("heap_h12_each_claim_fails_once"),
        four_gib: In("top_global"),
        threads: In("heap_h25_blocks_go_to_other_threads"),
        program: In("whole_program_heap"),
    },
    Allocator {
        name: "Heap as Allocator",
        conformance: In("heap_allocator_conformance"),
        model: In("heap_allocator_model"),
        refusal: In("heap_allocator_h12_each_claim_fails_once"),
        four_gib: Not("the same blocks as `Heap`'s"),
        threads: Not("the same blocks as `Heap`'s"),
        program: NO_HEAP,
    },
    Allocator {
        name: "SmallHeap",
        conformance: In("heap_small_conformance"),
        model: In("heap_small_model"),
        refusal: In("heap_small_h11_overflowing_requests"),
        four_gib: In("top_small"),
        threads: In("heap_small_h25_blocks_go_to_other_threads"),
        program: In("whole_program_small"),
    },
    Allocator {
        name: "BoundedHeap",
        conformance: In("bounded_conformance"),
        model: In("bounded_model"),
        refusal: In("h38_small_memory_is_used_up"),
        four_gib: In("top_bounded"),
        threads: In("bounded_h25_blocks_go_to_other_threads"),
        program: In("whole_program_bounded"),
    },
    Allocator {
        name: "Checked",
        conformance: In("heap_checked_conformance"),
        model: In("heap_checked_model"),
        refusal: In("heap_checked_h12_each_claim_fails_once"),
        four_gib: Not("it asks a heap, which goes there"),
        threads: In("heap_small_checked_h25_blocks_go_to_other_threads"),
        program: In("whole_program_checked"),
    },
    Allocator {
        name: "Tagged",
        conformance: In("heap_tagged_conformance"),
        model: In("heap_tagged_model"),
        refusal: In("heap_tagged_h12_each_refusal_counts_nothing"),
        four_gib: Not("it asks a heap, which goes there"),
        threads: In("heap_small_tagged_h25_blocks_go_to_other_threads"),
        program: In("whole_program_tagged"),
    },
    Allocator {
        name: "C's functions",
        conformance: In("heap_c_conformance"),
        model: In("heap_c_model"),
        refusal: In("heap_c_h12_each_claim_fails_once"),
        four_gib: Not("they ask a heap, which goes there"),
        threads: Not("they ask a heap, and keep nothing"),
        program: NO_HEAP,
    },
];
