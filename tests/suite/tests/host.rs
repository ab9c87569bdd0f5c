//! Every case of the suite, natively.

#![cfg(not(target_family = "wasm"))]

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
