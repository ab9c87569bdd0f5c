//! Other programs, and what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Where the parts of Rust are that is used in this folder.
pub fn sysroot(root: &Path) -> Result<PathBuf> {
    Ok(output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root))?.trim().into())
}

/// What a command wrote to its standard output; it must do well. Its errors go to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
