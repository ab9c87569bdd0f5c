//! A program whose allocator counts nothing is told, by every check.

#![cfg(not(target_family = "wasm"))]

use std::panic::{UnwindSafe, catch_unwind};

use freehold_testing::{Kept, at_most, count, exactly, fails_at_every_allocation, no_alloc};

#[test]
fn what_counts_nothing_is_told() {
    fn told(name: &str, check: impl FnOnce() + UnwindSafe) {
        let payload = catch_unwind(check).expect_err(name);
        let text = payload.downcast_ref::<&str>().copied().unwrap_or_default();
        assert!(text.starts_with("the program's allocator counts nothing"), "{name}: {text}");
    }
    told("no_alloc", || no_alloc(|| ()));
    told("at_most", || at_most(1, 1, || ()));
    told("exactly", || exactly("", || ()));
    told("count", || _ = count(|| ()));
    told("fails_at_every_allocation", || fails_at_every_allocation(|| ()));
    told("Kept", || Kept::at("none").exactly("none", || ()));
}
