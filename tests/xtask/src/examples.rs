//! The examples that are folders: each runs by the command that its README names, and what it says is checked.

use anyhow::{Result, ensure};

use crate::beside_libc;
use crate::command::Out;
use crate::emscripten::{self, Version};
use crate::need::Need;
use crate::steps::Step;
use crate::tools::{Toolchain, Tools};

const WASM: Need = Need::Target(Toolchain::Current, "wasm32-unknown-unknown");
const THUMB: Need = Need::Target(Toolchain::Current, "thumbv7em-none-eabihf");
const M0: Need = Need::Target(Toolchain::Current, "thumbv6m-none-eabi");
const RISCV: Need = Need::Target(Toolchain::Current, "riscv32imc-unknown-none-elf");
const WASI: Need = Need::Target(Toolchain::Current, beside_libc::WASI);
const EMSCRIPTEN: &[Need] =
    &[Need::Target(Toolchain::Current, beside_libc::EMSCRIPTEN), Need::Node, Need::Emscripten(Version::Stable)];

/// All of them.
const EXAMPLES: &[Example] = &[
    Example {
        name: "javascript",
        command: "examples/javascript/run.sh",
        needs: &[WASM, Need::Node],
        says: &["medians: 2 2 4 6 5", "1000 more: ", "after:        0 numbers", "refused: no memory for", "│ global"],
    },
    Example {
        name: "wasm-bindgen",
        command: "examples/wasm-bindgen/run.sh",
        needs: &[WASM, Need::Node, Need::WasmBindgen],
        says: &[
            "medians: 2 2 4 6 5",
            "1000 more: ",
            "0 numbers; a new one: 5 3 4 1 2",
            "refused: no memory for",
            "│ global",
        ],
    },
    Example { name: "wasi in node", command: "examples/wasi/run.sh node", needs: &[WASI, Need::Node], says: ON_WASI },
    Example {
        name: "wasi in wasmtime",
        command: "examples/wasi/run.sh wasmtime",
        needs: &[WASI, Need::Wasmtime],
        says: ON_WASI,
    },
    Example { name: "c", command: "examples/c/run.sh native", needs: &[Need::Cc], says: WORDS },
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
        says: &["8000000 bytes in each: nobody wrote over anybody", "│ arena", "│ global", "from libc: "],
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
        needs: &[THUMB, Need::Qemu],
        says: &["job of channel 4 has to wait", "channel 4: median 425", "refused: `samples` asked for", "│ samples"],
    },
    Example {
        name: "cortex-m0",
        command: "examples/cortex-m0/run.sh",
        needs: &[M0, Need::Qemu],
        says: &["100 packets, in order", "too late: `fixed pool` asked for", " at once", "│ work"],
    },
    Example {
        name: "riscv32",
        command: "examples/riscv32/run.sh",
        needs: &[RISCV, Need::Qemu],
        says: &["turn 3: the 4 times", "refused: `words` asked for", "refused: 8192 bytes", " at the peak", "│ words"],
    },
    Example {
        name: "two-rams",
        command: "examples/two-rams/run.sh",
        needs: &[THUMB, Need::Qemu],
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

/// What the program says, whoever runs it.
const ON_WASI: &[&str] =
    &["nobody wrote over anybody", "in the memory of the first, 18 words kept", "│ arena", "│ · not ours ·"];

/// What `examples/c/main.c` says, wherever it runs.
const WORDS: &[&str] = &["4 counters are left", "refused: the block was freed before", "│ counters"];

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
        if example.needs.contains(&Need::Qemu) { script.env("PATH", emscripten::path(tools)?) } else { script };
    let said = script.read(out)?;
    out.note(&said)?;
    for says in example.says {
        ensure!(said.contains(says), "it does not say {says:?}");
    }
    Ok(())
}
