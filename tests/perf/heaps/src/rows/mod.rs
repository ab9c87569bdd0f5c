//! The rows, each file a kind of work.

mod blocks;
mod growth;
mod programs;
mod random;
mod texts;

use freehold_perf_harness::row::Row;

use crate::row::row;

/// All rows, in the order of the report.
pub fn all() -> Vec<Row> {
    vec![
        row::<blocks::AnySize>(),
        row::<blocks::Resized>(),
        row::<blocks::Small>(),
        row::<growth::One>(),
        row::<growth::Sixteen>(),
        row::<texts::Strings>(),
        row::<programs::Json>(),
        row::<texts::Tree>(),
        row::<programs::Patterns>(),
        row::<programs::Markdown>(),
    ]
}
