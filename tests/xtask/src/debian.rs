//! Debian's packages.

use std::env;
use std::path::Path;

use anyhow::Result;

use crate::command::Out;
use crate::tools::Tools;

/// In CI the machine is ours, and nothing may be left out.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|ci| ci == "true")
}

/// What `find` finds, or is installed from Debian's packages; but only in CI.
pub fn debian(tools: &Tools, packages: &str, out: &Out, find: impl Fn(&Tools) -> Result<()>) -> Result<()> {
    let Err(missing) = find(tools) else {
        return Ok(());
    };
    if !in_ci() {
        return Err(missing.context(format!("on Debian, `apt-get install {packages}` gets it")));
    }
    out.say(&format!("installing {packages}"));
    // Somebody else may be installing something.
    let apt = || {
        let apt = tools.program(Path::new("apt-get")).env("DEBIAN_FRONTEND", "noninteractive");
        apt.args("--option DPkg::Lock::Timeout=300 --option Acquire::Retries=5 --yes")
    };
    apt().args("update").run(out)?;
    // What else is installed stays: if a package is in the way, it is not for us to remove.
    apt().args("install --no-install-recommends --no-remove").args(packages).run(out)?;
    find(tools)
}
