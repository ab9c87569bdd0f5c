//! Images for the emulated board: how they are built and run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build::{Workshop, made};
use crate::command::output;

pub const TARGET: &str = "thumbv7em-none-eabihf";
/// 256 ns for each instruction. The timer that counts them ticks every 40 ns, so it tells one from the next.
const CLOCK: &str = "shift=8";
const QEMU: &str = "qemu-system-arm";

/// The emulator.
pub struct Board {
    /// Where it is looked for.
    path: std::ffi::OsString,
    /// As it calls itself.
    pub version: String,
}

impl Board {
    /// Looks for it, also where `cargo verify` installs it.
    pub fn find(workshop: &Workshop) -> Result<Board> {
        workshop.need_target(TARGET)?;
        let others = env::var_os("PATH").unwrap_or_default();
        let path =
            env::join_paths([workshop.tools().join("emscripten.bin")].into_iter().chain(env::split_paths(&others)))?;
        let said = output(Command::new(QEMU).env("PATH", &path).arg("--version"));
        let said = said.with_context(|| format!("on Debian, `apt-get install {QEMU}` gets it"))?;
        let version =
            said.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default().to_owned();
        Ok(Board { path, version })
    }

    /// Runs an image with a word of its own, and returns its exit code and what it said.
    pub fn run(&self, image: &Path, given: usize) -> Result<(i32, String)> {
        let mut qemu = Command::new(QEMU);
        qemu.env("PATH", &self.path).args(["-machine", "mps2-an386", "-cpu", "cortex-m4", "-nographic"]);
        qemu.args(["-semihosting-config", "enable=on,target=native", "-icount", CLOCK]);
        qemu.arg("-device").arg(format!("loader,addr=0x203ff000,data={given},data-len=4"));
        let done = qemu.arg("-kernel").arg(image).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        let code = done.status.code().context("the emulator was stopped")?;
        Ok((code, String::from_utf8(done.stdout)?))
    }

    /// The same, which must end well.
    pub fn say(&self, image: &Path) -> Result<String> {
        match self.run(image, 0)? {
            (0, said) => Ok(said),
            (code, said) => bail!("{} ended with {code}: {said}", image.display()),
        }
    }
}

/// Builds an image with these features, and keeps it: the next one is built in the same place.
pub fn build(workshop: &Workshop, package: &str, profile: &str, features: &str) -> Result<PathBuf> {
    let mut cargo = workshop.cargo();
    cargo.args(["build", "--quiet", "--package", package, "--profile", profile, "--target", TARGET]);
    cargo.args(["--message-format", "json-render-diagnostics", "--features", features]);
    let made = made(cargo, package)?;
    let image = made.iter().find(|path| path.file_name().is_some_and(|name| name == package));
    let kept = workshop.scratch().join("embedded");
    fs::create_dir_all(&kept)?;
    let kept = kept.join(format!("{package}-{}", features.replace(',', "-")));
    fs::copy(image.context("cargo made no image")?, &kept)?;
    Ok(kept)
}
