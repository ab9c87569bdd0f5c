//! In wasm a program does not know its own stack, and a page has no files: nothing is written down.

use std::panic::Location;

pub(crate) struct From;

pub(crate) fn begin() -> From {
    From
}

pub(crate) fn came(_block: usize, _size: usize) {}

pub(crate) fn went(_block: usize) {}

pub(crate) fn clear() {}

pub(crate) fn tell(_from: &From, _of: &str, _blocks: Option<&[usize]>, _at: &Location<'_>) -> String {
    String::new()
}
