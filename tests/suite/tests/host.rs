//! Every case of the suite, where there is an operating system: natively, and on WASI beside libc's heap.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]

macro_rules! tests {
    ($($name:ident => $case:path,)*) => {
        $(#[test]
        fn $name() {
            $case();
        })*
    };
}

freehold_suite::for_each_case!(tests);
#[cfg(feature = "collections")]
freehold_suite::for_each_allocator_case!(tests);
#[cfg(any(unix, target_os = "wasi"))]
freehold_suite::for_each_libc_case!(tests);
