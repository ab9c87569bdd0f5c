//! Bytes claimed over bytes asked for.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::build::Program;
use crate::kind::Kind;
use crate::report::Report;
use crate::worker::Worker;

/// Looks at every contender of the rows with `filter` in their names, each in a process or an instance of its own.
pub fn run(programs: &[Program], filter: &str, report: &mut Report) -> Result<()> {
    for program in programs {
        let mut worker = Worker::start(program)?;
        let rows = worker.list(filter)?;
        let bar = ProgressBar::new(rows.len() as u64);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} of {duration}  {wide_msg}")?);
        for row in &rows {
            bar.set_message(format!("{}: memory of {}", program.place.name, row.name));
            for (at, (name, kind)) in row.contenders.iter().enumerate() {
                // What a limit has was there before; and a row that asks for nothing has no ratio.
                if *kind != Kind::Limit && row.bytes > 0.0 {
                    let claimed = worker.fresh(row, at, 0, 1)?.claimed;
                    report.row(row).contender(name).set_memory(program.place.platform, claimed / row.bytes);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    Ok(())
}
