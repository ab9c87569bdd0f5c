//! A large text, made into HTML: few blocks, but large ones that grow in turns.

use super::{Done, clocked};
use crate::rows::{TEXT, page};

/// Prints the text of the rows, so many times over.
pub fn run(times: usize) -> Done {
    let text = TEXT.repeat(times);
    clocked(|| page(&text))
}
