//! Our tiers: the algorithms at the levels that a device is measured with as a whole.
//!
//! The codecs alone are compared at more levels ([`crate::contenders`]); a whole device is filled
//! several times for each tier, so only the levels that a reader chooses among are here.

use zram::{Algorithm, Compressor};

/// The tier that memory and speed are compared with Linux's by: the denser one of the quick two.
pub(crate) const OURS: &str = "zram pagelz";

/// A compressor with the name of the devices that use it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tier {
    pub(crate) name: &'static str,
    pub(crate) compressor: Compressor,
    /// Whether it is measured with 1 GiB, in random order and by two threads too.
    pub(crate) in_all_ways: bool,
}

/// Returns the tiers, the quickest last.
pub(crate) fn all() -> Vec<Tier> {
    let tier = |(name, algorithm, level, in_all_ways)| {
        let compressor = Compressor::with_level(algorithm, level).expect("it has that level");
        Tier { name, compressor, in_all_ways }
    };
    [
        ("zram pagelz level=9", Algorithm::Pagelz, 9, false),
        ("zram pagelz level=6", Algorithm::Pagelz, 6, false),
        ("zram pagelz level=5", Algorithm::Pagelz, 5, false),
        (OURS, Algorithm::Pagelz, 1, true),
        ("zram lz4-safe", Algorithm::Lz4Safe, 1, false),
        ("zram lz4", Algorithm::Lz4, 1, true),
    ]
    .map(tier)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::BTreeSet;

    #[test]
    fn every_tier_has_a_name_of_its_own() {
        let names: BTreeSet<_> = all().iter().map(|tier| tier.name).collect();
        assert_eq!(names.len(), all().len());
    }
}
