//! A whole program on talc, which has its memory from the ledger that an arena stands on too. Its source is asked while talc is locked: if it
//! allocated, or asked the lock, this program would stand still.

#![cfg(all(feature = "talc", not(any(target_family = "wasm", miri))))]

use std::collections::BTreeMap;
use std::thread;

use freehold::sharing::Spin;
use freehold::{Alloc, Arena, TalcSource, ledger};
use talc::TalcLock;

#[global_allocator]
// SAFETY: the source stays where it is.
static TALC: TalcLock<Spin, TalcSource> = TalcLock::new(unsafe { TalcSource::new_in(ledger(), "talc") });

#[test]
fn h05_a_program_on_talc_beside_an_arena() {
    let work = |seed: usize| {
        let arena = Arena::new();
        let mut words = BTreeMap::new();
        let mut texts = Vec::new();
        for step in 0..5000 {
            let text = format!("{:0>width$}", step * seed, width = 1 + step % 500);
            texts.push((&*arena.alloc_str(&text), step));
            words.insert(step, text);
            if step % 3 == 0 {
                words.remove(&(step / 2));
            }
        }
        for (text, step) in texts {
            assert_eq!(text, format!("{:0>width$}", step * seed, width = 1 + step % 500));
            assert!(words.get(&step).is_none_or(|word| word == text));
        }
    };
    thread::scope(|scope| {
        (1..=3).for_each(|seed| drop(scope.spawn(move || work(seed))));
    });
    let snapshot = ledger().snapshot();
    assert!(snapshot.claimed_by("talc") > 0 && snapshot.claimed_by("arena") == 0, "{snapshot}");
    assert_eq!(snapshot.claimed, snapshot.claimed_by("talc"));
}
