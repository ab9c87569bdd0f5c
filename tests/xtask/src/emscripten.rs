//! Emscripten: in a Debian of its own, a folder under `target/`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};

use crate::command::{Out, Task};
use crate::debian::{debian, in_ci};
use crate::tools::{Toolchain, Tools};

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

    fn works(self, tools: &Tools, out: &Out) -> bool {
        // Without it, what would enter it has much to say.
        if !self.root(tools).exists() {
            return false;
        }
        let said = task(self, tools, tools.target_dir()).args("emcc --version").read(out).unwrap_or_default();
        said.contains(self.said())
    }
}

/// What `cargo emscripten` takes.
#[derive(clap::Args)]
pub struct Args {
    /// The command, with its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// What runs a command there.
const ENTER: &str = "tests/xtask/src/enter.sh";
const ENTER_NAME: &str = "enter.sh";
const ENTER_TEXT: &str = include_str!("enter.sh");

/// Checks that it is there, or can be installed if somebody asked for it.
pub fn look(version: Version, tools: &Tools) -> Result<()> {
    if version.works(tools, &Out::Terminal) {
        return Ok(());
    }
    let name = version.name();
    ensure!(
        version == Version::Latest,
        "no Emscripten {name}; `cargo verify --all-hosts` installs it under `target/`, 2.5 GB, if root runs it"
    );
    can_be_installed(version, tools, &Out::Terminal)
}

/// All that is needed to install it.
fn can_be_installed(version: Version, tools: &Tools, out: &Out) -> Result<()> {
    let name = version.name();
    let user = tools.program(Path::new("id")).args("-u").read(out)?;
    ensure!(
        user.trim() == "0",
        "only root can install Emscripten {name}, in a Debian of its own, and enter it; or have an `emcc` of yours in the PATH: \
         https://emscripten.org/docs/getting_started/downloads.html"
    );
    debian(tools, "debootstrap", out, |tools| {
        tools.program(Path::new("debootstrap")).args("--version").read(&Out::Terminal).map(drop)
    })
}

/// Checks that it is there. It is large, so it is installed only in CI, or when somebody asks for it.
pub fn meet(version: Version, tools: &Tools, out: &Out) -> Result<()> {
    // Only `--all-hosts` asks for the latest.
    if in_ci() || version == Version::Latest {
        return install(version, tools, out);
    }
    look(version, tools)
}

/// All of the Debian that has it is unpacked into a folder of ours: two minutes and 2.5 GB.
pub fn install(version: Version, tools: &Tools, out: &Out) -> Result<()> {
    if version.works(tools, out) {
        return Ok(());
    }
    let name = version.name();
    can_be_installed(version, tools, out)?;
    out.say(&format!("installing Emscripten, {name} (two minutes, once)"));
    let mirror = mirror(tools, out)?;
    let mut left = 2;
    while let Err(error) = unpack(version, tools, &mirror, out) {
        ensure!(left > 0, error.context(format!("cannot install Emscripten, {name}, from {mirror}")));
        left -= 1;
        // A mirror may be out of breath.
        out.say(&format!("{error:#}; once more in 20 s"));
        thread::sleep(Duration::from_secs(20));
    }
    ensure!(version.works(tools, out), "this is not Emscripten, {name}");
    Ok(())
}

/// The mirror of Debian that this machine's own packages come from.
fn mirror(tools: &Tools, out: &Out) -> Result<String> {
    let first = || {
        let apt = tools.program(Path::new("apt-get")).args("indextargets --format $(REPO_URI)");
        let mirrors = apt.arg("Origin: Debian").arg("Component: main").read(out)?;
        anyhow::Ok(mirrors.lines().next().map(str::to_owned))
    };
    if let Some(mirror) = first()? {
        return Ok(mirror);
    }
    // It knows only of what it has looked at.
    tools.program(Path::new("apt-get")).args("update").run(out)?;
    first()?.context("this machine's packages come from no mirror of Debian")
}

/// Unpacks that Debian.
fn unpack(version: Version, tools: &Tools, mirror: &str, out: &Out) -> Result<()> {
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let root = version.root(tools);
    // What is left of an installation that broke off.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let debootstrap = tools.program(Path::new("debootstrap")).args("--variant=minbase --include=ca-certificates");
    debootstrap.arg(format!("--keyring={KEYRING}")).arg(version.debian()).arg(&root).arg(mirror).run(out)?;
    apt(version, "emscripten", tools, out)
}

/// Installs a package there.
fn apt(version: Version, package: &str, tools: &Tools, out: &Out) -> Result<()> {
    // A mirror may be some days behind what it says of itself. And what breaks off begins anew: no need to wait for the disk after each file.
    const APT: &str = "env DEBIAN_FRONTEND=noninteractive apt-get --yes --no-install-recommends \
                       --option Acquire::Retries=5 --option Acquire::Check-Valid-Until=false \
                       --option DPkg::Options::=--force-unsafe-io";
    let apt = || task(version, tools, tools.target_dir()).args(APT);
    apt().args("update").run(out)?;
    apt().args("install").arg(package).run(out)?;
    apt().args("clean").run(out)
}

/// Has a program be there as it is to be for those who have [`path`], if it is in the Debian with 3.1.69.
pub fn offer_again(program: &str, tools: &Tools, out: &Out) -> Result<()> {
    if !Version::Stable.root(tools).join("usr/bin").join(program).exists() {
        return Ok(());
    }
    offer(program, tools, out)
}

/// Another program of the Debian with 3.1.69, and its package, for those who have [`path`].
pub fn add(program: &str, package: &str, tools: &Tools, out: &Out) -> Result<()> {
    install(Version::Stable, tools, out)?;
    out.say(&format!("installing {package} there"));
    apt(Version::Stable, package, tools, out)?;
    offer(program, tools, out)
}

/// A command in the Debian that has Emscripten, run in `folder`.
pub fn task(version: Version, tools: &Tools, folder: &Path) -> Task {
    enter(version, tools).into_iter().fold(Task::new("unshare", folder), Task::arg).arg("--")
}

/// What `unshare` is called with, up to what the command may see.
fn enter(version: Version, tools: &Tools) -> Vec<PathBuf> {
    let [root, target] = [tools.root(), tools.target_dir()].map(Path::to_owned);
    // One of the others may be in the first.
    vec!["--mount".into(), "sh".into(), root.join(ENTER), version.root(tools), env::temp_dir(), root, target]
}

/// `cargo emscripten`: installs it, and runs a command that may call `emcc`.
pub fn run(args: &Args) -> Result<ExitCode> {
    let (tools, out) = (Tools::find()?, Out::Terminal);
    install(Version::Stable, &tools, &out)?;
    offer("emcc", &tools, &out)?;
    let (program, words) = args.command.split_first().context("no command")?;
    let task = words.iter().fold(Task::new(program, &env::current_dir()?), Task::arg);
    Ok(if task.env("PATH", path(&tools)?).status(&out)?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where programs are looked for, those of the Debian with 3.1.69 first that were offered.
pub fn path(tools: &Tools) -> Result<OsString> {
    let others = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([offered(tools)].into_iter().chain(env::split_paths(&others)))?)
}

fn offered(tools: &Tools) -> PathBuf {
    Version::Stable.root(tools).with_extension("bin")
}

/// A program of the Debian with 3.1.69 for anyone who calls it by its name, Rust as well. It finds that Debian beside itself, and what it may see
/// where it is called: so it serves whoever has this folder of tools, also once the repository has moved.
fn offer(program: &str, tools: &Tools, out: &Out) -> Result<()> {
    let folder = offered(tools);
    fs::create_dir_all(&folder)?;
    put(&folder.join(ENTER_NAME), ENTER_TEXT, tools, out)?;
    // Rust names its own files to those that link.
    put(&folder.join(program), &offering(program, &tools.sysroot(Toolchain::Current, out)?), tools, out)
}

/// What runs a program of that Debian, from the folder beside it.
fn offering(program: &str, sysroot: &Path) -> String {
    let sysroot = sysroot.display().to_string().replace('\'', r"'\''");
    format!(
        r#"#!/bin/sh
# Written by `cargo verify` or `cargo emscripten`. The repository is where `.git` is, at or above the current folder.
tools=$(CDPATH= cd "$(dirname "$0")/.." && pwd)
repository=$PWD
until [ -e "$repository/.git" ] || [ "$repository" = / ]; do
    repository=$(dirname "$repository")
done
[ "$repository" != / ] || repository=$PWD
exec unshare --mount sh "$tools/emscripten.bin/{ENTER_NAME}" "$tools/emscripten" \
    "${{TMPDIR:-/tmp}}" "$repository" "$(dirname "$tools")" '{sysroot}' -- {program} "$@"
"#
    )
}

/// Has a file be there that can be run, as it is to be. Others may be running it, so it is changed whole, and only if it differs.
fn put(file: &Path, text: &str, tools: &Tools, out: &Out) -> Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let fresh = file.with_extension("new");
    fs::write(&fresh, text)?;
    tools.program(Path::new("chmod")).arg("+x").arg(&fresh).run(out)?;
    fs::rename(fresh, file).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    /// What is offered names nothing of the repository that offered it: moved with its folder, and called from another repository, it enters the
    /// Debian beside it and shows it that one.
    #[test]
    fn what_is_offered_is_found_from_where_it_lies() {
        let tools = Tools::find().unwrap();
        let place = env::temp_dir().canonicalize().unwrap().join(format!("freehold-offered-{}", std::process::id()));
        let (first, then) = (place.join("first"), place.join("it's then"));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(first.join("tools/emscripten.bin")).unwrap();
        let bin = first.join("tools/emscripten.bin");
        let says = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n";
        put(&bin.join("unshare"), says, &tools, &Out::Terminal).unwrap();
        put(&bin.join("emcc"), &offering("emcc", Path::new("/ru'st")), &tools, &Out::Terminal).unwrap();
        fs::rename(&first, &then).unwrap();
        let there = place.join("other");
        fs::create_dir_all(there.join(".git")).unwrap();
        fs::create_dir_all(there.join("sub")).unwrap();
        let bin = then.join("tools/emscripten.bin");
        let path = env::join_paths([bin.clone()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())));
        let mut emcc = Command::new(bin.join("emcc"));
        emcc.env("PATH", path.unwrap()).env("TMPDIR", "/temporary").current_dir(there.join("sub"));
        let said = emcc.args(["-o", "a b"]).output().unwrap();
        let seen = [
            "--mount".into(),
            "sh".into(),
            bin.join("enter.sh"),
            then.join("tools/emscripten"),
            "/temporary".into(),
            there,
            then.clone(),
            "/ru'st".into(),
        ];
        let seen = seen.map(|path: PathBuf| path.display().to_string());
        let words: Vec<_> = seen.iter().map(String::as_str).chain(["--", "emcc", "-o", "a b"]).collect();
        assert_eq!(String::from_utf8(said.stdout).unwrap().lines().collect::<Vec<_>>(), words);
        fs::remove_dir_all(place).unwrap();
    }
}
