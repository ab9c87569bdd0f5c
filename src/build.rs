//! What the crate must know that cargo has no word for: whether the compiler takes `#![feature(…)]`, which sanitizers the program is built
//! with, whether it is to be small, whether there is any lock for what is shared, and whether the linker is told how large pages are. A
//! package that is built on stable for speed, without a sanitizer, for a core with compare-and-swap and for pages as they usually are, gets
//! nothing from here.

use std::env;
use std::process::Command;

/// The feature behind which core keeps its trait `Allocator`.
const GATE: &str = "allocator_api";

fn main() {
    // Nothing else is looked at but what cargo itself watches: the compiler and its flags.
    println!("cargo::rerun-if-env-changed=RUSTC_BOOTSTRAP");
    for (name, set) in [
        ("freehold_allocator_api", takes_features() && allows(GATE)),
        ("freehold_asan", sanitized(&["address"])),
        // LeakSanitizer is a part of AddressSanitizer.
        ("freehold_lsan", sanitized(&["address", "leak"])),
        ("freehold_no_lock", !has_compare_and_swap() && env::var_os("CARGO_FEATURE_CRITICAL_SECTION").is_none()),
        // What is inlined then is larger than the call.
        ("freehold_for_size", env::var("OPT_LEVEL").is_ok_and(|level| level == "s" || level == "z")),
        // Who tells the linker by other ways sets this by hand: `--cfg freehold_page_size`.
        ("freehold_page_size", flags().any(|flag| flag.contains("--page-size"))),
    ] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if set {
            println!("cargo::rustc-cfg={name}");
        }
    }
}

/// Whether the compiler takes unstable features: a nightly does, one that was built from source, and any that is told to.
fn takes_features() -> bool {
    match env::var("RUSTC_BOOTSTRAP").as_deref() {
        Ok("-1") => return false,
        Ok("1") => return true,
        // The crates for which it does.
        Ok(crates) if crates.split(',').any(|name| name == own_name()) => return true,
        _ => {}
    }
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    version.is_ok_and(|version| {
        let said = String::from_utf8_lossy(&version.stdout).into_owned();
        said.split_whitespace().nth(1).is_some_and(|number| number.ends_with("-nightly") || number.ends_with("-dev"))
    })
}

/// The crate's name, as the compiler knows it.
fn own_name() -> String {
    env::var("CARGO_PKG_NAME").unwrap_or_default().replace('-', "_")
}

/// Whether this feature is among those that the flags leave, where they leave only some: `-Zallow-features`.
fn allows(feature: &str) -> bool {
    let lists = flags().filter_map(|flag| Some(flag.strip_prefix("-Zallow-features=")?.to_owned()));
    // The last one counts.
    lists.last().is_none_or(|list| list.split(',').any(|name| name == feature))
}

/// The compiler's flags, each in one word.
fn flags() -> impl Iterator<Item = String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // `-Z` may be a word of its own.
    flags.replace("-Z\x1f", "-Z").split('\x1f').map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Whether the core has what a spin lock is made of; cargo has it from the compiler, for the target.
fn has_compare_and_swap() -> bool {
    let widths = env::var("CARGO_CFG_TARGET_HAS_ATOMIC").unwrap_or_default();
    widths.split(',').any(|width| width == "ptr")
}

/// Whether the program is built with one of these sanitizers; cargo has it from the compiler, for the target.
fn sanitized(by: &[&str]) -> bool {
    let sanitizers = env::var("CARGO_CFG_SANITIZE").unwrap_or_default();
    sanitizers.split(',').any(|sanitizer| by.contains(&sanitizer))
}
