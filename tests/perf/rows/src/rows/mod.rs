//! The rows, each file a kind of work.

mod arenas;
mod graph;
mod life;
mod nodes;
mod pools;
mod scaling;
mod scopes;
mod threads;
mod tree;
mod vectors;

use crate::row::Row;

/// All rows, in the order of the report.
pub fn all() -> Vec<Row> {
    let files = [
        scopes::rows(),
        vectors::rows(),
        life::rows(),
        tree::rows(),
        graph::rows(),
        pools::rows(),
        threads::rows(),
        scaling::rows(),
    ];
    files.into_iter().flatten().collect()
}
