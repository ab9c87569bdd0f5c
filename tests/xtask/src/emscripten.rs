//! Emscripten: in a Debian of its own, a folder under `target/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::command::{Out, Task};
use crate::need::debian;
use crate::tools::Tools;

/// The version in Debian 13, which is stable: all of that is unpacked into a folder of ours, two minutes and 3 GB.
pub fn install(tools: &Tools, out: &Out) -> Result<()> {
    const VERSION: &str = "3.1.69";
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let root = tools.emscripten();
    let works = |out: &Out| {
        let said = task(tools, tools.target_dir()).args("emcc --version").read(out).unwrap_or_default();
        said.contains(VERSION)
    };
    if works(out) {
        return Ok(());
    }
    debian(tools, "debootstrap", out, |tools| {
        tools.program(Path::new("debootstrap")).args("--version").read(&Out::Terminal).map(drop)
    })?;
    let user = tools.program(Path::new("id")).args("-u").read(out)?;
    ensure!(user.trim() == "0", "only root can install Emscripten {VERSION}: it comes in a Debian of its own");
    out.say(&format!("installing Emscripten {VERSION} (two minutes, once)"));
    // What is left of an installation that broke off.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let apt = tools.program(Path::new("apt-get")).args("indextargets --format $(REPO_URI)");
    let mirrors = apt.arg("Origin: Debian").arg("Component: main").read(out)?;
    let mirror = mirrors.lines().next().context("apt has no Debian")?;
    let debootstrap = tools.program(Path::new("debootstrap")).args("--variant=minbase --include=ca-certificates");
    debootstrap.arg(format!("--keyring={KEYRING}")).arg("trixie").arg(&root).arg(mirror).run(out)?;
    let apt = |words: &str| {
        task(tools, tools.target_dir()).args("env DEBIAN_FRONTEND=noninteractive apt-get --yes").args(words).run(out)
    };
    apt("update")?;
    apt("install --no-install-recommends emscripten")?;
    ensure!(works(out), "this is not Emscripten {VERSION}");
    Ok(())
}

/// A command in the Debian that has Emscripten, in `folder`, which is mounted there; so are the system's own.
pub fn task(tools: &Tools, folder: &Path) -> Task {
    const ENTER: &str = "mkdir -p \"$0/work\" && mount --bind \"$1\" \"$0/work\" && mount -t proc proc \"$0/proc\" \
                         && mount --rbind /dev \"$0/dev\" && root=$0 && shift && exec chroot \"$root\" sh -c 'cd /work && \"$@\"' - \"$@\"";
    // Mounted for this command only.
    let unshare = tools.program(Path::new("unshare")).args("--mount sh -c").arg(ENTER);
    unshare.arg(tools.emscripten()).arg(folder)
}
