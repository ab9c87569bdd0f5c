//! freehold for C: the functions that `freehold.h` declares. What each does is said there; here is how.
//!
//! This is a package beside the crate, not a part of it: it only uses what every user of the crate has. (`src/c.rs` is another
//! matter: C's own names, `malloc` and its like, for a Rust program's heap.)
//!
//! - A handle is a ticket number, not an address (`table.rs`): whatever C passes as one is looked up, never followed, so one that is
//!   null, foreign, closed or of another kind is found out without a look at memory that may be anybody's.
//! - What the table holds it doesn't know: a ledger, an arena, a scope and a pool are each a `Record`, and the compiler tells them apart. An
//!   arena's and a pool's lie side by side, some on a claim (`shelf.rs`).
//! - A block's address is looked up among the pool's blocks before the word behind it is read (`pool.rs`).
//! - The heap (`heap.rs`) has no handle, and a lock of its own.
//! - All other calls take turns: one lock is held from the look-up to the end. So any thread may call anything, and nothing is closed
//!   while another call uses it. There are no callbacks, so none comes back in.
//! - Nothing unwinds. The one panic that is known of is that of a lock which is never given back ([`freehold::sharing::Spin`]); it ends the program,
//!   as any other would (`extern "C"`).

#![no_std]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]

// Where a program has Rust's std at hand (and may unwind), its panic handler is used.
#[cfg(any(feature = "std", all(any(unix, windows), not(target_family = "wasm")), target_os = "emscripten"))]
extern crate std;

// In the order of the layers: a module uses those above it only.
mod problem;
mod table;
mod shelf;
mod ledger;
mod heap;
mod arena;
mod pool;

#[doc(hidden)]
pub use problem::Code;

// Natively libc's `malloc` stays.
#[cfg(all(feature = "malloc", target_family = "wasm"))]
freehold::c_symbols!(heap::HEAP);

#[cfg(all(feature = "javascript", target_family = "wasm"))]
freehold::javascript!();

#[cfg(not(any(feature = "std", all(any(unix, windows), not(target_family = "wasm")), target_os = "emscripten")))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(target_arch = "wasm64")]
    core::arch::wasm64::unreachable();
    #[cfg(not(target_family = "wasm"))]
    loop {
        core::hint::spin_loop();
    }
}
