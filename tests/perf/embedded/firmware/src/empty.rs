//! Nothing.

pub fn run() -> bool {
    true
}
