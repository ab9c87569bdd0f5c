//! The examples that are folders: each runs by the command that its README names, and what it says is checked.

use anyhow::{Result, ensure};

use crate::beside_libc;
use crate::command::Out;
use crate::emscripten::{self, Version};
use crate::need::{Need, chromium};
use crate::npm::NODE_24;
use crate::pip::{WASMTIME, ZIG};
use crate::step::Step;
use crate::tools::{Toolchain, Tools};

const WASM: Need = Need::Target(Toolchain::Current, "wasm32-unknown-unknown");
const THUMB: Need = Need::Target(Toolchain::Current, "thumbv7em-none-eabihf");
const M0: Need = Need::Target(Toolchain::Current, "thumbv6m-none-eabi");
const RISCV: Need = Need::Target(Toolchain::Current, "riscv32imc-unknown-none-elf");
const ARM: Need = Need::Qemu("qemu-system-arm");
const NIGHTLY: Need = Need::Component(Toolchain::Nightly, "rust-src");
const WASI: Need = Need::Target(Toolchain::Current, beside_libc::WASI);
const EMSCRIPTEN: &[Need] =
    &[Need::Target(Toolchain::Current, beside_libc::EMSCRIPTEN), Need::Node, Need::Emscripten(Version::Stable)];

/// All of them.
const EXAMPLES: &[Example] = &[
    Example {
        name: "javascript",
        command: "examples/javascript/run.sh",
        needs: &[WASM, Need::Node],
        says: &[
            "medians: 2 2 4 6 5",
            "for `heap`, in `room`",
            "1000 more: 0",
            "after:        0 numbers; one of now: 1000000",
            "a text for the module",
            "refused: no memory for",
            "refused: an alignment is a power of two",
            "was freed; make another one",
            "│ heap",
        ],
    },
    Example {
        name: "wasm-bindgen",
        command: "examples/wasm-bindgen/run.sh",
        needs: &[WASM, Need::Node, Need::WasmBindgen],
        says: &[
            "medians: 2 2 4 6 5",
            "for `heap`, in `new Samples`",
            "1000 more: 0",
            "0 numbers; a new one: 5 3 4 1 2",
            "refused: no memory for",
            "│ heap",
        ],
    },
    Example {
        name: "page",
        command: "examples/page/run.sh chromium",
        needs: &[WASM, Need::Node, Need::WasmBindgen, Need::Chromium],
        says: &["for heap, in add: ", "memory did not grow", "4000 points", "│ arena"],
    },
    Example {
        name: "threads in node",
        command: "examples/threads/run.sh node",
        needs: &[NIGHTLY, Need::Node],
        says: WITH_THREADS,
    },
    Example {
        name: "threads in Chromium",
        command: "examples/threads/run.sh chromium",
        needs: &[NIGHTLY, Need::Node, Need::Chromium],
        says: &["done", "this page may not share memory: the server must send"],
    },
    Example {
        name: "wasm64",
        command: "examples/wasm64/run.sh",
        needs: &[NIGHTLY, Need::Npm(NODE_24)],
        says: &[
            "a table of 700000000 numbers, 5.6 GB",
            "the last of them: 489999986000000100",
            "for `table`",
            "│ table ",
            " 5.2 GiB │",
            "│ arena",
            "refused: `table` asked for",
        ],
    },
    Example {
        name: "debugging",
        command: "examples/debugging/run.sh",
        needs: &[WASM, Need::Node, Need::Symbolizer],
        says: &[
            "It grows: by whom?",
            "27550 bytes live in 1020 blocks, from 2 places",
            "26890 bytes in 1000 blocks, by\n      freehold_example_debugging::Chat::remember, examples/debugging/src/lib.rs:70\n",
            "660 bytes in 20 blocks, by\n      freehold_example_debugging::Chat::show, examples/debugging/src/lib.rs:65\n",
            "somebody wrote past the end of the block at ",
            "from byte 1 to byte 1 past it: 21",
            "freehold_example_debugging.heapprofile\n  the largest there: 26890 bytes, freehold_example_debugging::Chat::remember at examples/debugging/src/lib.rs:70\n",
            "seen when it was freed, by\n      shout, examples/debugging/src/lib.rs:105",
        ],
    },
    Example { name: "wasi in node", command: "examples/wasi/run.sh node", needs: &[WASI, Need::Node], says: ON_WASI },
    Example {
        name: "wasi in wasmtime",
        command: "examples/wasi/run.sh wasmtime",
        needs: &[WASI, Need::Pip(WASMTIME)],
        says: ON_WASI,
    },
    Example { name: "c", command: "examples/c/run.sh native", needs: &[Need::Cc], says: WORDS },
    Example {
        name: "c, C++",
        command: "examples/c/run.sh cpp",
        needs: &[Need::Cxx],
        says: &[
            "areas: 2000000; memory grew",
            "and 0 times after it",
            "refused: `frames` asked for",
            "│ heap",
            "│ frames",
        ],
    },
    Example {
        name: "c in wasm",
        command: "examples/c/run.sh wasm",
        needs: &[WASM, Need::Clang, Need::Node],
        says: &[
            "1000 pictures",
            "pages of memory after the first: 5, after the last: 5",
            "refused: `pictures`",
            "│ pictures",
        ],
    },
    Example {
        name: "zig in node",
        command: "examples/zig/run.sh node",
        needs: &[WASM, Need::Node, Need::Pip(ZIG)],
        says: &[
            "imports: 0; exports: begin count map memory message top",
            "7 words: 4 the, 2 frog, 2 dog",
            "in 100 more texts memory grew by 0 bytes: 404004 the",
            "now 0; one of now: ",
            "refused: `texts` asked for 20000000 bytes",
            "│ heap",
            "│ texts",
        ],
    },
    Example {
        name: "zig in Chromium",
        command: "examples/zig/run.sh chromium",
        needs: &[WASM, Need::Node, Need::Pip(ZIG), Need::Chromium],
        says: &["4 the", "1000000 word", "refused: `texts` asked for", "│ texts"],
    },
    Example {
        name: "c-malloc on WASI",
        command: "examples/c-malloc/run.sh wasi",
        needs: &[WASI, Need::WasiClang, Need::Node],
        says: ONE_MALLOC,
    },
    Example {
        name: "c-malloc on Emscripten",
        command: "examples/c-malloc/run.sh emscripten",
        needs: EMSCRIPTEN,
        says: ONE_MALLOC,
    },
    Example {
        name: "c-malloc alone",
        command: "examples/c-malloc/run.sh alone",
        needs: &[WASM, Need::Clang, Need::Node],
        says: &["100000 numbers", "│ heap", "numbers, which are all there: true"],
    },
    Example {
        name: "c-in-wasi, Rust with C",
        command: "examples/c-in-wasi/run.sh rust",
        needs: &[WASI, Need::WasiClang, Need::Node],
        says: &["from TEXT 0 to TEXT 9999", "│ arena", "│ · not ours ·"],
    },
    Example {
        name: "c-in-wasi, C with Rust",
        command: "examples/c-in-wasi/run.sh c",
        needs: &[WASI, Need::WasiClang, Need::Node],
        says: WORDS,
    },
    Example {
        name: "emscripten",
        command: "examples/emscripten/run.sh",
        needs: EMSCRIPTEN,
        says: &["8000000 bytes in each: nobody wrote over anybody", "│ arena", "│ heap", "from libc: "],
    },
    Example {
        name: "emscripten-c, growable",
        command: "examples/emscripten-c/run.sh growable",
        needs: EMSCRIPTEN,
        says: &[
            "memory: 16777216 bytes at first, 2",
            "refused: `codec` asked for",
            "│ codec",
            "every picture is as it was; the codec gave its",
        ],
    },
    Example {
        name: "emscripten-c, fixed",
        command: "examples/emscripten-c/run.sh fixed",
        needs: EMSCRIPTEN,
        says: &[
            "memory: 67108864 bytes at first, 67108864 now",
            "refused: `codec` asked for",
            "│ codec",
            "every picture is as it was; the codec gave its",
        ],
    },
    Example {
        name: "cortex-m",
        command: "examples/cortex-m/run.sh",
        needs: &[THUMB, ARM],
        says: &["job of channel 4 has to wait", "channel 4: median 425", "refused: `samples` asked for", "│ samples"],
    },
    Example {
        name: "cortex-m0",
        command: "examples/cortex-m0/run.sh",
        needs: &[M0, ARM],
        says: &["100 packets, in order", "too late: `fixed pool` asked for", " at once", "│ work"],
    },
    Example {
        name: "riscv32",
        command: "examples/riscv32/run.sh",
        needs: &[RISCV, Need::Qemu("qemu-system-riscv32")],
        says: &["turn 3: the 4 times", "refused: `words` asked for", "refused: 8192 bytes", " at the peak", "│ words"],
    },
    Example {
        name: "two-rams",
        command: "examples/two-rams/run.sh",
        needs: &[THUMB, ARM],
        says: &[
            "a name: chip, 80,000 bytes of history: external",
            "a frame: external",
            "2000 names, some of them outside: true",
            "refused: `frame` asked for",
            "├─ chip ─",
            "├─ external ─",
            "│ frames",
        ],
    },
];

/// What four threads say.
const WITH_THREADS: &[&str] = &[
    "turn 1: 216816 primes below 3000000",
    "turn 2: 216816 primes",
    "it grew for `",
    "` in `work`",
    "a view has all of it",
    "│ javascript",
];

/// What the program says, whoever runs it.
const ON_WASI: &[&str] =
    &["nobody wrote over anybody", "in the memory of the first, 18 words kept", "│ arena", "│ · not ours ·"];

/// What `examples/c/main.c` says, wherever it runs.
const WORDS: &[&str] = &["4 counters are left", "refused: the block was freed before", "│ counters"];

/// What a C program says whose `malloc` is freehold's.
const ONE_MALLOC: &[&str] = &[
    "malloc: heap",
    "strdup: heap",
    "getline: heap",
    "fmemopen: heap",
    "refused: `heap` asked for",
    "│ heap",
    "│ lines",
];

/// An example, and the proof that it ran.
struct Example {
    name: &'static str,
    /// What its README tells to type.
    command: &'static str,
    needs: &'static [Need],
    /// What it must say.
    says: &'static [&'static str],
}

/// A step for each.
pub fn steps() -> Vec<Step> {
    let step = |example: &'static Example| {
        Step::new(format!("example {}", example.name), |tools, out| run(example, tools, out))
            .needs(example.needs.iter().copied())
    };
    EXAMPLES.iter().map(step).collect()
}

fn run(example: &Example, tools: &Tools, out: &Out) -> Result<()> {
    // A shell that calls cargo, so none of the caller's flags.
    let script = tools.cargo_by(Toolchain::Current, "sh")?.args(example.command);
    let script = script.env("CARGO_TARGET_DIR", tools.target_dir());
    let script = if example.needs.contains(&Need::Clang) { script.env("CLANG", tools.clang()?) } else { script };
    let script =
        if example.needs.contains(&Need::Chromium) { script.env("CHROMIUM", chromium(tools)?) } else { script };
    let script =
        if example.needs.contains(&Need::Npm(NODE_24)) { script.env("NODE", NODE_24.path(tools)) } else { script };
    let script = if example.needs.contains(&NIGHTLY) { script.env("NIGHTLY", tools.nightly()?) } else { script };
    let script = if example.needs.iter().any(|need| matches!(need, Need::Qemu(_))) {
        script.env("PATH", emscripten::path(tools)?)
    } else {
        script
    };
    let said = script.read(out)?;
    out.note(&said)?;
    for says in example.says {
        ensure!(said.contains(says), "it does not say {says:?}");
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// What must be said of something that is missing; of what the script installs itself, nothing.
    fn said_of(need: &Need) -> Option<String> {
        Some(match need {
            Need::Target(_, target) => format!("rustup target add {target}"),
            Need::Node => "missing: node 20 or later".into(),
            Need::Npm(_) => "missing: node 24 or later".into(),
            Need::Cc => "apt-get install gcc".into(),
            Need::Cxx => "apt-get install g++".into(),
            Need::Clang | Need::WasiClang => "apt-get install clang-19 lld-19".into(),
            Need::Symbolizer => "apt-get install llvm-19".into(),
            Need::Qemu("qemu-system-riscv32") => "apt-get install qemu-system-riscv".into(),
            Need::Qemu(program) => format!("apt-get install {program}"),
            Need::Emscripten(_) => "emcc".into(),
            Need::Pip(_) => "apt-get install python3-pip".into(),
            Need::Component(Toolchain::Nightly, _) => "rustup toolchain install nightly".into(),
            Need::Chromium => "apt-get install chromium".into(),
            Need::WasmBindgen => return None,
            _ => panic!("what does an example say that lacks this?"),
        })
    }

    /// Where nothing is installed but a cargo, each script says all that it lacks, and has called that cargo not once.
    #[test]
    fn what_is_missing_is_said_before_anything_is_built() {
        let tools = Tools::find().unwrap();
        let folder = std::env::temp_dir().join(format!("freehold-examples-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let called = folder.join("called");
        let cargo = folder.join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\n: >'{}'\nexit 1\n", called.display())).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        for program in ["sh", "dirname", "id", "mkdir", "sed"] {
            let found = ["/bin", "/usr/bin"].map(|bin| Path::new(bin).join(program)).into_iter().find(|at| at.exists());
            symlink(found.unwrap(), folder.join(program)).unwrap();
        }
        for Example { name, command, needs, .. } in EXAMPLES {
            let mut script = Command::new(folder.join("sh"));
            script.args(command.split(' ')).current_dir(tools.root()).env_clear().env("PATH", &folder);
            let done = script.env("CARGO_TARGET_DIR", folder.join("target")).output().unwrap();
            let said = String::from_utf8(done.stderr).unwrap();
            assert_eq!(done.status.code(), Some(3), "{name}: {said}");
            assert!(!called.exists(), "{name} calls cargo first");
            for lack in needs.iter().filter_map(said_of) {
                assert!(said.contains(&lack), "{name} does not say {lack:?}: {said}");
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_script_is_tried() {
        let root = Tools::find().unwrap().root().to_owned();
        let folders = fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path());
        let scripts = folders.map(|folder| folder.join("run.sh")).filter(|script| script.exists());
        let there: BTreeSet<_> = scripts.map(|script| script.strip_prefix(&root).unwrap().to_owned()).collect();
        let tried: BTreeSet<_> =
            EXAMPLES.iter().map(|example| Path::new(example.command.split(' ').next().unwrap()).to_owned()).collect();
        assert_eq!(there, tried);
    }
}
