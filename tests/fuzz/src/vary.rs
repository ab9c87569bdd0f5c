//! How the fuzzer makes one program from another.

use freehold_suite::choices::{Bytes, Choices, Seeded};

/// Varies the first `size` bytes, which may become `most`; returned is how many there are now. Half of the time some decisions in a row
/// are cut out, or come once more elsewhere, with those around them left whole; else `bytes` does what it likes.
pub fn vary(
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    bytes: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    const EACH: usize = Bytes::EACH;
    let mut choices = Seeded::new(seed, 5);
    let decisions = size / EACH;
    let kind = choices.below(4);
    if kind > 1 || decisions < 2 {
        return bytes(data, size, most);
    }
    // Mostly few.
    let longest = 1 << choices.below(7);
    let from = choices.below(decisions as u32) as usize;
    let many = (1 + choices.below(longest) as usize).min(decisions - from);
    let size = decisions * EACH;
    let run = from * EACH..(from + many) * EACH;
    if kind == 0 {
        data.copy_within(run.end..size, run.start);
        return (size - run.len()).max(EACH);
    }
    let to = choices.below(decisions as u32 + 1) as usize * EACH;
    if size + run.len() > most {
        return bytes(data, size, most);
    }
    let copy = data[run].to_vec();
    data.copy_within(to..size, to + copy.len());
    data[to..to + copy.len()].copy_from_slice(&copy);
    size + copy.len()
}

#[cfg(test)]
mod tests {
    use super::vary;

    #[test]
    fn decisions_stay_whole() {
        let program: Vec<u8> = (0..40u32).flat_map(u32::to_le_bytes).collect();
        let mut sizes = [0; 3];
        for seed in 0..1000 {
            let mut data = program.clone();
            data.resize(200, 0xff);
            let size = vary(&mut data, program.len(), 200, seed, |_, size, _| size);
            assert!(size <= 200);
            assert!(data[..size].chunks(4).all(|decision| decision[0] < 40 && decision[1..] == [0; 3]));
            sizes[(1 + size.cmp(&program.len()) as i8) as usize] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 100), "{sizes:?}");
    }
}
