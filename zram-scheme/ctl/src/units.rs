//! Sizes as people read them.

use alloc::format;
use alloc::string::String;

/// Returns a size with one decimal and a suffix, as zramctl(8) shows it: 1536 is `1.5K`.
pub fn shortened(bytes: u64) -> String {
    let mut suffixes = ["K", "M", "G", "T", "P", "E"].into_iter();
    let (mut whole, mut tenths, mut suffix) = (bytes, 0, "B");
    while whole >= 1024 {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        suffix = suffixes.next().unwrap_or("E");
    }
    if tenths == 0 { format!("{whole}{suffix}") } else { format!("{whole}.{tenths}{suffix}") }
}

/// Returns a ratio with two decimals; nothing where it has no meaning.
pub fn ratio(of: u64, to: u64) -> Option<String> {
    let hundredths = u128::from(of) * 100 / u128::from((to > 0 && of > 0).then_some(to)?);
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use super::{ratio, shortened};

    #[test]
    fn a_size_has_the_largest_unit_that_leaves_a_whole_number() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1K"),
            (1536, "1.5K"),
            (384 << 20, "384M"),
            (u64::MAX, "15.9E"),
        ] {
            assert_eq!(shortened(bytes), text);
        }
    }

    #[test]
    fn a_ratio_of_nothing_or_to_nothing_is_none() {
        assert_eq!(ratio(300, 100).as_deref(), Some("3.00"));
        assert_eq!(ratio(u64::MAX, 1).as_deref(), Some("18446744073709551615.00"));
        assert_eq!((ratio(0, 1), ratio(1, 0)), (None, None));
    }
}
