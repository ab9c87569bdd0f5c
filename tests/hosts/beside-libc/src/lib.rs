//! freehold in a module where libc has a heap: what each of them holds stays as it is.
//!
//! Each scenario needs a fresh instance: what matters is who comes first. The controls do by hand, or with a backing of their own, what
//! the crate keeps from happening, and say how many bytes that costs. `run.mjs` knows what must come out of them.

#![cfg(any(target_os = "wasi", target_os = "emscripten"))]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod heap_tail;
mod lent;
mod libc;
mod pages;
mod soak;
mod waste;

use core::ffi::c_int;

use freehold::{DefaultBacking, Heap, Ledger, ledger};
use freehold_soak::unprotected::{Contiguous, Raw, Tail};

/// Rust's heap: `Vec` and its like are the crate's, `malloc` is libc's.
#[global_allocator]
static HEAP: Heap = Heap::new();

#[cfg(feature = "malloc")]
freehold::c_symbols!(HEAP);

static OURS: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
static RAW: [Ledger<Raw>; 2] = [const { Ledger::new(Raw) }; 2];
static CONTIGUOUS: [Ledger<Contiguous>; 2] = [const { Ledger::new(Contiguous::new()) }; 2];
static TAIL: [Ledger<Tail>; 2] = [const { Ledger::new(Tail) }; 2];

/// A ledger of grown pages: on Emscripten it must not compile.
#[cfg(feature = "memory-grow")]
pub static GROWN: Ledger<freehold::MemoryGrow> = Ledger::new(freehold::MemoryGrow::new());

/// Runs the scenario that standard input names, as arguments would take memory of libc's; `false` if there is none. It panics if it
/// fails.
pub fn run() -> bool {
    let mut name = [0; 64];
    let len = libc::hear(&mut name);
    let mut words = str::from_utf8(&name[..len]).unwrap_or_default().split_whitespace();
    let name = words.next().unwrap_or_default();
    // Said before anything is done: a control that breaks so early is none.
    libc::say(format_args!("scenario {name}"));
    match name {
        "before_malloc" => pages::before_malloc(&OURS),
        "control_before_malloc" => pages::before_malloc(&RAW[0]),
        "after_malloc" => pages::after_malloc(&OURS),
        "control_after_malloc" => pages::after_malloc(&RAW[0]),
        "heap_tail" => heap_tail::refused(),
        "control_heap_tail" => heap_tail::by_hand(),
        "soak" => soak::run([ledger(), &OURS], words.next()),
        "soak_above_two_gib" => lent::above(|| soak::run([ledger(), &OURS], words.next())),
        "control_soak_raw" => soak::run(RAW.each_ref(), words.next()),
        "control_soak_contiguous" => soak::run(CONTIGUOUS.each_ref(), words.next()),
        "control_soak_tail" => soak::run(TAIL.each_ref(), words.next()),
        "given_back" => lent::given_back(false),
        "control_given_back" => lent::given_back(true),
        "used_up" => lent::used_up(),
        "above_two_gib" => lent::above_two_gib(),
        "waste" => waste::of(words.next().unwrap_or_default()),
        _ => return false,
    }
    true
}

/// [`run`] for C: 0 if all went well, 2 if there is no such scenario.
#[unsafe(no_mangle)]
pub extern "C" fn beside_libc() -> c_int {
    if run() { 0 } else { 2 }
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    libc::say(info);
    libc::exit(101)
}
