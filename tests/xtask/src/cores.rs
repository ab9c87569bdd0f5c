//! Cores without an operating system: the crate is built for each, with a lock or without.

use anyhow::ensure;

use crate::need::Need;
use crate::step::Step;
use crate::tools::{Toolchain, Tools};

/// From the one without any atomic instruction to the one with all of them. (`thumbv8m.base` is below: not every mirror has its core.)
const CORES: &[&str] = &[
    "riscv32i-unknown-none-elf",
    "riscv32imc-unknown-none-elf",
    "thumbv6m-none-eabi",
    "riscv32imac-unknown-none-elf",
    "thumbv7em-none-eabihf",
    "aarch64-unknown-none",
];

/// Without compare-and-swap.
const WITHOUT: &str = "thumbv6m-none-eabi";

/// One whose core is built here, which a nightly Rust does.
const BUILT_HERE: &str = "thumbv8m.base-none-eabi";

/// The features that it is built with on each.
const FEATURES: &[&str] = &["", "--features critical-section", "--features alloc", "--all-features"];

/// These checks.
pub fn steps() -> Vec<Step> {
    vec![linted(), linted_by_nightly(), says_what_is_missing()]
}

fn linted() -> Step {
    let on: Vec<_> = CORES.iter().map(|core| format!("--target {core}")).collect();
    let on = on.join(" ");
    Step::cargo(
        "clippy cores",
        FEATURES.iter().map(|features| format!("clippy -p freehold {on} {features} -- -D warnings")),
    )
    .needs([Need::Component(Toolchain::Current, "clippy")])
    .needs(CORES.iter().map(|core| Need::Target(Toolchain::Current, core)))
}

fn linted_by_nightly() -> Step {
    Step::new(format!("clippy {BUILT_HERE}"), |tools, out| {
        FEATURES.iter().try_for_each(|features| {
            let cargo = tools.cargo(Toolchain::Nightly)?.args("clippy -p freehold -Zbuild-std=core,alloc");
            cargo.args("--target").arg(BUILT_HERE).args(features).args("-- -D warnings").run(out)
        })
    })
    .needs([Need::Component(Toolchain::Nightly, "clippy"), Need::Component(Toolchain::Nightly, "rust-src")])
}

/// What needs sharing doesn't compile where nothing can be shared, and says which feature it takes; with that it does.
fn says_what_is_missing() -> Step {
    const SAYS: &str = "turn on freehold's feature `critical-section`";
    let check = |tools: &Tools, features: &str| -> anyhow::Result<_> {
        let cargo = tools.cargo(Toolchain::Current)?.args("check -p freehold --example region --target").arg(WITHOUT);
        Ok(cargo.args(features))
    };
    Step::new("h34 no compare-and-swap", move |tools, out| {
        ensure!(check(tools, "")?.run(out).is_err(), "what is shared without a lock compiles");
        ensure!(out.text()?.contains(SAYS), "it does not say {SAYS:?}");
        check(tools, "--features critical-section")?.run(out)
    })
    .needs([Need::Target(Toolchain::Current, WITHOUT)])
}
