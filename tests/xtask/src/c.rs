//! The steps that compile C: programs over `freehold.h`, natively and in wasm.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::beside_libc::{EMSCRIPTEN, Host, WASI};
use crate::command::{Out, Task};
use crate::emscripten::{self, Version};
use crate::need::Need;
use crate::step::Step;
use crate::tools::{Module, Toolchain, Tools};

const WASM: &str = "wasm32-unknown-unknown";
const HEADER: &str = "src/bindings/c/freehold.h";
/// The tests of each function, who runs them, and who says what came of them.
pub const TESTS: &str = "tests/hosts/c-library";
const TWO_COPIES: &str = "freehold-two-copies-library";

/// The library with its checks, and the control without them: what a step's name ends with, what cargo builds, what the tests are
/// called with.
const LIBRARIES: &[(&str, &str, &str)] = &[("", "", ""), (", control", "--features unchecked", "unchecked")];

/// Emscripten's memory, which ends at 32 MiB: what a step's name ends with, what the linker is told.
pub const MEMORIES: &[(&str, &str)] = &[
    (", growable", "-sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=32mb"),
    // What is refused is to be null, and no end of the program.
    (", fixed", "-sINITIAL_MEMORY=32mb -sABORTING_MALLOC=0"),
];

/// All of them.
pub fn steps() -> Vec<Step> {
    let natively = LIBRARIES.iter().map(|(suffix, features, words)| {
        Step::new(format!("C on the host{suffix}"), move |tools, out| on_the_host(tools, features, words, out))
            .needs([Need::Cc])
            .tests()
    });
    let needs = [Need::Clang, Need::Target(Toolchain::Current, WASM), Need::Node];
    let in_wasm = LIBRARIES.iter().map(|(suffix, features, words)| {
        Step::new(format!("C in wasm{suffix}"), move |tools, out| {
            let library = library(tools, &format!("--target {WASM}"), features, out)?;
            run_in_wasm(tools, library, words, out)
        })
        .needs(needs)
        .tests()
    });
    let object = Step::new("C in wasm, on an object", |tools, out| run_in_wasm(tools, object(tools, out)?, "", out));
    let object = object.needs(needs).tests();
    let on_wasi = Step::new("C in wasm, beside libc on WASI", on_wasi)
        .needs([Need::WasiClang, Need::Target(Toolchain::Current, WASI), Need::Node])
        .tests();
    let on_emscripten = MEMORIES.iter().flat_map(|(memory, flags)| {
        LIBRARIES.iter().map(move |(suffix, features, words)| {
            let name = format!("C in wasm, on Emscripten{memory}{suffix}");
            Step::new(name, move |tools, out| on_emscripten(tools, features, words, flags, out))
                .needs([Need::Emscripten(Version::Stable), Need::Target(Toolchain::Current, EMSCRIPTEN), Need::Node])
                .tests()
        })
    });
    let plus_plus = [
        Step::new("C++ on the host", plus_plus_on_the_host).needs([Need::Cxx]).tests(),
        Step::new("C++ on the host, by clang", plus_plus_by_clang).needs([Need::Clang, Need::Cxx]).tests(),
        Step::new("C++ in wasm, on Emscripten", plus_plus_on_emscripten)
            .needs([Need::Emscripten(Version::Stable), Need::Target(Toolchain::Current, EMSCRIPTEN), Need::Node])
            .tests(),
    ];
    let declares = Step::new("C: the header declares what there is", declares).needs([Need::Cc]);
    let symbols =
        Step::new("C on `c_symbols!`", symbols).needs(needs).needs([Need::Member("freehold-c-symbols")]).tests();
    let copies = Step::new("C with two copies", two_copies).needs(needs).needs([Need::Member(TWO_COPIES)]).tests();
    natively
        .chain(in_wasm)
        .chain([object, on_wasi])
        .chain(on_emscripten)
        .chain(plus_plus)
        .chain([declares, symbols, copies])
        .collect()
}

/// The static library. Each set of features has a folder of its own: all of them are called by the same name.
pub fn library(tools: &Tools, target: &str, features: &str, out: &Out) -> Result<Utf8PathBuf> {
    let mut cargo =
        tools.cargo(Toolchain::Current)?.args("build -p freehold-c --message-format json-render-diagnostics");
    cargo = cargo.args(features).args(target);
    if let Some(feature) = features.strip_prefix("--features ") {
        cargo = cargo.arg("--target-dir").arg(tools.target_dir().join("modules").join(feature));
    }
    if features.ends_with("unchecked") {
        // The crate's own look at what is freed would end the control.
        cargo = cargo.env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false");
    }
    tools.built(cargo, "a", out)
}

/// `cc`, with every warning as an error.
pub fn compiler(tools: &Tools, program: &str) -> Task {
    strict(Task::new(program, tools.root()), "c99")
}

/// Emscripten's.
pub fn emcc(tools: &Tools) -> Task {
    strict(emscripten::task(Version::Stable, tools, tools.root()).args("emcc"), "c99")
}

fn strict(compiler: Task, standard: &str) -> Task {
    compiler.args(&format!("-std={standard} -O1 -Wall -Wextra -pedantic -Werror -I src/bindings/c"))
}

/// The tests of freehold.hpp.
fn plus_plus(compiler: Task) -> Task {
    strict(compiler, "c++17").args("tests/hosts/c-plus-plus/test.cpp")
}

fn plus_plus_on_the_host(tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, "", "", out)?;
    let program = library.with_file_name("c-plus-plus-tests");
    let compile = plus_plus(Task::new("c++", tools.root())).arg(library);
    compile.args("-lpthread -ldl -lm -o").arg(&program).run(out)?;
    tools.program(program.as_std_path()).run(out)
}

/// For small code clang puts `delete` into who calls it, and `new` not: then it knows most of what is no business of its.
fn plus_plus_by_clang(tools: &Tools, out: &Out) -> Result<()> {
    let program = tools.target_dir().join("verify").join("c-plus-plus-front");
    let clang = tools.clang()?.replacen("clang", "clang++", 1);
    for flags in ["-O2", "-Os", "-Oz", "-O2 -fno-exceptions", "-Os -fno-exceptions", "-Oz -fno-exceptions"] {
        let compile =
            strict(tools.program(Path::new(&clang)), "c++17").args(flags).args("tests/hosts/c-plus-plus/front.cpp -o");
        compile.arg(&program).run(out)?;
        tools.program(&program).run(out)?;
    }
    Ok(())
}

fn plus_plus_on_emscripten(tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {EMSCRIPTEN}"), "", out)?;
    let program = library.with_extension("c-plus-plus.js");
    let compile =
        plus_plus(emscripten::task(Version::Stable, tools, tools.root()).args("em++ -fexceptions")).arg(library);
    compile.args("-sALLOW_MEMORY_GROWTH -o").arg(&program).run(out)?;
    tools.node().arg(program).run(out)
}

/// The sources of the tests, with who runs them.
fn run_by(runner: &str) -> String {
    format!("{TESTS}/{runner}.c {TESTS}/report.c {TESTS}/test.c")
}

/// The tests as a program.
fn on_the_host(tools: &Tools, features: &str, words: &str, out: &Out) -> Result<()> {
    let library = library(tools, "", features, out)?;
    let program = library.with_file_name("c-library-tests");
    compiler(tools, "cc").args(&run_by("native")).arg(library).args("-lpthread -ldl -lm -o").arg(&program).run(out)?;
    tools.program(program.as_std_path()).args(words).run(out)
}

/// The library as one object, by the command that `docs/targets.md` names.
fn object(tools: &Tools, out: &Out) -> Result<Utf8PathBuf> {
    let library = library(tools, &format!("--target {WASM}"), "", out)?;
    let object = library.with_file_name("freehold.o");
    let linker = Task::new(tools.clang()?, tools.root()).args("--target=wasm32 --print-prog-name=wasm-ld").read(out)?;
    Task::new(linker.trim(), tools.root()).args("-r --whole-archive").arg(library).arg("-o").arg(&object).run(out)?;
    Ok(object)
}

/// The tests as a module of nothing but C and the library, run in node.
fn run_in_wasm(tools: &Tools, library: Utf8PathBuf, words: &str, out: &Out) -> Result<()> {
    let module = module(tools, "wasm32", library, out)?;
    tools.node().arg(RUNS).args(words).arg(module).run(out)
}

/// Runs the module of tests: `node RUNS [unchecked] MODULE`.
pub const RUNS: &str = "tests/hosts/c-library/run.mjs";

/// The tests as a module of nothing but C and the library. Its memory can't grow beyond 32 MiB.
pub fn module(tools: &Tools, target: &str, library: Utf8PathBuf, out: &Out) -> Result<Utf8PathBuf> {
    let module = library.with_extension("tests.wasm");
    let compile = compiler(tools, &tools.clang()?).arg(format!("--target={target}"));
    let compile = compile.args("-nostdlib -Wl,--no-entry -Wl,--max-memory=33554432").args(&run_by("wasm"));
    compile.arg(library).arg("-o").arg(&module).run(out)?;
    Ok(module)
}

/// The tests as a WASI program, with the libc that hides most from whoever grows memory: Debian's, of 2022.
fn on_wasi(tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {WASI}"), "", out)?;
    let program = library.with_extension("tests.wasm");
    compiler(tools, "clang-19")
        .args("--target=wasm32-wasi -Wl,--max-memory=33554432")
        .args(&run_by("libc"))
        .arg(library)
        .arg("-o")
        .arg(&program)
        .run(out)?;
    let mut node = tools.node();
    for word in Host::Node.command(tools).into_iter().skip(1) {
        node = node.arg(word);
    }
    node.arg(program).run(out)
}

/// The tests as an Emscripten program.
fn on_emscripten(tools: &Tools, features: &str, words: &str, memory: &str, out: &Out) -> Result<()> {
    let library = library(tools, &format!("--target {EMSCRIPTEN}"), features, out)?;
    let program = library.with_extension("tests.js");
    let unchecked = if words.is_empty() { "" } else { "-DUNCHECKED" };
    let emcc = emcc(tools).args(unchecked).args(&run_by("libc")).arg(library);
    emcc.args(memory).arg("-o").arg(&program).run(out)?;
    // Where libc's heap is written over it may look for a block for ever.
    tools.node().limit(Duration::from_secs(2 * 60)).arg(program).run(out)
}

/// What the library exports under a name of its own is what the header declares. (That the types agree the package's tests see to.)
fn declares(tools: &Tools, out: &Out) -> Result<()> {
    let library = library(tools, "", "", out)?;
    let symbols = Task::new("nm", tools.root()).args("-g --defined-only").arg(library).read(out)?;
    // An address, a letter, a name. Where names begin with an underscore, all do.
    let names =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).map(|name| name.trim_start_matches('_'));
    let exported: BTreeSet<_> = names.filter(|name| name.starts_with("freehold_")).map(str::to_owned).collect();
    let header = fs::read_to_string(tools.root().join(HEADER))?;
    let declared: BTreeSet<_> = header.lines().filter_map(function).map(str::to_owned).collect();
    ensure!(!exported.is_empty(), "the library exports nothing");
    let odd: Vec<_> = exported.symmetric_difference(&declared).collect();
    ensure!(odd.is_empty(), "in the library or in the header alone: {odd:?}");
    Ok(())
}

/// The function that a line of the header declares: declarations begin at the start of a line.
fn function(line: &str) -> Option<&str> {
    let (before, _) = line.split_once('(').filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))?;
    before.rsplit([' ', '*']).next().filter(|name| name.starts_with("freehold_"))
}

/// A C program linked into a Rust module, whose `malloc` and its like are freehold's.
fn symbols(tools: &Tools, out: &Out) -> Result<()> {
    const FOLDER: &str = "tests/hosts/c-symbols";
    let folder = tools.target_dir().join("modules").join("c-symbols");
    fs::create_dir_all(&folder)?;
    let object = folder.join("program.o");
    // C's compiler knows what `malloc` does, and would leave out much of what is to be tested.
    compiler(tools, &tools.clang()?)
        .args("--target=wasm32 -fno-builtin -c")
        .arg(format!("{FOLDER}/program.c"))
        .arg("-o")
        .arg(&object)
        .run(out)?;
    let cargo =
        tools.cargo(Toolchain::Current)?.args("rustc -p freehold-c-symbols --message-format json-render-diagnostics");
    let cargo = cargo.args("--target").arg(WASM).arg("--target-dir").arg(&folder).arg("--");
    let module = tools.built(cargo.arg(format!("-Clink-arg={}", object.display())), "wasm", out)?;
    tools.node().arg(format!("{FOLDER}/program.mjs")).arg(module).run(out)
}

/// A C program with two Rust libraries, each with a copy of freehold of its own. With Rust's standard library, which is in both too,
/// they link; each with a global allocator of its own they must not.
fn two_copies(tools: &Tools, out: &Out) -> Result<()> {
    const FOLDER: &str = "tests/hosts/two-copies";
    let link = |features: [&str; 2]| {
        let libraries = features.map(|features| {
            let build = format!("-p {TWO_COPIES} --release --features {features}");
            let module = Module { on: Toolchain::Current, target: WASM, build: &build, rustflags: "" };
            let built = tools.build(&module, "a", out)?;
            // The next build writes over it.
            let kept = built.with_extension(format!("{}.a", features.replace(',', "-")));
            fs::copy(built, &kept)?;
            anyhow::Ok(kept)
        });
        let [first, second] = libraries;
        let (first, module) = (first?, second?.with_extension("wasm"));
        let clang = compiler(tools, &tools.clang()?).args("--target=wasm32 -nostdlib -Wl,--no-entry");
        let clang = clang.arg("-Wl,--initial-memory=2097152").arg(format!("{FOLDER}/libraries.c"));
        let task = clang.arg(first).arg(module.with_extension("a")).arg("-o").arg(&module);
        anyhow::Ok((task, module))
    };
    let (task, module) = link(["first", "second"])?;
    task.run(out)?;
    tools.node().arg(format!("{FOLDER}/libraries.mjs")).arg(module).run(out)?;

    let log = Out::log(tools.target_dir().join("verify").join("two-copies-control.log"))?;
    let status = link(["first,global", "second,global"])?.0.status(&log)?;
    let said = log.text()?;
    out.note(&said)?;
    ensure!(
        !status.success() && said.contains("duplicate symbol: __rustc::__rust_alloc"),
        "two global allocators link"
    );
    Ok(())
}
