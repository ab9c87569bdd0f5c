//! The rows, each file a kind of work.

mod blocks;
mod growth;
mod programs;
mod random;
mod texts;

use freehold_perf_harness::row::Row;

use crate::row::row;
#[cfg(not(target_arch = "wasm32"))]
pub use programs::{TEXT, page};

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
        row::<programs::Outline>(),
        row::<programs::Catalogue>(),
        row::<programs::Messages>(),
        row::<texts::Tree>(),
        row::<programs::Patterns>(),
        row::<programs::Markdown>(),
    ]
}
