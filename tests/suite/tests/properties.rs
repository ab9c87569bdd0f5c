//! The shadow model's programs, drawn and shrunk by proptest.

#![cfg(not(target_family = "wasm"))]

use std::collections::HashMap;

use freehold::{DefaultBacking, KeyedPool, Ledger};
use freehold_suite::backings::Manner;
use freehold_suite::model;
use freehold_suite::modelled::on_simulated;
use proptest::collection::vec;
use proptest::prelude::*;

const CASES: u32 = if cfg!(miri) { 2 } else { 64 };
const LONGEST: usize = if cfg!(miri) { 40 } else { 400 };

fn config() -> ProptestConfig {
    // A failing program is printed; nothing is written beside the sources.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) }
}

proptest! {
    #![proptest_config(config())]

    /// Any program on the host's own pages.
    #[test]
    fn programs_on_pages(program in vec(any::<u32>(), 0..LONGEST)) {
        model::run(&Ledger::new(DefaultBacking::new()), &mut program.iter());
    }

    /// Any program on any kind of backing, with any one claim refused.
    #[test]
    fn programs_with_a_refusal(
        program in vec(any::<u32>(), 0..LONGEST),
        manner in prop_oneof![
            Just(Manner::Exact), Just(Manner::Odd), Just(Manner::Islands), Just(Manner::Loans), Just(Manner::Lots), (64usize..5000).prop_map(Manner::Steps),
        ],
        gap in 64usize..3000,
        refuse in 0usize..30,
    ) {
        on_simulated(manner, gap, refuse, &mut program.iter());
    }

    /// Any program of a pool of values.
    #[test]
    fn programs_of_pools(program in vec(any::<u32>(), 0..LONGEST)) {
        model::pool_of_values(&Ledger::new(DefaultBacking::new()), &mut program.iter());
    }
    /// A keyed pool is a map whose keys are never used again: every key there ever was finds what a map finds.
    #[test]
    fn keyed_pools_are_maps(program in vec((0u8..8, any::<prop::sample::Index>()), 0..LONGEST)) {
        let ledger = Ledger::new(DefaultBacking::new());
        let (mut pool, mut map, mut keys) = (KeyedPool::new_in(&ledger, "keyed"), HashMap::new(), Vec::new());
        for (number, (what, which)) in program.into_iter().enumerate() {
            match what {
                0..4 => {
                    let key = pool.insert(number);
                    prop_assert_eq!(map.insert(key, number), None, "a key came back");
                    keys.push(key);
                }
                4..7 if !keys.is_empty() => {
                    let key = which.get(&keys);
                    prop_assert_eq!(pool.remove(*key), map.remove(key));
                }
                _ if which.index(20) == 0 => {
                    pool.clear();
                    map.clear();
                }
                _ => {
                    for (_, value) in &mut pool {
                        *value += 1000;
                    }
                    map.values_mut().for_each(|value| *value += 1000);
                }
            }
            prop_assert!(keys.iter().all(|key| pool.get(*key) == map.get(key)));
            prop_assert_eq!(pool.iter().map(|(key, value)| (key, *value)).collect::<HashMap<_, _>>(), map.clone());
            prop_assert!(pool.len() == map.len() && pool.capacity() >= map.len());
        }
    }
}
