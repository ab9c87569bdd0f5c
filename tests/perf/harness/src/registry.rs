//! All rows behind numbers, as `cargo perf` calls them up.

use std::fmt::Write;

use crate::job::{Job, Sample};
use crate::row::{Kind, Nature, Row};

/// All rows.
pub struct Registry(Vec<Row>);

impl Registry {
    /// Of these rows.
    pub fn new(rows: Vec<Row>) -> Self {
        Registry(rows)
    }

    /// The rows and their contenders, each in a line, its fields apart by tabs. `cargo perf` reads it.
    pub fn list(&self) -> String {
        let mut text = String::new();
        let mut line = |fields: &[&str]| writeln!(text, "{}", fields.join("\t")).expect("a `String` takes all");
        for row in &self.0 {
            let [operations, counted, bytes] =
                [row.operations, row.counted, row.bytes].map(|number| number.to_string());
            let nature = match row.nature {
                Nature::Plain => "plain",
                Nature::Cold => "cold",
                Nature::Large => "large",
                Nature::Steady => "steady",
                Nature::Threads => "threads",
            };
            line(&["row", row.group, &row.name, &operations, &counted, &bytes, nature]);
            for contender in &row.contenders {
                let kind = match contender.kind {
                    Kind::Limit => "limit",
                    Kind::Ours => "ours",
                    Kind::Peer => "peer",
                };
                line(&["contender", contender.name, kind]);
            }
        }
        text
    }

    /// Does a measurement.
    pub fn measure(&self, row: usize, contender: usize, job: &Job) -> Sample {
        (self.0[row].contenders[contender].measure)(job)
    }

    /// Does the work of these rows with every contender, for callgrind to count: once, and a few times more, so that what
    /// is not the work's own can be taken off. Each count's name is `ROW CONTENDER ITERATIONS`.
    pub fn count(&self, rows: &[usize]) {
        for at in rows {
            let row = &self.0[*at];
            for (who, contender) in row.contenders.iter().enumerate() {
                for iterations in if row.nature == Nature::Large { [1, 2] } else { [1, 11] } {
                    let counted = Some(format!("{at} {who} {iterations}"));
                    (contender.measure)(&Job { iterations, placement: 0, counted });
                }
            }
        }
    }
}
