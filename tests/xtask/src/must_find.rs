//! What the debug layer must find, where the suite doesn't run: on boards that qemu emulates, and with each step in another worker; and the control,
//! each row on its own without the layer. (The suite has it natively, in node, on WASI and on Emscripten.)

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::boards::{BOARDS, Board};
use crate::command::Out;
use crate::soak::THREADS;
use crate::step::Step;
use crate::threads;
use crate::tools::{Toolchain, Tools};

/// The rows, and the programs that run them.
pub const PACKAGE: &str = "freehold-must-find";

/// What makes arenas, pools and claims look. Of these packages alone, so that others are not built once more.
const LOOKS: &str = "--config profile.release.package.freehold.debug-assertions=true \
     --config profile.release.package.freehold-must-find.debug-assertions=true";

/// A core without compare-and-swap, of either kind.
fn boards() -> [&'static Board; 2] {
    [&BOARDS[0], &BOARDS[2]]
}

/// These steps.
pub fn steps() -> Vec<Step> {
    let on = |board: &'static Board| {
        Step::new(format!("debug layer on a {}", board.name), |tools, out| found(board, tools, out))
            .needs(board.needs(PACKAGE))
    };
    let mut steps: Vec<_> = boards().into_iter().map(on).collect();
    let board = boards()[0];
    steps.push(
        Step::new(format!("debug layer on a {}, control", board.name), |tools, out| unwatched(board, tools, out))
            .needs(board.needs(PACKAGE)),
    );
    steps.push(threads::step("debug layer in workers", THREADS, in_workers));
    steps
}

/// Builds a program for a board.
fn program(board: &Board, name: &str, words: &str, tools: &Tools, out: &Out) -> Result<PathBuf> {
    let cargo = tools.cargo(Toolchain::Current)?.args("build --release -p").arg(PACKAGE).arg("--bin").arg(name);
    cargo.arg("--target").arg(board.target).args(words).run(out)?;
    Ok(tools.target_dir().join(board.target).join("release").join(name))
}

/// All rows, and their twins.
fn found(board: &Board, tools: &Tools, out: &Out) -> Result<()> {
    let program = program(board, "must-find", LOOKS, tools, out)?;
    let code = board.start(&program, tools)?.limit(Duration::from_secs(5 * 60)).ended(out)?;
    ensure!(code == Some(0), "it ended with {code:?}");
    ensure!(out.text()?.contains("all found, and nothing in their twins"), "it did not look");
    Ok(())
}

/// Each row alone: it goes on as if nothing were, or breaks, as it says that it does.
fn unwatched(board: &Board, tools: &Tools, out: &Out) -> Result<()> {
    /// How many rows of each kind there are at least.
    const SOME: usize = 5;
    let program = program(board, "must-find-unwatched", "", tools, out)?;
    let (mut go_on, mut break_) = (0, 0);
    for number in 0.. {
        let before = out.text()?.len();
        let task = board.start(&program, tools)?.arg("-append").arg(number.to_string());
        let code = task.limit(Duration::from_secs(60)).ended(out)?;
        let said = out.text()?.split_off(before);
        if said.contains("no such row") {
            break;
        }
        let (row, expected) = said.split_once(", expected: ").context("it did not say what is expected")?;
        let row = row.lines().last().unwrap_or_default();
        let goes_on = expected.starts_with("GoesOn");
        out.note(&format!("{row}: ended with {code:?}\n"))?;
        ensure!(goes_on == (code == Some(0)), "{row}: it ended with {code:?}");
        *(if goes_on { &mut go_on } else { &mut break_ }) += 1;
    }
    ensure!(go_on >= SOME && break_ >= SOME, "{go_on} go on, {break_} break");
    Ok(())
}

/// On one memory, in node.
fn in_workers(tools: &Tools, out: &Out) -> Result<()> {
    let module = threads::module(THREADS, LOOKS, tools, out)?;
    tools.node().args("tests/hosts/threads/must_find.mjs").arg(module).run(out)
}
