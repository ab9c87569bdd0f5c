//! Instructions, counted by callgrind: they don't depend on how busy the machine is.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::build::{Program, Workshop};
use crate::report::Report;
use crate::worker::{Nature, Worker};

/// Why there will be no counts here, if that is so.
pub fn obstacle() -> Option<&'static str> {
    if cfg!(not(target_arch = "x86_64")) {
        return Some("they are told apart on x86-64 only");
    }
    let here = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    (!here.is_ok_and(|status| status.success())).then_some("no valgrind; on Debian `apt-get install valgrind` gets it")
}

/// Counts for all rows with `filter` in their names, if that can be done here.
pub fn run(workshop: &Workshop, program: &Program, filter: &str, report: &mut Report) -> Result<()> {
    if obstacle().is_some() {
        return Ok(());
    }
    eprintln!("· counting instructions");
    let mut rows = Worker::start(program)?.list(filter)?;
    rows.retain(|row| row.counted > 0.0);
    let folder = workshop.scratch().join("callgrind");
    // Counts of another run would be taken for this one's.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", folder.join("out").display()));
    valgrind.args(program.paths()).arg("count").args(rows.iter().map(|row| row.number.to_string()));
    let status = valgrind.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !status.success() {
        eprintln!("· no instruction counts: valgrind ended with {status}");
        return Ok(());
    }
    let mut counts = HashMap::new();
    for file in fs::read_dir(&folder)? {
        let text = fs::read_to_string(file?.path())?;
        if let Some((name, count)) = read(&text) {
            counts.insert(name, count);
        }
    }
    for listed in &rows {
        let more = if listed.nature == Nature::Large { 2 } else { 11 };
        for (at, (name, _)) in listed.contenders.iter().enumerate() {
            let count = |iterations| counts.get(&[listed.number, at, iterations]);
            if let (Some(once), Some(often)) = (count(1), count(more)) {
                let count = (often - once) / (more - 1) as f64 / listed.counted;
                report.row(listed).contender(name).instructions = Some(count);
            }
        }
    }
    fs::remove_dir_all(&folder).context("callgrind's files can't be removed")
}

/// The name of a count: row, contender, iterations. And the count.
fn read(text: &str) -> Option<([usize; 3], f64)> {
    let after = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let name = after("desc: Trigger: Client Request: ")?;
    let numbers: Vec<usize> = name.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    Some((numbers.try_into().ok()?, after("summary: ")?.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_from_callgrind() {
        let text = "version: 1\n\ndesc: Trigger: Client Request: 3 4 11\n\nevents: Ir\nsummary: 626\n";
        assert_eq!(read(text), Some(([3, 4, 11], 626.0)));
        assert_eq!(read("desc: Trigger: Program termination\nsummary: 1\n"), None);
    }
}
