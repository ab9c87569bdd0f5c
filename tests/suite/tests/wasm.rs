//! Every case of the suite in node, with std's own allocator as a neighbour.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use wasm_bindgen_test::wasm_bindgen_test;

macro_rules! tests {
    ($($name:ident => $case:path,)*) => {
        $(#[wasm_bindgen_test]
        fn $name() {
            $case();
        })*
    };
}

freehold_suite::for_each_case!(tests);
#[cfg(feature = "collections")]
freehold_suite::for_each_allocator_case!(tests);
