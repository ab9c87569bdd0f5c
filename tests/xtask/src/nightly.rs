//! What only a nightly compiler can do.

use crate::need::Need;
use crate::steps::Step;
use crate::tools::Toolchain;

/// These checks.
pub fn steps() -> Vec<Step> {
    vec![std_allocator()]
}

/// Anything in a program may turn on allocator-api2's feature `nightly`, which makes its `Allocator` std's own; or nothing does.
/// Neither warns.
fn std_allocator() -> Step {
    const MANIFEST: &str = "tests/hosts/std-allocator/Cargo.toml";
    Step::new("hosts: std's allocator", |tools, out| {
        ["", "--features nightly"].into_iter().try_for_each(|features| {
            let cargo = tools.cargo(Toolchain::Nightly)?.args("run --locked --manifest-path").arg(MANIFEST);
            let cargo = cargo.args(features).arg("--target-dir").arg(tools.target_dir().join("std-allocator"));
            cargo.env("RUSTFLAGS", "-Dwarnings").run(out)
        })
    })
    .needs([Need::Nightly])
}
