//! One measurement: how often, where in memory, and what came out.

/// What to measure with.
#[derive(Clone, Debug)]
pub struct Job {
    /// How many times the row's work is done while the clock runs.
    pub iterations: u32,
    /// Which of the placements in memory; any number.
    pub placement: usize,
    /// The name under which callgrind counts instructions. Rows that are large do less work then.
    pub counted: Option<String>,
}

/// What one measurement gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// For all iterations together.
    pub nanoseconds: f64,
    /// The sum over all iterations. Each gives the same, so it is a multiple of their number.
    pub checksum: u64,
    /// The most bytes that were claimed at once, where the program knows.
    pub claimed: usize,
}

/// Adds up what `work` gives each time.
#[inline(always)]
pub fn repeat(iterations: u32, mut work: impl FnMut() -> u64) -> u64 {
    let mut sum = 0u64;
    for _ in 0..iterations {
        sum = sum.wrapping_add(work());
    }
    sum
}
