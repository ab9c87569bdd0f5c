//! Emscripten: in a Debian of its own, a folder under `target/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::command::{Out, Task};
use crate::need::debian;
use crate::tools::Tools;

/// Which Emscripten.
#[derive(Clone, Copy, PartialEq)]
pub enum Version {
    /// 3.1.69, which Debian 13 has for good.
    Stable,
    /// What Debian's unstable has today.
    Latest,
}

impl Version {
    pub const ALL: &[Version] = &[Version::Stable, Version::Latest];

    pub fn name(self) -> &'static str {
        match self {
            Version::Stable => "3.1.69",
            Version::Latest => "latest",
        }
    }

    /// The release of Debian that has it.
    fn debian(self) -> &'static str {
        match self {
            Version::Stable => "trixie",
            Version::Latest => "sid",
        }
    }

    /// Where that Debian is, once it is installed.
    fn root(self, tools: &Tools) -> PathBuf {
        tools.tools_dir().join(match self {
            Version::Stable => "emscripten",
            Version::Latest => "emscripten-latest",
        })
    }

    /// What `emcc --version` must say.
    fn said(self) -> &'static str {
        match self {
            Version::Stable => "3.1.69",
            Version::Latest => "Emscripten",
        }
    }
}

/// All of the Debian that has it is unpacked into a folder of ours: two minutes and 3 GB.
pub fn install(version: Version, tools: &Tools, out: &Out) -> Result<()> {
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let root = version.root(tools);
    let works = |out: &Out| {
        let said = task(version, tools, tools.target_dir()).args("emcc --version").read(out).unwrap_or_default();
        said.contains(version.said())
    };
    if works(out) {
        return Ok(());
    }
    debian(tools, "debootstrap", out, |tools| {
        tools.program(Path::new("debootstrap")).args("--version").read(&Out::Terminal).map(drop)
    })?;
    let user = tools.program(Path::new("id")).args("-u").read(out)?;
    ensure!(user.trim() == "0", "only root can install Emscripten: it comes in a Debian of its own");
    out.say(&format!("installing Emscripten, {} (two minutes, once)", version.name()));
    // What is left of an installation that broke off.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let apt = tools.program(Path::new("apt-get")).args("indextargets --format $(REPO_URI)");
    let mirrors = apt.arg("Origin: Debian").arg("Component: main").read(out)?;
    let mirror = mirrors.lines().next().context("apt has no Debian")?;
    let debootstrap = tools.program(Path::new("debootstrap")).args("--variant=minbase --include=ca-certificates");
    debootstrap.arg(format!("--keyring={KEYRING}")).arg(version.debian()).arg(&root).arg(mirror).run(out)?;
    let apt = |words: &str| {
        // A mirror may be a few days behind what it says of itself.
        let apt = "env DEBIAN_FRONTEND=noninteractive apt-get --yes -o Acquire::Check-Valid-Until=false";
        task(version, tools, tools.target_dir()).args(apt).args(words).run(out)
    };
    apt("update")?;
    apt("install --no-install-recommends emscripten")?;
    ensure!(works(out), "this is not Emscripten, {}", version.name());
    Ok(())
}

/// A command in the Debian that has Emscripten, in `folder`, which is mounted there; so are the system's own.
pub fn task(version: Version, tools: &Tools, folder: &Path) -> Task {
    const ENTER: &str = "mkdir -p \"$0/work\" && mount --bind \"$1\" \"$0/work\" && mount -t proc proc \"$0/proc\" \
                         && mount --rbind /dev \"$0/dev\" && root=$0 && shift && exec chroot \"$root\" sh -c 'cd /work && \"$@\"' - \"$@\"";
    // Mounted for this command only.
    let unshare = tools.program(Path::new("unshare")).args("--mount sh -c").arg(ENTER);
    unshare.arg(version.root(tools)).arg(folder)
}
