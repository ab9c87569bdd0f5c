//! A program with std on WASI: arenas on pages of their own, beside the heap of libc that `Vec` and `String` live in.

use std::collections::HashMap;

use freehold::{Alloc, Arena, ledger};

const ROUNDS: usize = 4;
const LEN: usize = 100_000;

/// The byte that is to be at `n` of the list or slice of this round.
fn byte(round: usize, n: usize) -> u8 {
    (round * 31 + n) as u8
}

fn main() {
    // Both grow in turns: libc's heap asks for memory, and so does the arena.
    let kept = Arena::new();
    let mut lists: Vec<Vec<u8>> = Vec::new();
    let mut slices: Vec<&[u8]> = Vec::new();
    for round in 0..ROUNDS {
        lists.push((0..LEN).map(|n| byte(round, n)).collect());
        slices.push(kept.alloc_from_iter((0..LEN).map(|n| byte(round, n))));
    }
    let whole = |bytes: &[u8], round| bytes.iter().enumerate().all(|(n, there)| *there == byte(round, n));
    assert!(lists.iter().enumerate().all(|(round, list)| whole(list, round)));
    assert!(slices.iter().enumerate().all(|(round, slice)| whole(slice, round)));
    println!(
        "{ROUNDS} lists in libc's heap and {ROUNDS} slices in an arena, {LEN} bytes each: nobody wrote over anybody"
    );

    // What a round needs lives in a scope, what stays goes to std's map.
    let mut arena = Arena::new();
    let mut lengths: HashMap<String, usize> = HashMap::new();
    let mut growths = None;
    for round in 0..10_000 {
        let scope = arena.scope();
        let words = scope.alloc_from_iter((0..20).map(|n| &*scope.alloc_fmt(format_args!("word {}", round * n % 97))));
        words.sort_unstable();
        lengths.entry(words[19].to_owned()).or_insert(words[19].len());
        growths.get_or_insert(ledger().growths());
    }
    assert_eq!(growths, Some(ledger().growths()));
    println!("10000 rounds in the memory of the first, {} words kept\n", lengths.len());

    // What no span covers is libc's, or was never asked for.
    println!("{}", ledger().snapshot());
}
