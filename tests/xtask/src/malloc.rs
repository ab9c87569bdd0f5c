//! The steps for the C library that is a module's `malloc`: alone, on WASI with the libc of Rust and that of 2022, on Emscripten. That no other
//! is linked the linker says itself, which names what it reads.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::beside_libc::{EMSCRIPTEN, Emscripten, Host, Linked, WASI};
use crate::c::{MEMORIES, TESTS, compiler, emcc, library};
use crate::command::{Out, Task};
use crate::emscripten::Version;
use crate::need::Need;
use crate::soaked::FEW;
use crate::step::{Step, WASM};
use crate::tools::{Toolchain, Tools};

const FOLDER: &str = "tests/hosts/c-malloc";
const FEATURE: &str = "--features malloc";
/// C's compiler knows what `malloc` does, and would leave out much of what is to be tested.
const FLAGS: &str = "-fno-builtin";

/// All of them.
pub fn steps() -> Vec<Step> {
    let step = |name: &str, work: fn(&Tools, &Out) -> Result<()>| Step::new(format!("C's malloc {name}"), work).tests();
    let alone = step("alone", alone).needs([Need::Clang, Need::Target(Toolchain::Current, WASM), Need::Node]);
    let wasi = [Need::WasiClang, Need::Target(Toolchain::Current, WASI), Need::Node];
    let late = step("on WASI", |tools, out| on_wasi(Libc::OfRust, tools, out)).needs(wasi);
    let early = step("on WASI, libc of 2022", |tools, out| on_wasi(Libc::Of2022, tools, out)).needs(wasi);
    // With libc's heap at hand ours is the one that is linked, too.
    let on_emscripten = MEMORIES.iter().zip(["", "-sMALLOC=none"]).map(|((memory, flags), malloc)| {
        let settings = format!("{flags} {malloc}");
        Step::new(format!("C's malloc on Emscripten{memory}"), move |tools, out| on_emscripten(&settings, tools, out))
            .needs([Need::Emscripten(Version::Stable), Need::Target(Toolchain::Current, EMSCRIPTEN), Need::Node])
            .tests()
    });
    let refused = Step::new("C's malloc, or the linker says why", refused).needs(wasi);
    let soak = step("on WASI, soak", |tools, out| Linked::CMalloc.soak(Host::Node, FEW, tools, out)).needs(wasi);
    let emscripten = step("on Emscripten, soak", |tools, out| Emscripten::WITHOUT_MALLOC.soak(FEW, tools, out))
        .needs(Emscripten::WITHOUT_MALLOC.needs());
    [alone, late, early, refused, soak, emscripten].into_iter().chain(on_emscripten).collect()
}

fn sources() -> String {
    format!("{FOLDER}/malloc.c {TESTS}/report.c tests/hosts/c-symbols/program.c")
}

/// In a module of nothing but C and the library.
fn alone(tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {WASM}"), FEATURE, out)?;
    let module = library.with_extension("malloc.wasm");
    let clang =
        compiler(tools, &tools.clang()?).args("--target=wasm32 -nostdlib -Wl,--no-entry -Wl,--max-memory=33554432");
    let clang = clang.args(FLAGS).args(&format!("{TESTS}/wasm.c {}", sources())).arg(library).arg("-o");
    clang.arg(&module).run(out)?;
    tools.node().arg(format!("{TESTS}/run.mjs")).arg(module).run(out)
}

/// Which libc of WASI's.
#[derive(Clone, Copy)]
enum Libc {
    OfRust,
    Of2022,
}

/// A WASI program, not linked yet: the command that does, up to what it is linked with; the libraries that come last.
fn wasi_program(libc: Libc, sources: &str, made: &Path, tools: &Tools, out: &Out) -> Result<(Task, Vec<PathBuf>)> {
    let clang = || compiler(tools, "clang-19").args("--target=wasm32-wasi").args(FLAGS);
    std::fs::create_dir_all(made)?;
    let mut objects = Vec::new();
    for source in sources.split(' ') {
        let object = made.join(Path::new(source).with_extension("o").file_name().unwrap_or_default());
        clang().arg("-c").arg(source).arg("-o").arg(&object).run(out)?;
        objects.push(object);
    }
    Ok(match libc {
        Libc::Of2022 => {
            let link = objects.into_iter().fold(clang(), Task::arg);
            (link.args("-Wl,--max-memory=33554432 -Wl,--trace"), vec!["-lc".into()])
        }
        Libc::OfRust => {
            let libc =
                tools.sysroot(Toolchain::Current, out)?.join("lib/rustlib").join(WASI).join("lib/self-contained");
            let link = Task::new("wasm-ld-19", tools.root()).args("--max-memory=33554432 --trace");
            let link = objects.into_iter().fold(link.arg(libc.join("crt1-command.o")), Task::arg);
            (link, vec![libc.join("libc.a")])
        }
    })
}

/// What the linker has read is the library's `malloc`, and no other.
fn only_ours(read: &str, library: &Utf8PathBuf, out: &Out) -> Result<()> {
    out.note(read)?;
    ensure!(read.contains(library.file_name().unwrap_or_default()), "the linker doesn't say what it reads");
    // A member of an archive, in which one of the two is named after what it is.
    let members = read.lines().filter_map(|line| line.rsplit('/').next()).filter(|name| name.contains(".a("));
    let others: Vec<_> = members.filter(|name| name.contains("malloc")).collect();
    ensure!(others.is_empty(), "libc's heap is linked: {others:?}");
    Ok(())
}

fn on_wasi(libc: Libc, tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {WASI}"), FEATURE, out)?;
    let name = if let Libc::OfRust = libc { "malloc" } else { "malloc-2022" };
    let made = library.with_file_name(name).into_std_path_buf();
    let program = made.with_extension("wasm");
    let (link, last) = wasi_program(libc, &sources(), &made, tools, out)?;
    let link = last.into_iter().fold(link.arg(&library), Task::arg);
    only_ours(&link.arg("-o").arg(&program).read(out)?, &library, out)?;
    in_node(tools, program).run(out)
}

/// What runs a WASI program.
fn in_node(tools: &Tools, program: impl AsRef<OsStr>) -> Task {
    Host::Node.command(tools).into_iter().skip(1).fold(tools.node(), Task::arg).arg(program)
}

fn on_emscripten(settings: &str, tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {EMSCRIPTEN}"), FEATURE, out)?;
    let program = library.with_extension("malloc.js");
    let emcc = emcc(tools).args(FLAGS).args(&sources()).arg(&library).args(settings).args("-Wl,--trace -o");
    only_ours(&emcc.arg(&program).read(out)?, &library, out)?;
    tools.node().arg(&program).run(out)
}

/// Where libc's `malloc` comes first no module is made, where nobody names the heap none runs; and without the feature libc's heap is linked, so that `only_ours` sees it.
fn refused(tools: &Tools, out: &Out) -> Result<()> {
    let library = |features| library(tools, &format!("--target {WASI}"), features, out);
    let (ours, plain) = (library(FEATURE)?, library("")?);
    let made = ours.with_file_name("malloc-refused").into_std_path_buf();
    let program = made.with_extension("wasm");
    let says = |task: Task, what: &str| {
        let log = Out::log(tools.target_dir().join("verify").join("malloc-refused.log"))?;
        let status = task.status(&log)?;
        let said = log.text()?;
        out.note(&said)?;
        ensure!(!status.success() && said.contains(what), "nobody says {what:?}");
        anyhow::Ok(())
    };
    const PROGRAM: &str = "examples/c-malloc/main.c";
    for libc in [Libc::OfRust, Libc::Of2022] {
        let (link, last) = wasi_program(libc, PROGRAM, &made, tools, out)?;
        let link = last.into_iter().fold(link, Task::arg).arg(&ours).arg("-o").arg(&program);
        says(link, "duplicate symbol: malloc")?;
    }
    let (link, last) = wasi_program(Libc::Of2022, PROGRAM, &made, tools, out)?;
    let read = last.into_iter().fold(link.arg(&plain), Task::arg).arg("-o").arg(&program).read(out)?;
    ensure!(only_ours(&read, &plain, out).is_err(), "nobody sees libc's heap");
    // A Rust program with the feature, which names no heap.
    let cargo = tools.cargo(Toolchain::Current)?.args("build -p freehold-example-wasi --features freehold/malloc");
    let cargo = cargo.args("--message-format json-render-diagnostics --target").arg(WASI);
    let cargo = cargo.arg("--target-dir").arg(tools.target_dir().join("modules").join("malloc"));
    let module = tools.built(cargo, "wasm", out)?;
    let imports = tools.program(Path::new("llvm-nm-19")).args("--undefined-only").arg(&module).read(out)?;
    ensure!(imports.contains("__freehold_is_malloc"), "nobody names what is missing");
    says(in_node(tools, module), "module is not an object or function")
}
