//! One run of the soak.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::Result;

use crate::command::{Out, Task};
use crate::tools::Tools;

/// How many operations there are in a run beside other tests.
pub const FEW: u32 = 200_000;

/// Runs the program that `command` runs, and its controls; `prepare` adds what the command needs of the environment.
pub fn run(
    setting: &str,
    operations: u32,
    command: impl IntoIterator<Item = OsString>,
    prepare: impl Fn(Task) -> Task,
    tools: &Tools,
    out: &Out,
) -> Result<()> {
    let node = tools.node().limit(Duration::from_secs(40 * 60)).args("tests/hosts/soak.mjs").arg(setting);
    prepare(command.into_iter().fold(node.arg(operations.to_string()), Task::arg)).run(out)
}
