//! What a job cannot do without, and how to get it.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::semver::Version;

use crate::command::Out;
use crate::debian::{debian, in_ci};
use crate::emscripten;
use crate::npm::{BINARYEN, Npm};
use crate::pip::Pip;
use crate::tools::{FUZZER, TEST_RUNNER, Toolchain, Tools};

const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// One thing that must be there first.
#[derive(Clone, Copy, PartialEq)]
pub enum Need {
    /// Rust's standard library for a target.
    Target(Toolchain, &'static str),
    /// A component of Rust: `clippy`, `rustfmt`, `miri`, `rust-src`.
    Component(Toolchain, &'static str),
    /// A package of this workspace.
    Member(&'static str),
    /// A nightly Rust.
    Nightly,
    /// Miri's own standard library for a target, or for the host.
    Sysroot(&'static str),
    /// node.
    Node,
    /// A C compiler for the host, and what comes with it.
    Cc,
    /// A C++ compiler for the host.
    Cxx,
    /// A C compiler and a linker for wasm.
    Clang,
    /// The programs that run wasm-bindgen tests in node, and write the script of a wasm-bindgen module.
    WasmBindgen,
    /// `wasm-opt`, as a package of node's.
    WasmOpt,
    /// Another package of node's.
    Npm(Npm),
    /// A browser without a window.
    Chromium,
    /// The page that opens DHAT's files.
    DhView,
    /// cargo-fuzz.
    Fuzzer,
    /// A package of Python's.
    Pip(Pip),
    /// clang for WASI, and the libc that Debian 12 has with it.
    WasiClang,
    /// What finds the line of a place in a module.
    Symbolizer,
    /// An emulator of boards, by its name.
    Qemu(&'static str),
    /// Emscripten, in a Debian of its own.
    Emscripten(emscripten::Version),
}

/// Checks that all of this is there, before anything is built: the error names all that is not. What we can install is installed then.
pub fn meet_all(needs: &[Need], tools: &Tools, out: &Out) -> Result<()> {
    let once = needs.iter().enumerate().filter(|(at, need)| !needs[..*at].contains(need)).map(|(_, need)| need);
    let lacks: Vec<_> = once.filter_map(|need| need.look(tools).err()).map(|lack| format!("{lack:#}")).collect();
    ensure!(lacks.is_empty(), "missing:\n{}", lacks.join("\n"));
    needs.iter().try_for_each(|need| need.meet(tools, out))
}

impl Need {
    /// Looks for what only the user can install, as most things are that are not Rust's. The error is what is missing, and how to get it.
    pub fn look(self, tools: &Tools) -> Result<()> {
        match self {
            Self::Target(on, _) | Self::Component(on, _) if on == Toolchain::Nightly => Self::Nightly.look(tools),
            Self::Sysroot(_) => Self::Nightly.look(tools),
            Self::Target(..) | Self::Component(..) | Self::WasmBindgen | Self::Fuzzer => Ok(()),
            Self::Member(name) => tools.member(name).map(drop),
            Self::Nightly => tools.nightly().map(drop),
            Self::Node => node(tools),
            Self::WasmOpt => BINARYEN.look(tools),
            Self::Npm(npm) => npm.look(tools),
            Self::Pip(pip) => pip.look(tools),
            // In CI what follows is installed.
            _ if in_ci() => Ok(()),
            // All that these do is to look.
            Self::Cc
            | Self::Cxx
            | Self::Clang
            | Self::WasiClang
            | Self::Symbolizer
            | Self::Qemu(_)
            | Self::Chromium
            | Self::DhView => self.meet(tools, &Out::Terminal),
            Self::Emscripten(version) => emscripten::look(version, tools),
        }
    }

    /// What installs it, if it is for us to install. Two installations by one of them may get in each other's way.
    fn installer(self) -> Option<&'static Mutex<()>> {
        static RUSTUP: Mutex<()> = Mutex::new(());
        static APT: Mutex<()> = Mutex::new(());
        static CARGO: Mutex<()> = Mutex::new(());
        static NPM: Mutex<()> = Mutex::new(());
        static PIP: Mutex<()> = Mutex::new(());
        match self {
            Self::Member(_) | Self::Nightly | Self::Node => None,
            Self::Target(..) | Self::Component(..) | Self::Sysroot(_) => Some(&RUSTUP),
            Self::Cc
            | Self::Cxx
            | Self::Clang
            | Self::Chromium
            | Self::DhView
            | Self::WasiClang
            | Self::Symbolizer
            | Self::Qemu(_)
            | Self::Emscripten(_) => Some(&APT),
            Self::WasmBindgen | Self::Fuzzer => Some(&CARGO),
            Self::WasmOpt | Self::Npm(_) => Some(&NPM),
            Self::Pip(_) => Some(&PIP),
        }
    }

    /// Checks that it is there, and installs it if not, with a line that says so.
    /// The error is what stood in the way.
    pub fn meet(self, tools: &Tools, out: &Out) -> Result<()> {
        // If another step fell in the middle of it, what it left is looked at as after any other end.
        let _alone = self.installer().map(|lock| lock.lock().unwrap_or_else(PoisonError::into_inner));
        match self {
            Self::Target(on, name) => {
                let there = Path::new("lib/rustlib").join(name).join("lib");
                part(tools, on, "target", name, &there, out)
            }
            Self::Component(on, name) => {
                let there = match name {
                    "rust-src" => "lib/rustlib/src/rust/library".into(),
                    "rustfmt" => format!("bin/cargo-fmt{EXE_SUFFIX}"),
                    name => format!("bin/cargo-{name}{EXE_SUFFIX}"),
                };
                part(tools, on, "component", name, Path::new(&there), out)
            }
            Self::Member(name) => tools.member(name).map(drop),
            Self::Nightly => tools.nightly().map(drop),
            Self::Sysroot(target) => sysroot(tools, target, out),
            Self::Node => node(tools),
            Self::Cc => debian(tools, "gcc libc6-dev", out, |tools| {
                tools.program(Path::new("cc")).args("--version").read(&Out::Terminal).map(drop)
            }),
            Self::Cxx => debian(tools, "g++", out, |tools| {
                tools.program(Path::new("c++")).args("--version").read(&Out::Terminal).map(drop)
            }),
            Self::Clang => debian(tools, "clang-19 lld-19", out, |tools| {
                // It links by itself, if its linker is there: that is asked of both.
                let clang = tools.program(Path::new(&tools.clang()?));
                let linker = clang.args("--target=wasm32 --print-prog-name=wasm-ld").read(&Out::Terminal)?;
                tools.program(Path::new(linker.trim())).args("--version").read(&Out::Terminal).map(drop)
            }),
            // Its default feature is TLS, for a browser that another machine drives.
            Self::WasmBindgen => {
                let package = format!("wasm-bindgen-cli@{}", tools.locked_version("wasm-bindgen")?);
                program(tools, WASM_BINDGEN, &package, "--no-default-features", out)
            }
            Self::WasmOpt => BINARYEN.meet(tools, out),
            Self::Npm(npm) => npm.meet(tools, out),
            Self::Chromium => debian(tools, "chromium", out, |tools| chromium(tools).map(drop)),
            Self::DhView => debian(tools, "valgrind", out, |_| dh_view().map(drop)),
            Self::Fuzzer => program(tools, &[FUZZER], CARGO_FUZZ, "", out),
            Self::Pip(pip) => pip.meet(tools, out),
            Self::WasiClang => debian(tools, WASI_CLANG, out, wasi_libc_of_2022),
            Self::Symbolizer => debian(tools, "llvm-19", out, |tools| {
                tools.program(Path::new("llvm-symbolizer-19")).args("--version").read(&Out::Terminal).map(drop)
            }),
            Self::Qemu(program) => qemu(program, tools, out),
            Self::Emscripten(version) => emscripten::meet(version, tools, out),
        }
    }
}

/// A part of a toolchain, which is at `there` when it is installed. Looking needs no network, nor rustup.
fn part(tools: &Tools, on: Toolchain, kind: &str, name: &str, there: &Path, out: &Out) -> Result<()> {
    if tools.sysroot(on, out)?.join(there).exists() {
        return Ok(());
    }
    let rust = if on == Toolchain::Nightly { "nightly rust" } else { "rust" };
    out.say(&format!("installing {rust} {kind} {name}"));
    let words = format!("{kind} add {name}");
    tools.rustup(on, &words)?.run(out).with_context(|| format!("cannot install {rust} {kind} {name}"))
}

/// Miri builds it when it first runs; two runs that both do may get in each other's way.
fn sysroot(tools: &Tools, target: &str, out: &Out) -> Result<()> {
    let setup = tools.cargo(Toolchain::Nightly)?.args("miri setup");
    if target.is_empty() { setup } else { setup.args("--target").args(target) }.run(out)
}

/// The oldest node that the scripts were tried on.
fn node(tools: &Tools) -> Result<()> {
    const OLDEST: Version = Version::new(20, 0, 0);
    let found = tools.node().args("--version").read(&Out::Terminal);
    let found = found.with_context(|| {
        format!("no node {OLDEST} or later: https://nodejs.org/en/download has the line that installs it")
    })?;
    let version = Version::parse(found.trim().trim_start_matches('v'))?;
    if version < OLDEST {
        bail!("node is {version}, not {OLDEST} or later: https://nodejs.org/en/download has the line that installs it");
    }
    Ok(())
}

const WASI_CLANG: &str = "clang-19 lld-19 llvm-19 wasi-libc libclang-rt-19-dev-wasm32";

/// The wasi-libc of 2022 is Debian 12's. Others have later ones, with which nothing would be shown.
fn wasi_libc_of_2022(tools: &Tools) -> Result<()> {
    let ask = |words: &str| tools.program(Path::new("dpkg-query")).args("--show").args(words).read(&Out::Terminal);
    ask(WASI_CLANG)?;
    let version = ask("wasi-libc")?;
    ensure!(version.contains("git2022"), "no wasi-libc of 2022, only {}", version.trim());
    Ok(())
}

/// Debian's can't be installed beside later versions of qemu's other programs, but in the Debian that Emscripten comes in it can.
fn qemu(program: &str, tools: &Tools, out: &Out) -> Result<()> {
    // Older releases have it in qemu-system-misc.
    let package = if program == "qemu-system-riscv32" { "qemu-system-riscv" } else { program };
    let find = || {
        let qemu = tools.program(Path::new(program)).env("PATH", emscripten::path(tools)?);
        qemu.args("--version").read(&Out::Terminal).map(drop)
    };
    // What an older version of this wrote there names the place of its repository, which may be gone.
    emscripten::offer_again(program, tools, out)?;
    let Err(missing) = find() else {
        return Ok(());
    };
    if !in_ci() {
        return Err(missing.context(format!("no {program}; on Debian `apt-get install {package}` gets it")));
    }
    emscripten::add(program, package, tools, out)?;
    find()
}

/// They understand one version of wasm-bindgen: the one that the lock file holds.
const WASM_BINDGEN: &[&str] = &[TEST_RUNNER, "wasm-bindgen"];

/// Programs of a package, `NAME@VERSION`, built with these features.
fn program(tools: &Tools, names: &[&str], package: &str, features: &str, out: &Out) -> Result<()> {
    let found = |name: &&str| {
        let said = tools.program(&tools.installed(name)).args("--version").read(out).unwrap_or_default();
        said.split_whitespace().last() == package.split('@').next_back()
    };
    if names.iter().all(found) {
        return Ok(());
    }
    out.say(&format!("installing {} of {package} (a minute or two, once)", names.join(", ")));
    // A debug build takes half the time, and less without what a debugger wants. `--locked` does not build the test runner.
    let install = tools.cargo(Toolchain::Current)?.env("CARGO_PROFILE_DEV_DEBUG", "0").args("install --debug --force");
    let install = names.iter().fold(install.args(features), |install, name| install.arg("--bin").arg(name));
    let installed = install.arg("--root").arg(tools.tools_dir()).arg(package).run(out);
    installed.with_context(|| format!("cannot install {package}"))
}

/// The script that is `wasm-opt`, once it is installed for this repository alone.
pub fn wasm_opt(tools: &Tools) -> PathBuf {
    BINARYEN.path(tools)
}

/// Where `dh_view.html` and what belongs to it are.
pub fn dh_view() -> Result<&'static Path> {
    let mut folders =
        ["/usr/libexec/valgrind", "/usr/lib/valgrind", "/usr/local/libexec/valgrind"].into_iter().map(Path::new);
    folders.find(|folder| folder.join("dh_view.js").exists()).context("no dh_view.html, which comes with valgrind")
}

/// The name of Chromium's program, or of one that is made of it.
pub fn chromium(tools: &Tools) -> Result<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let is_there = |name: &&str| tools.program(Path::new(name)).args("--version").read(&Out::Terminal).is_ok();
    names.into_iter().find(is_there).context("no Chromium")
}
