//! Emscripten: in a Debian of its own, a folder under `target/`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};

use crate::command::{Out, Task};
use crate::need::{debian, in_ci};
use crate::tools::{Toolchain, Tools};

const VERSION: &str = "3.1.69";

/// What `cargo emscripten` takes.
#[derive(clap::Args)]
pub struct Args {
    /// The command, with its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// Runs the command after `--` in the Debian `$0`. What is before it are folders of this machine, which are seen there at their own
/// places. They are mounted for this command only.
const ENTER: &str = r#"set -e
root=$0 here=$PWD
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
done
shift
PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$here" "$@""#;

/// Checks that it is there. It is large, so it is only installed in CI, or when one asks for it.
pub fn meet(tools: &Tools, out: &Out) -> Result<()> {
    if in_ci() {
        return install(tools, out);
    }
    ensure!(works(tools, out), "no Emscripten {VERSION}; `cargo emscripten` installs it under `target/`, 2.5 GB");
    Ok(())
}

/// The version in Debian 13, which is stable: all of that is unpacked into a folder of ours, two minutes and 2.5 GB.
pub fn install(tools: &Tools, out: &Out) -> Result<()> {
    if works(tools, out) {
        return Ok(());
    }
    debian(tools, "debootstrap", out, |tools| {
        tools.program(Path::new("debootstrap")).args("--version").read(&Out::Terminal).map(drop)
    })?;
    let user = tools.program(Path::new("id")).args("-u").read(out)?;
    ensure!(user.trim() == "0", "only root can install Emscripten {VERSION}: it comes in a Debian of its own");
    out.say(&format!("installing Emscripten {VERSION} (two minutes, once)"));
    let mirror = mirror(tools, out)?;
    let mut left = 2;
    while let Err(error) = unpack(tools, &mirror, out) {
        ensure!(left > 0, error.context(format!("cannot install Emscripten {VERSION} from {mirror}")));
        left -= 1;
        // A mirror may be out of breath.
        out.say(&format!("{error:#}; once more in 20 s"));
        thread::sleep(Duration::from_secs(20));
    }
    ensure!(works(tools, out), "this is not Emscripten {VERSION}");
    Ok(())
}

fn works(tools: &Tools, out: &Out) -> bool {
    let said = task(tools, tools.target_dir()).args("emcc --version").read(out).unwrap_or_default();
    said.contains(VERSION)
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
fn unpack(tools: &Tools, mirror: &str, out: &Out) -> Result<()> {
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let root = tools.emscripten();
    // What is left of an installation that broke off.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let debootstrap = tools.program(Path::new("debootstrap")).args("--variant=minbase --include=ca-certificates");
    debootstrap.arg(format!("--keyring={KEYRING}")).arg("trixie").arg(&root).arg(mirror).run(out)?;
    let apt = |words: &str| {
        let apt = "env DEBIAN_FRONTEND=noninteractive apt-get --option Acquire::Retries=5 --yes";
        task(tools, tools.target_dir()).args(apt).args(words).run(out)
    };
    apt("update")?;
    apt("install --no-install-recommends emscripten")?;
    apt("clean")
}

/// A command in the Debian that has Emscripten, run in `folder`.
pub fn task(tools: &Tools, folder: &Path) -> Task {
    enter(tools).into_iter().fold(Task::new("unshare", folder), Task::arg).arg("--")
}

/// What `unshare` is called with, up to what the command may see.
fn enter(tools: &Tools) -> Vec<PathBuf> {
    let [root, target] = [tools.root(), tools.target_dir()].map(Path::to_owned);
    // One of the others may be in the first.
    vec!["--mount".into(), "sh".into(), "-c".into(), ENTER.into(), tools.emscripten(), env::temp_dir(), root, target]
}

/// `cargo emscripten`: installs it, and runs a command that may call `emcc`.
pub fn run(args: &Args) -> Result<ExitCode> {
    let (tools, out) = (Tools::find()?, Out::Terminal);
    install(&tools, &out)?;
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([program(&tools, &out)?].into_iter().chain(env::split_paths(&others)))?;
    let (program, words) = args.command.split_first().context("no command")?;
    let task = words.iter().fold(Task::new(program, &env::current_dir()?), Task::arg);
    Ok(if task.env("PATH", path).status(&out)?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An `emcc` for anyone who calls it by that name, Rust as well: the folder that it is in.
pub fn program(tools: &Tools, out: &Out) -> Result<PathBuf> {
    let quoted = |word: PathBuf| format!("'{}'", word.display().to_string().replace('\'', r"'\''"));
    let mut words = enter(tools);
    // Rust names its own files to those that link.
    words.push(tools.sysroot(Toolchain::Current, out)?);
    let words: Vec<_> = words.into_iter().map(quoted).collect();
    let folder = tools.emscripten().with_extension("bin");
    fs::create_dir_all(&folder)?;
    let emcc = folder.join("emcc");
    fs::write(&emcc, format!("#!/bin/sh\nexec unshare {} -- emcc \"$@\"\n", words.join(" ")))?;
    tools.program(Path::new("chmod")).arg("+x").arg(emcc).run(out)?;
    Ok(folder)
}
