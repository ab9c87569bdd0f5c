//! Where a fuzzer starts: programs of the model, from seeds that are always the same.

use std::fs;
use std::io;
use std::path::Path;

use freehold_suite::choices::{Choices, Seeded};

/// How many there are.
const SEEDS: u32 = 60;

/// The programs, short ones first.
pub fn all() -> impl Iterator<Item = Vec<u8>> {
    (0..SEEDS).map(|seed| {
        let mut choices = Seeded::new(seed, 20 + 4 * seed as usize);
        core::iter::from_fn(|| choices.next()).flat_map(u32::to_le_bytes).collect()
    })
}

/// Writes each into a file of its own in this folder.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (index, program) in all().enumerate() {
        fs::write(folder.join(format!("seed-{index}")), program)?;
    }
    Ok(())
}
