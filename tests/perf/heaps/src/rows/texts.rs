//! Many small texts.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::random::Random;
use crate::row::Work;

/// 40,000 `String`s, formatted and added to, all kept to the end.
pub struct Strings;

/// A map from texts to texts.
pub struct Tree;

impl Work for Strings {
    const NAME: &'static str = "40,000 Strings";
    const OPERATIONS: usize = 80_000;

    #[inline(never)]
    fn run() -> u64 {
        // Twice: one alone is short for the clock.
        (0..2)
            .map(|_| strings(40_000).iter().map(|text| text.len() as u64 + u64::from(text.as_bytes()[0])).sum::<u64>())
            .sum()
    }
}

#[inline(never)]
fn strings(count: u32) -> Vec<String> {
    let text = |number: u32| {
        let mut text = format!("{number}");
        text.push_str(" and more");
        if number.is_multiple_of(3) {
            text.push_str(" and a longer tail of text");
        }
        if number.is_multiple_of(10) {
            let _ = write!(text, ", and {number} again, so that it grows once more than the others do");
        }
        text
    };
    (0..count).map(text).collect()
}

impl Work for Tree {
    const NAME: &'static str = "BTreeMap of 20,000 Strings";
    const OPERATIONS: usize = 30_000;

    #[inline(never)]
    fn run() -> u64 {
        let mut random = Random::new(99);
        let mut map = BTreeMap::new();
        for _ in 0..20_000 {
            let key = format!("key {}", random.below(50_000));
            map.insert(key, format!("a value that is somewhat longer: {}", random.below(1_000_000)));
        }
        let mut sum = map.len() as u64;
        for _ in 0..10_000 {
            if let Some(value) = map.remove(&format!("key {}", random.below(50_000))) {
                sum = sum.wrapping_mul(31).wrapping_add(u64::from(value.as_bytes()[value.len() - 1]));
            }
        }
        sum.wrapping_mul(31).wrapping_add(map.len() as u64)
    }
}
