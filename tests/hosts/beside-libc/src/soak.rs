//! The long random program over all heaps, beside libc's.

use freehold::Ledger;
use freehold::backing::Backing;
use freehold_soak::{Dice, Grown, Outcome, Surroundings};

use crate::libc::{exit, say};

struct BesideLibc;

impl Surroundings for BesideLibc {
    fn grow(&self) -> Grown {
        host::grow()
    }

    fn give_up(&self, outcome: &Outcome) -> ! {
        say(outcome);
        exit(1)
    }
}

/// On these ledgers, as many operations as the words say.
pub fn run<B: Backing + 'static>(ledgers: [&'static Ledger<B>; 2], operations: Option<&str>) {
    let operations = operations.and_then(|number| number.parse().ok()).expect("a number of operations");
    say(freehold_soak::run(&BesideLibc, ledgers, operations, Dice::new(0, 0)));
}

/// What runs the program.
#[cfg(target_os = "wasi")]
mod host {
    use core::ptr::{NonNull, with_exposed_provenance_mut};

    use freehold_soak::{Grown, PAGE};

    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        /// The page's number, or -1.
        #[link_name = "grow"]
        safe fn host_grow(pages: usize) -> usize;
    }

    pub fn grow() -> Grown {
        match host_grow(1) {
            usize::MAX => Grown::Refused,
            page => Grown::Kept(NonNull::new(with_exposed_provenance_mut(page * PAGE)).expect("not the null page")),
        }
    }
}

/// The page around the program. `main.c` has its function.
#[cfg(target_os = "emscripten")]
mod host {
    use freehold_soak::Grown;

    unsafe extern "C" {
        /// The page's number, or -1.
        safe fn host_grow(pages: usize) -> usize;
    }

    pub fn grow() -> Grown {
        if host_grow(1) == usize::MAX { Grown::Refused } else { Grown::Libcs }
    }
}
