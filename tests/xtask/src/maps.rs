//! `cargo maps`: the diagrams of `docs/targets.md`, drawn by the crate itself in modules that are linked one way and another.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::beside_libc::EMSCRIPTEN;
use crate::c;
use crate::command::Out;
use crate::emscripten::Version;
use crate::need::{self, Need};
use crate::step::Step;
use crate::tools::{Module, Toolchain, Tools};

const DOC: &str = "docs/targets.md";
const WASM: &str = "wasm32-unknown-unknown";
const SCRIPT: &str = "tests/hosts/maps/run.mjs";
const SOURCE: &str = "tests/hosts/maps/map.c";

/// What `cargo maps` takes.
#[derive(clap::Args)]
pub struct Args {
    /// Put the diagrams into docs/targets.md, instead of printing them
    #[arg(long)]
    write: bool,
}

/// A diagram: what it is called in the document, and what the linker is told.
enum Map {
    /// A module that rustc links; with flags for rustc.
    Rust(&'static str, &'static str),
    /// A module that clang links from C and the static library; with flags for clang.
    C(&'static str, &'static str),
    /// A program that Emscripten links from the same; with flags for emcc.
    Emscripten(&'static str, &'static str),
}

/// All of them, in the document's order.
const MAPS: &[Map] = &[
    Map::Rust("Rust", ""),
    Map::Rust("Rust, small stack", "-Clink-arg=-zstack-size=65536"),
    Map::Rust("Rust, data from 2 MiB on", "-Clink-arg=--global-base=2097152"),
    Map::Rust("Rust, heap tail of 1 MiB", "-Clink-arg=--initial-heap=1048576"),
    Map::C("C", ""),
    Map::C("C, stack first", "-Wl,--stack-first -Wl,-z,stack-size=131072"),
    Map::C("C, memory of 1 MiB", "-Wl,--initial-memory=1048576"),
    Map::Emscripten("Emscripten", ""),
    Map::Emscripten("Emscripten, stack first", "-Wl,--stack-first -sSTACK_SIZE=131072 -sINITIAL_HEAP=2097152"),
];

impl Map {
    fn name(&self) -> &'static str {
        match self {
            Map::Rust(name, _) | Map::C(name, _) | Map::Emscripten(name, _) => name,
        }
    }

    fn needs(&self) -> Vec<Need> {
        let target = |name| Need::Target(Toolchain::Current, name);
        match self {
            Map::Rust(..) => vec![target(WASM), Need::Node],
            Map::C(..) => vec![target(WASM), Need::Clang, Need::Node],
            Map::Emscripten(..) => vec![target(EMSCRIPTEN), Need::Emscripten(Version::Stable), Need::Node],
        }
    }

    /// Builds the module, and has it draw.
    fn draw(&self, tools: &Tools, out: &Out) -> Result<String> {
        let module = match self {
            Map::Rust(_, rustflags) => {
                let build = "-p freehold-maps --release";
                tools.build_wasm(&Module { on: Toolchain::Current, target: WASM, build, rustflags }, out)?
            }
            Map::C(_, flags) => {
                let library = c::library(tools, &format!("--release --target {WASM}"), "", out)?;
                let module = library.with_file_name("map.wasm");
                c::compiler(tools, &tools.clang()?)
                    .args("--target=wasm32 -nostdlib -Wl,--no-entry")
                    .args(flags)
                    .arg(SOURCE)
                    .arg(library)
                    .arg("-o")
                    .arg(&module)
                    .run(out)?;
                module
            }
            Map::Emscripten(_, flags) => {
                let library = c::library(tools, &format!("--release --target {EMSCRIPTEN}"), "", out)?;
                let program = library.with_file_name("map.js");
                c::emcc(tools).args(flags).arg(SOURCE).arg(library).arg("-o").arg(&program).run(out)?;
                return tools.node().arg(program).read(out);
            }
        };
        tools.node().arg(SCRIPT).arg(module).read(out)
    }

    /// Where the diagram stands in the document: from where to where.
    fn place(&self, doc: &str) -> Result<(usize, usize)> {
        let mark = format!("<!-- cargo maps: {} -->\n```text\n", self.name());
        let start = doc.find(&mark).with_context(|| format!("{DOC} has no {mark:?}"))? + mark.len();
        let end = doc[start..].find("```").context("a diagram that does not end")?;
        Ok((start, start + end))
    }
}

/// Prints the diagrams, or writes them.
pub fn run(args: &Args) -> Result<()> {
    let tools = Tools::find()?;
    let path = tools.root().join(DOC);
    need::meet_all(&MAPS.iter().flat_map(Map::needs).collect::<Vec<_>>(), &tools, &Out::Terminal)?;
    for map in MAPS {
        let drawn = map.draw(&tools, &Out::Terminal)?;
        if args.write {
            let mut doc = fs::read_to_string(&path)?;
            let (start, end) = map.place(&doc)?;
            doc.replace_range(start..end, &drawn);
            fs::write(&path, doc)?;
        } else {
            println!("{}\n\n{drawn}", map.name());
        }
    }
    Ok(())
}

/// The checks that the document has what would be drawn now: one for each kind of map, as they need different things.
pub fn steps() -> impl Iterator<Item = Step> {
    MAPS.chunk_by(|one, next| one.needs() == next.needs()).map(|maps| {
        Step::new(format!("docs: maps of {}", maps[0].name()), |tools, out| check(maps, tools, out))
            .needs(maps[0].needs())
    })
}

fn check(maps: &[Map], tools: &Tools, out: &Out) -> Result<()> {
    let doc = fs::read_to_string(tools.root().join(DOC))?;
    ensure!(doc.matches("<!-- cargo maps: ").count() == MAPS.len(), "{DOC} has other diagrams than there are");
    for map in maps {
        let drawn = map.draw(tools, out)?;
        let (start, end) = map.place(&doc)?;
        out.note(&drawn)?;
        let (drawn, written) = (shape(&drawn), shape(&doc[start..end]));
        if drawn != written {
            let line = drawn.iter().zip(&written).find(|(drawn, written)| drawn != written);
            bail!("{DOC}, {:?}, is not what is drawn: {line:?}; `cargo maps --write` puts it right", map.name());
        }
    }
    Ok(())
}

/// A diagram without what another version of the compiler may change: how long data is, and so what is left in front of the first page
/// that is free, and where in a page things begin; and without what another folder changes: how much libc keeps for the program's path.
fn shape(map: &str) -> Vec<String> {
    let line = |line: &str| {
        if let Some(rest) = line.strip_prefix("0x") {
            let (address, rest) = rest.split_at(8);
            return if address.ends_with("0000") { format!("{address}{rest}") } else { rest.trim_start().to_owned() };
        }
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["│", name @ ("data" | "heap" | "(libc)"), ..] if !line.contains("MiB") => name.to_owned(),
            _ => words.join(" "),
        }
    };
    map.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::shape;

    const MAP: &str = "0x00100000  ├────┤\n  │ data   103.8 KiB │\n0x00119f40  ├────┤\n  │ stack   64 KiB │\n  │ (libc)  192 B │\n  │ (libc)  15.7 MiB │\n";

    #[test]
    fn only_what_compilers_and_folders_change_is_left_out() {
        let same = MAP.replace("103.8", "104.1").replace("119f40", "11a010").replace("192 B", "224 B");
        assert_eq!(shape(MAP), shape(&same));
        for (part, other) in
            [("64 KiB", "1 MiB"), ("00100000", "00200000"), ("stack", "data"), ("(libc)", "app"), ("15.7", "1.7")]
        {
            assert_ne!(shape(MAP), shape(&MAP.replace(part, other)), "{part}");
        }
        assert_ne!(shape(MAP), shape(&MAP[..40]));
    }
}
