//! A hot loop: a scope for each round, memory reserved ahead, and nothing grows any more.
//!
//! Each round parses a batch of lines into records, sorts them and writes a summary. All of it lives in one scope, so it is
//! freed by the end of the turn, without a single instruction. What a round needs is reserved before the first one: from
//! then on no memory is claimed, on wasm no `memory.grow` runs, and JavaScript's views of the memory stay attached.
//!
//! `cargo run --release --example hot_loop`

use std::time::Instant;

use freehold::{Alloc, Arena, Growth, ledger, memory_size};

/// One line of a log: `host milliseconds`. The name points into the same scope.
#[derive(Clone, Copy)]
struct Request<'s> {
    host: &'s str,
    millis: u32,
}

/// Parses, sorts, sums up. It takes an arena or a scope, whichever the caller has.
fn summary<'s>(alloc: impl Alloc<'s>, log: &str) -> &'s str {
    let requests = alloc.alloc_from_iter(log.lines().filter_map(|line| {
        let (host, millis) = line.split_once(' ')?;
        Some(Request { host: alloc.alloc_str(host), millis: millis.parse().ok()? })
    }));
    requests.sort_unstable_by_key(|request| request.millis);
    let median = requests[requests.len() / 2];
    let slowest = requests[requests.len() - 1];
    alloc.alloc_fmt(format_args!("median {} ms, slowest {} ms by {}", median.millis, slowest.millis, slowest.host))
}

fn main() {
    const ROUNDS: usize = 2_000;
    let log: String = (0..100).map(|i| format!("host-{:02} {}\n", i % 17, (i * 37) % 101)).collect();

    // The arena's own chunks would do as well; here one claim, up front, holds a whole round.
    let mut arena = Arena::new().with_growth(Growth::fixed(64 << 10));
    arena.reserve(64 << 10);
    let (growths, bytes) = (ledger().growths(), memory_size());

    let start = Instant::now();
    let mut used = 0;
    let mut characters = 0;
    for _ in 0..ROUNDS {
        let scope = arena.scope();
        let room = scope.room();
        characters += summary(&scope, &log).len();
        used = room - scope.room();
    } // nothing runs here: the next scope starts where this one did
    let took = start.elapsed();

    let first = arena.scope();
    println!("{}", summary(&first, &log));
    assert_eq!(summary(&first, &log).len() * ROUNDS, characters);
    println!("{ROUNDS} rounds of {used} bytes in {:.1} ms", took.as_secs_f64() * 1e3);

    assert_eq!(ledger().growths(), growths, "the ledger took nothing more from the host");
    assert_eq!(memory_size(), bytes, "so memory is as large as it was");
    println!("memory: {bytes} bytes before the first round and after the last; growths: {growths}");
    println!("{}", ledger().snapshot());
}
