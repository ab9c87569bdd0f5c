//! How the wasm modules of these tests speak to the script that runs them (`harness.mjs`).

#![cfg(target_family = "wasm")]
#![no_std]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32 as arch;
#[cfg(target_arch = "wasm64")]
use core::arch::wasm64 as arch;
use core::fmt::{self, Write};

use freehold::Snapshot;

/// 64 KiB, by the specification of WebAssembly: written down here too, so that the tests don't take the crate's word.
pub const PAGE: usize = 1 << 16;

/// Pages of the whole linear memory.
pub fn memory_pages() -> usize {
    arch::memory_size::<0>()
}

/// Pages more, as any code in the module may have them: the first one's number, or `usize::MAX`.
pub fn memory_grow(pages: usize) -> usize {
    arch::memory_grow::<0>(pages)
}

/// Ends here.
pub fn trap() -> ! {
    arch::unreachable()
}

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        // Safe for any arguments: the script only looks at memory, and within its bounds.
        pub safe fn say(text: *const u8, len: usize);
        pub safe fn span(base: usize, len: usize, owner: *const u8, owner_len: usize);
    }
}

struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        host::say(text.as_ptr(), text.len());
        Ok(())
    }
}

/// Says a line of text to the script, which shows it if a test fails.
pub fn say(text: impl fmt::Display) {
    // `Out` takes all; a value that can't be printed is no reason to stop.
    let _ = writeln!(Out, "{text}");
}

/// Shows each span to the script.
pub fn show(snapshot: &Snapshot<'_>) {
    for span in snapshot.spans() {
        let (owner, len) = span.owner.map_or((core::ptr::null(), 0), |owner| (owner.as_ptr(), owner.len()));
        host::span(span.base, span.len, owner, len);
    }
}

/// A value in a `static` of a module that has one thread.
pub struct Single<T>(pub T);

// SAFETY: these modules are built without the `atomics` feature, and so have one thread.
unsafe impl<T> Sync for Single<T> {}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    say(info);
    trap()
}
