//! The npm package, `src/bindings/javascript`: its types, its tests in each node and in a page, and what is in it.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use cargo_metadata::camino::Utf8PathBuf;

use crate::command::{Out, Task};
use crate::need::{Need, chromium};
use crate::npm::{NEWEST_NODE, NODE_24, NPM, Npm, TYPESCRIPT};
use crate::step::{Step, TESTS_IN_WASM, WASM};
use crate::tools::{Module, TEST_RUNNER, Toolchain, Tools};

const FOLDER: &str = "src/bindings/javascript";
const SUITE: &str = "freehold-suite";
const GUEST: &str = "freehold-javascript-guest";
/// What the package has in it, and nothing else.
const PACKED: [&str; 4] = ["README.md", "freehold.d.ts", "freehold.js", "package.json"];

/// The nodes that it is tested in; none is the one on the path.
const NODES: [(&str, Option<Npm>); 3] =
    [("node on the path", None), ("node 24", Some(NODE_24)), ("the newest node", Some(NEWEST_NODE))];

pub fn steps() -> Vec<Step> {
    let guest = [Need::Member(GUEST), Need::Target(Toolchain::Current, WASM), Need::Node];
    let mut steps = vec![
        Step::new("javascript: types", types).needs([Need::Npm(TYPESCRIPT), Need::Node]),
        Step::new("javascript: package", package).needs([Need::Node]),
    ];
    steps.extend(NODES.map(|(name, npm)| {
        Step::new(format!("javascript: {name}"), move |tools, out| in_node(npm, tools, out))
            .needs(guest)
            .needs(npm.map(Need::Npm))
            .tests()
    }));
    steps.push(Step::new("javascript: Chromium", in_chromium).needs(guest).needs([Need::Chromium]).tests());
    steps.push(
        Step::new("wasm with std, Chromium", suite_in_chromium)
            .needs([Need::Member(SUITE), Need::Target(Toolchain::Current, WASM), Need::Node, Need::WasmBindgen])
            .needs([Need::Chromium])
            .tests(),
    );
    steps
}

/// A page in a browser without a window; the words that follow are the folder that is served, the page, and what it must say.
pub fn browser(tools: &Tools) -> Result<Task> {
    Ok(tools.node().env("CHROMIUM", chromium(tools)?).arg("tests/hosts/browser.mjs"))
}

/// The tests' module in its two forms: it writes its news down, or tells by import.
fn guests(tools: &Tools, out: &Out) -> Result<[Utf8PathBuf; 2]> {
    let build = |features: &str| {
        let build = format!("-p {GUEST} --release {features}");
        // Else memory can't be resized.
        let rustflags = "-Clink-arg=--max-memory=4294967296";
        let built =
            tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build: &build, rustflags }, out)?;
        // The next build writes over it.
        let kept = built.with_extension(if features.is_empty() { "ring.wasm" } else { "import.wasm" });
        fs::copy(built, &kept)?;
        Ok::<_, anyhow::Error>(kept)
    };
    Ok([build("")?, build("--features import")?])
}

fn in_node(npm: Option<Npm>, tools: &Tools, out: &Out) -> Result<()> {
    let modules = guests(tools, out)?;
    let node = npm.map_or_else(|| tools.node(), |npm| tools.node_at(npm.path(tools)));
    let node = node.args("--expose-gc --test-reporter=spec").arg(format!("{FOLDER}/tests/run.js"));
    modules.iter().fold(node, Task::arg).run(out)
}

fn in_chromium(tools: &Tools, out: &Out) -> Result<()> {
    // A folder of its own is served: what is built may lie anywhere.
    let folder = tools.target_dir().join("javascript");
    let copy = |from: &Path, to: &str| {
        let to = folder.join(to);
        fs::create_dir_all(to.parent().unwrap_or(&folder))?;
        fs::copy(from, to)
    };
    copy(&tools.root().join(FOLDER).join("freehold.js"), "freehold.js")?;
    for entry in fs::read_dir(tools.root().join(FOLDER).join("tests"))? {
        let name = entry?.file_name();
        copy(&tools.root().join(FOLDER).join("tests").join(&name), &format!("tests/{}", name.display()))?;
    }
    let [ring, import] = guests(tools, out)?;
    copy(ring.as_std_path(), "ring.wasm")?;
    copy(import.as_std_path(), "import.wasm")?;
    let page = "tests/page.html?ring=/ring.wasm&import=/import.wasm";
    browser(tools)?.arg(&folder).arg(page).arg("test result: ok").run(out)
}

/// The crate's own suite in a page: as node has it.
fn suite_in_chromium(tools: &Tools, out: &Out) -> Result<()> {
    let script = tools.root().join("tests/hosts/in_browser.mjs");
    let runner = [Path::new("node"), &script, &tools.installed(TEST_RUNNER)].map(|word| format!("{word:?}")).join(", ");
    let cargo = tools.cargo(Toolchain::Current)?.env("CHROMIUM", chromium(tools)?).args(TESTS_IN_WASM);
    // Words that cargo need not take apart: there may be spaces in a path.
    let cargo = cargo.arg("--config").arg(format!("target.{WASM}.runner=[{runner}]"));
    cargo.arg("-p").arg(SUITE).arg("--target").arg(WASM).run(out)
}

/// The module's comments say its types: what TypeScript makes of them is the file that users get, and users' code fits it.
fn types(tools: &Tools, out: &Out) -> Result<()> {
    let folder = tools.target_dir().join("javascript").join("types");
    let checked = |words: &str| {
        let tsc = tools.node().arg(TYPESCRIPT.path(tools)).args("--strict --target esnext --module nodenext");
        tsc.args(words)
    };
    let made = checked("--allowJs --checkJs --declaration --emitDeclarationOnly --outDir").arg(&folder);
    made.arg(format!("{FOLDER}/freehold.js")).run(out)?;
    let (made, kept) = (folder.join("freehold.d.ts"), tools.root().join(FOLDER).join("freehold.d.ts"));
    ensure!(
        fs::read_to_string(&made)? == fs::read_to_string(&kept).unwrap_or_default(),
        "{FOLDER}/freehold.d.ts is not what the comments say; copy {} there",
        made.display()
    );
    // With lines that must not fit: an error that isn't there is one.
    checked("--noEmit").arg(format!("{FOLDER}/tests/types.ts")).run(out)
}

/// What `npm publish` would send.
fn package(tools: &Tools, out: &Out) -> Result<()> {
    let said = tools.program(Path::new(NPM)).args("pack --dry-run --json").arg(format!("./{FOLDER}")).read(out)?;
    out.note(&said)?;
    let mut names: Vec<_> = said.lines().filter_map(|line| line.trim().strip_prefix("\"path\": \"")).collect();
    names.iter_mut().for_each(|name| *name = name.trim_end_matches("\","));
    names.sort_unstable();
    ensure!(names == PACKED, "the package has {names:?} in it, not {PACKED:?}");
    Ok(())
}
