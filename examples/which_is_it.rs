//! A program that leaks, one that fragments, and one that peaks once: the one line that tells them apart.
//!
//! `cargo run --example which_is_it`, or with the name of one: `-- leaks`, `-- fragments`, `-- peaks`.

use freehold::Heap;
use freehold::debug::{Rounds, Verdict};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// The bytes of a page that somebody looks at.
type Page = Vec<u8>;

/// Each request leaves its log behind.
fn leaks(rounds: &mut Rounds) {
    let mut log = Vec::with_capacity(1000);
    for request in 0..200 {
        let page: Page = vec![0; 20_000];
        log.push(format!("request {request}: {} bytes of {:?}", page.len(), &page[..40]));
        drop(page);
        rounds.note(&HEAP);
    }
}

/// Among pages that go, small notes that stay: each of them keeps what is around it apart.
fn fragments(rounds: &mut Rounds) {
    let mut notes = Vec::with_capacity(1000);
    let mut pages: Vec<Page> = Vec::with_capacity(1000);
    for _ in 0..1000 {
        pages.push(vec![0; 5000]);
        notes.push(vec![0_u8; 1200]);
    }
    drop(pages);
    for _ in 0..10 {
        let page: Page = vec![0; 4000];
        drop(page);
        rounds.note(&HEAP);
    }
}

/// Once there is much, and never again.
fn peaks(rounds: &mut Rounds) {
    for round in 0..10 {
        let pages: Vec<Page> = (0..if round == 3 { 1000 } else { 10 }).map(|_| vec![0; 5000]).collect();
        drop(pages);
        rounds.note(&HEAP);
    }
}

/// A program of so many rounds.
type Program = fn(&mut Rounds);
/// What it should come to.
type IsIt = fn(Verdict) -> bool;

fn main() {
    let wanted = std::env::args().nth(1);
    // A peak stays one for whatever comes after it, so it is the last.
    let programs: [(&str, Program, IsIt); 3] = [
        ("leaks", leaks, |verdict| matches!(verdict, Verdict::Leak { rounds: 199, .. })),
        ("fragments", fragments, |verdict| matches!(verdict, Verdict::Fragmentation { pieces: 900.., .. })),
        ("peaks", peaks, |verdict| matches!(verdict, Verdict::Peak { .. })),
    ];
    for (name, program, is_it) in
        programs.into_iter().filter(|(name, ..)| wanted.as_ref().is_none_or(|wanted| wanted == name))
    {
        let mut rounds = Rounds::new();
        program(&mut rounds);
        println!("{name}: {}", rounds.verdict());
        println!("    at the most: {}", rounds.owners_at_most());
        assert!(is_it(rounds.verdict()), "{:?}", rounds.last());
    }
}
