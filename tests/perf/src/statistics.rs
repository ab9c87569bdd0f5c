//! The middle of many samples.

use serde::Serialize;

/// Where the middle half of the samples lies.
#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
pub struct Quartiles {
    /// A quarter of the samples are below.
    pub low: f64,
    /// Half of them are.
    pub median: f64,
    /// Three quarters are.
    pub high: f64,
}

impl Quartiles {
    /// Of at least one sample.
    pub fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_samples() {
        let quartiles = Quartiles::of(&[4.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!(quartiles, Quartiles { low: 2.0, median: 3.0, high: 4.0 });
        assert_eq!(Quartiles::of(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Quartiles::of(&[7.0]).high, 7.0);
    }
}
