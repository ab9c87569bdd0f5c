//! Global allocators, each set up as its documentation recommends, and heaps with a debug layer around them. Rust's default one needs no setting up.
//!
//! A program takes one: `#[global_allocator] static HEAP: talc::Heap = talc::heap();`. The others leave nothing in it.

#![no_std]
// Each module has the same two: its allocator, and one of it.
#![allow(missing_docs)]

#[cfg(all(feature = "talc", not(target_arch = "wasm32")))]
extern crate std;

#[cfg(all(any(feature = "wasi_libc", feature = "zig"), target_arch = "wasm32"))]
mod foreign;
#[cfg(any(feature = "dhat", feature = "freehold"))]
mod layers;
#[cfg(feature = "limit")]
pub mod limit;

#[cfg(all(feature = "wasi_libc", target_arch = "wasm32"))]
pub use foreign::wasi_libc;
#[cfg(all(feature = "zig", target_arch = "wasm32"))]
pub use foreign::zig;
#[cfg(all(feature = "frames", not(target_arch = "wasm32")))]
pub use layers::checked_frames;
#[cfg(all(feature = "dhat", not(target_arch = "wasm32")))]
pub use layers::dhat;
#[cfg(feature = "freehold")]
pub use layers::{checked, checked_at_once, tagged};

/// Rust's default on wasm, from its own crate. Natively it has memory from `mmap`, and a lock of pthreads.
#[cfg(feature = "dlmalloc")]
pub mod dlmalloc {
    pub type Heap = ::dlmalloc::GlobalDlmalloc;

    pub const fn heap() -> Heap {
        ::dlmalloc::GlobalDlmalloc
    }
}

/// freehold.
#[cfg(feature = "freehold")]
pub mod freehold {
    pub type Heap = ::freehold::Heap;

    pub const fn heap() -> Heap {
        ::freehold::Heap::new()
    }
}

/// freehold, where each byte of code counts.
#[cfg(feature = "freehold")]
pub mod freehold_small {
    pub type Heap = ::freehold::SmallHeap;

    pub const fn heap() -> Heap {
        ::freehold::SmallHeap::new()
    }
}

/// A list of free blocks in the order of their addresses, for one thread.
#[cfg(all(feature = "lol_alloc", target_arch = "wasm32"))]
pub mod lol_alloc {
    use ::lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

    pub type Heap = AssumeSingleThreaded<FreeListAllocator>;

    pub const fn heap() -> Heap {
        // SAFETY: our modules are built without threads.
        unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) }
    }
}

/// Lists of free blocks for each thread. In C, with the settings it comes with.
#[cfg(all(feature = "mimalloc", not(target_arch = "wasm32")))]
pub mod mimalloc {
    pub type Heap = ::mimalloc::MiMalloc;

    pub const fn heap() -> Heap {
        ::mimalloc::MiMalloc
    }
}

/// Two-level segregated fit.
#[cfg(feature = "rlsf")]
pub mod rlsf {
    pub type Heap = ::rlsf::GlobalTlsf;

    pub const fn heap() -> Heap {
        ::rlsf::GlobalTlsf::new()
    }
}

/// rlsf with smaller tables.
#[cfg(feature = "rlsf")]
pub mod rlsf_small {
    pub type Heap = ::rlsf::SmallGlobalTlsf;

    pub const fn heap() -> Heap {
        ::rlsf::SmallGlobalTlsf::new()
    }
}

/// talc, which grows the module's memory.
#[cfg(all(feature = "talc", target_arch = "wasm32"))]
pub mod talc {
    pub type Heap = ::talc::wasm::WasmDynamicTalc;

    pub const fn heap() -> Heap {
        ::talc::wasm::new_wasm_dynamic_allocator()
    }
}

/// talc behind a spin lock, on large blocks of the system's allocator: it asks for no memory of the system itself.
#[cfg(all(feature = "talc", not(target_arch = "wasm32")))]
pub mod talc {
    use ::talc::TalcLock;
    use ::talc::source::GlobalAllocSource;
    use std::alloc::System;

    pub type Heap = TalcLock<spin::Mutex<()>, GlobalAllocSource<System>>;

    pub const fn heap() -> Heap {
        TalcLock::new(GlobalAllocSource::new(System))
    }
}

/// wee_alloc. Nobody maintains it any more, but many modules have it.
#[cfg(all(feature = "wee_alloc", target_arch = "wasm32"))]
pub mod wee_alloc {
    pub type Heap = ::wee_alloc::WeeAlloc<'static>;

    pub const fn heap() -> Heap {
        ::wee_alloc::WeeAlloc::INIT
    }
}
