//! Boards that qemu emulates, and the programs that prove there what an interrupt may do. With `-icount` each instruction takes the same time,
//! so an interrupt comes at the same places in each run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::command::{Out, Task};
use crate::emscripten;
use crate::need::Need;
use crate::step::Step;
use crate::tools::{Toolchain, Tools};

/// A board.
pub struct Board {
    pub name: &'static str,
    pub target: &'static str,
    /// The emulator, and how it is called.
    qemu: &'static str,
    words: &'static str,
}

/// The micro:bit has as much RAM as an RP2040 here.
pub const BOARDS: &[Board] = &[
    Board {
        name: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        qemu: "qemu-system-arm",
        words: "-machine microbit -global nrf51-soc.sram-size=262144",
    },
    Board {
        name: "Cortex-M4",
        target: "thumbv7em-none-eabihf",
        qemu: "qemu-system-arm",
        words: "-machine mps2-an386 -cpu cortex-m4",
    },
    Board {
        name: "riscv32",
        target: "riscv32imc-unknown-none-elf",
        qemu: "qemu-system-riscv32",
        words: "-machine virt -bios none",
    },
];

/// What each is called with: 64 ns for an instruction.
const EMULATED: &str = "-nographic -semihosting-config enable=on,target=native -icount shift=6 -kernel";

/// The package that has the programs.
pub const INTERRUPTS: &str = "freehold-interrupts";

/// A program without what it is about.
struct Control {
    program: &'static str,
    /// How it must end: `tests/board` has the numbers.
    codes: &'static [i32],
    /// Whether it may also go on for ever.
    hangs: bool,
}

const CONTROLS: &[Control] = &[
    // The watchdog ends it.
    Control { program: "interrupts-spinning", codes: &[2], hangs: false },
    // What it breaks may be a list, which then has no end.
    Control { program: "interrupts-unlocked", codes: &[1], hangs: true },
];

/// A step for each board, and its controls.
pub fn steps() -> Vec<Step> {
    let step = |name: String, board: &'static Board, work: fn(&Board, &Tools, &Out) -> Result<()>| {
        Step::new(name, move |tools, out| work(board, tools, out))
            .needs(board.needs(INTERRUPTS))
            .in_folder("interrupts")
    };
    let of = |board: &'static Board| {
        let name = format!("interrupts: h34 on a {}", board.name);
        [step(format!("{name}, controls"), board, controls), step(name, board, kept_off)]
    };
    BOARDS.iter().flat_map(of).collect()
}

/// A million operations of main's and of the interrupt's: some twenty seconds, if nothing else runs.
fn kept_off(board: &Board, tools: &Tools, out: &Out) -> Result<()> {
    let code = board.run("interrupts-kept-off", Duration::from_secs(15 * 60), tools, out)?;
    ensure!(code == Some(0), "it ended with {code:?}");
    let said = out.text()?;
    ensure!(said.contains("every byte was as it was written"), "it did not look");
    Ok(())
}

fn controls(board: &Board, tools: &Tools, out: &Out) -> Result<()> {
    CONTROLS.iter().try_for_each(|Control { program, codes, hangs }| {
        let code = board.run(program, Duration::from_secs(60), tools, out)?;
        let as_it_must = code.map_or(*hangs, |code| codes.contains(&code));
        ensure!(as_it_must, "{program} ended with {code:?}");
        Ok(())
    })
}

impl Board {
    /// Builds the programs and runs one: its exit code, or none if it had to be stopped.
    fn run(&self, program: &str, limit: Duration, tools: &Tools, out: &Out) -> Result<Option<i32>> {
        let cargo = tools.cargo(Toolchain::Current)?.args("build --release -p").arg(INTERRUPTS);
        cargo.arg("--target").arg(self.target).run(out)?;
        self.start(&tools.target_dir().join(self.target).join("release").join(program), tools)?.limit(limit).ended(out)
    }

    /// A program that is built, in the emulator.
    pub fn start(&self, program: &Path, tools: &Tools) -> Result<Task> {
        let task = tools.program(Path::new(self.qemu)).env("PATH", emscripten::path(tools)?);
        Ok(task.args(self.words).args(EMULATED).arg(program))
    }

    /// What it takes to build a package for it and to run that.
    pub fn needs(&self, package: &'static str) -> [Need; 3] {
        [Need::Member(package), Need::Target(Toolchain::Current, self.target), Need::Qemu(self.qemu)]
    }
}
