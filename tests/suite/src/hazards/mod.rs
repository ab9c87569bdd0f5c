//! A test for each hazard that isn't one of a single verb, named after its row.

pub mod growing;
pub mod keeping;
pub mod reentry;
pub mod refusing;
pub mod regions;
pub mod threads;
