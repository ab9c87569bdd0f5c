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
    vec![linted(), linted_by_nightly(), says_what_is_missing(), says_what_to_make()]
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

/// Who asks for memory of its own accord, where there is none, is told what to make: for each thing that can be asked for so.
fn says_what_to_make() -> Step {
    const SAYS: &str = "note: make a ledger, `static LEDGER: Ledger<Region>";
    Step::new("bare metal says what to make", |tools, out| {
        let check =
            tools.cargo(Toolchain::Current)?.args("check -p freehold-interrupts --example without_memory --target");
        ensure!(check.arg(WITHOUT).run(out).is_err(), "memory comes from nowhere");
        let said = out.text()?;
        for asked in ["Heap<", "Arena<", "TypedArena<", "Pool<"] {
            ensure!(
                said.contains(&format!("is not implemented for `{asked}")) && said.contains(SAYS),
                "{asked}…>: no word of what to make"
            );
        }
        Ok(())
    })
    .needs([Need::Target(Toolchain::Current, WITHOUT)])
}
