//! Heaps with a layer around them that looks at what a program does with its memory, or counts it.

/// freehold's, as it comes: what is freed waits, 4,096 blocks or 1 MiB of them.
#[cfg(feature = "freehold")]
pub mod checked {
    use freehold::debug::Checked;

    pub type Heap = Checked<freehold::Heap>;

    pub const fn heap() -> Heap {
        Checked::new(freehold::Heap::new())
    }
}

/// The same, but what is freed goes back at once.
#[cfg(feature = "freehold")]
pub mod checked_at_once {
    use super::checked;

    pub type Heap = checked::Heap;

    pub const fn heap() -> Heap {
        checked::heap().keeping(0, 0)
    }
}

/// As it comes, and told where the program is whenever something is allocated or freed.
#[cfg(all(feature = "frames", not(target_arch = "wasm32")))]
pub mod checked_frames {
    use super::checked;

    pub type Heap = checked::Heap;

    pub const fn heap() -> Heap {
        checked::heap().with_frames(freehold_profile::frames)
    }
}

/// freehold's counts by parts of the program, of which none has a name here.
#[cfg(feature = "freehold")]
pub mod tagged {
    use freehold::tags::Tagged;

    pub type Heap = Tagged<freehold::Heap>;

    pub const fn heap() -> Heap {
        Tagged::new(freehold::Heap::new())
    }
}

/// dhat, on the system's allocator. It looks as long as what [`start`](dhat::start) returns is there.
#[cfg(all(feature = "dhat", not(target_arch = "wasm32")))]
pub mod dhat {
    pub type Heap = ::dhat::Alloc;

    pub const fn heap() -> Heap {
        ::dhat::Alloc
    }

    /// As for a test: nothing is written to a file at the end.
    pub fn start() -> ::dhat::Profiler {
        ::dhat::Profiler::builder().testing().build()
    }
}
