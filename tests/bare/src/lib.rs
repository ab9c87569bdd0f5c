//! The suite in a module without std and without any allocator: each case is an export, which traps if it fails.

#![cfg(target_family = "wasm")]
#![no_std]

#[cfg(target_arch = "wasm64")]
mod wide;

// For its panic handler.
use freehold_guest as _;

macro_rules! export {
    ($($name:ident => $case:path,)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name() {
                $case();
            }
        )*
    };
}

freehold_suite::for_each_case!(export);
