//! A backing of your own: external RAM in banks that are switched on only when somebody needs them.
//!
//! A backing is one method that hands out bytes which nobody had. All else is the ledger's: it reuses what was given back,
//! so the banks are asked for rarely, and refuses a grant that overlaps an earlier one.
//!
//! `cargo run --example own_backing`

use std::ptr::NonNull;

use freehold::backing::{Backing, Grant, Request, Span};
use freehold::{Alloc, Arena, Ledger, Obstacle, Pool};

const BANK: usize = 32 << 10;

/// One bank, as the simulation has it: banks begin at round addresses, so nothing is lost where two of them touch.
#[derive(Clone)]
#[repr(align(0x8000))]
struct Bank(#[allow(dead_code)] [u8; BANK]);

/// Banks that lie one after another in the address space.
struct Banks {
    /// The first bank that is still off.
    next: NonNull<u8>,
    /// How many are still off.
    off: usize,
}

// SAFETY: the banks are memory that this value alone hands out, and bound to no thread.
unsafe impl Send for Banks {}

// SAFETY: each bank goes out once, in order, and stays on; all of them may be reached through one pointer, so grants that
// touch may be merged. On `Err` nothing was switched on. It knows no ledger and does not panic.
unsafe impl Backing for Banks {
    fn name(&self) -> &'static str {
        "external RAM"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        // The ledger says how much it needs at this address: less where the grant continues what it has free.
        let banks = request.at(self.next.addr().get())?.liked.div_ceil(BANK);
        let left =
            self.off.checked_sub(banks).ok_or(Obstacle::Exhausted { backing: self.name(), left: self.off * BANK })?;
        println!("  (switching {banks} of {} banks on)", self.off);
        // SAFETY: the banks from `next` on were off until now, so nobody has them, and there are as many.
        let span = unsafe { Span::new(self.next, banks * BANK) };
        // SAFETY: at most one past the last bank.
        self.next = unsafe { self.next.add(banks * BANK) };
        self.off = left;
        Ok(Grant::linear(span))
    }
}

impl Banks {
    /// On a board: an address from the manual. Here the host plays the RAM, for as long as the program runs.
    fn simulated(count: usize) -> Banks {
        let memory = vec![Bank([0; BANK]); count].leak();
        Banks { next: NonNull::from(memory).cast(), off: count }
    }
}

fn main() {
    let ledger = Ledger::new(Banks::simulated(4));

    println!("a pool of a few blocks:");
    let pool = Pool::new_in(&ledger, "messages");
    let messages: Vec<_> = (0..10u64).map(|n| pool.alloc([n; 32])).collect();
    assert_eq!(ledger.growths(), 1);

    println!("an arena with an image of 50,000 bytes:");
    let mut arena = Arena::new_in(&ledger, "image");
    let image = arena.alloc_slice_fill(50_000, 0x7Fu8);
    assert_eq!((image[49_999], messages[9][31]), (0x7F, 9));
    assert_eq!(ledger.growths(), 2);

    println!("the same again, after a reset: no bank more");
    arena.reset();
    arena.alloc_slice_fill(50_000, 0u8);
    assert_eq!(ledger.growths(), 2);

    println!("more than there is:");
    let error = arena.try_alloc_uninit_slice::<u8>(200_000).expect_err("four banks are 131,072 bytes");
    println!("  {error}");
    assert!(matches!(error.obstacle, Obstacle::Exhausted { backing: "external RAM", .. }));
    println!("{}", ledger.snapshot());
}
