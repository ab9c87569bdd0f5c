//! The rows, each file a kind of work.

mod blocks;
mod growth;
mod programs;
mod random;
mod texts;

use freehold_perf_harness::row::Row;

use crate::row::row;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use programs::{TEXT, page};

/// All rows, in the order of the report.
pub fn all() -> Vec<Row> {
    const GROUP: &str = "Global allocators";
    vec![
        row::<blocks::AnySize>(GROUP),
        row::<blocks::Resized>(GROUP),
        row::<blocks::Small>(GROUP),
        row::<growth::One>(GROUP),
        row::<growth::Sixteen>(GROUP),
        row::<texts::Strings>(GROUP),
        row::<programs::Json>(GROUP),
        row::<programs::Outline>(GROUP),
        row::<programs::Catalogue>(GROUP),
        row::<programs::Messages>(GROUP),
        row::<texts::Tree>(GROUP),
        row::<programs::Patterns>(GROUP),
        row::<programs::Markdown>(GROUP),
    ]
}

/// Those of debug layers, which take many times as long: there is less to do in each.
pub fn layered() -> Vec<Row> {
    const GROUP: &str = "With a debug layer";
    vec![row::<blocks::FewSmall>(GROUP), row::<blocks::FewOfAnySize>(GROUP), row::<programs::MessagesOnce>(GROUP)]
}
