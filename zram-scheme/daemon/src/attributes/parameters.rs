//! `algorithm_params`: the level at which the device's algorithm compresses.
//!
//! Keys as in Linux: `priority` and `algo` choose the algorithm, `level` sets its level. A write
//! replaces all parameters: one without `level` restores the default. The lifecycle decides what
//! depends on the device: which algorithm it has, and whether that has such a level.

use core::fmt::{self, Write};

use zram::Compressor;

use super::mistake::{Keys, Mistake, Wrong};
use super::number::Numbers;
use super::pairs::{Pairs, once};
use super::{algorithm, number};
use crate::text::Text;
use zram_lifecycle::Parameters;

/// Returns what a line asks for; an empty one asks for the defaults.
///
/// # Errors
///
/// The mistake in the line, and where.
pub(crate) fn parse(line: &str) -> Result<Parameters, Wrong<'_>> {
    let (mut priority, mut algorithm, mut level) = (None, None, None);
    for pair in Pairs::of(line, Keys::Parameters) {
        let (key, value) = pair?;
        match key {
            "priority" => once(&mut priority, primary(value)),
            "algo" => once(&mut algorithm, algorithm::parse(value.as_bytes())),
            "level" => once(&mut level, number::int(value, Numbers::Level)),
            _ => Err(Mistake::UnknownKey(Keys::Parameters)),
        }
        .map_err(|mistake| Wrong::in_key(key, value, mistake))?;
    }
    Ok(Parameters { algorithm, level })
}

/// Accepts priority 0: the others have no algorithm.
fn primary(value: &str) -> Result<(), Mistake> {
    match number::int(value, Numbers::Priority)? {
        0 => Ok(()),
        _ => Err(Mistake::Meaningless(Numbers::Priority)),
    }
}

/// Writes what is in force, in the words that a write takes.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show(compressor: Compressor, text: &mut Text) -> fmt::Result {
    writeln!(text, "priority=0 algo={} level={}", compressor.algorithm().name(), compressor.level())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::attributes::mistake::{Keys, Mistake};
    use crate::attributes::number::Numbers;
    use zram::Algorithm;
    use zram_lifecycle::Parameters;

    #[test]
    fn keys_come_in_any_order_and_any_may_be_missing() {
        let parameters = |algorithm, level| Ok(Parameters { algorithm, level });
        for (line, expected) in [
            ("level=2\n", parameters(None, Some(2))),
            (" algo=lz4  priority=0 level=-7", parameters(Some(Algorithm::Lz4), Some(-7))),
            ("level=\"3\" algo=\"lz4-safe\"", parameters(Some(Algorithm::Lz4Safe), Some(3))),
            ("priority=0", parameters(None, None)),
            ("\n", parameters(None, None)),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_mistake_anywhere_refuses_the_whole_line() {
        for (line, mistake) in [
            ("level", Mistake::NoValue(Keys::Parameters)),
            ("level=", Mistake::NoValue(Keys::Parameters)),
            ("=2", Mistake::NoValue(Keys::Parameters)),
            ("level=2 algo", Mistake::NoValue(Keys::Parameters)),
            ("level=fast", Mistake::NotANumber(Numbers::Level)),
            ("level=1.5", Mistake::NotANumber(Numbers::Level)),
            ("level=2147483648", Mistake::OutOfRange(Numbers::Level)),
            ("level=-2147483649", Mistake::OutOfRange(Numbers::Level)),
            ("level=1 level=1", Mistake::KeyTwice),
            ("priority=1", Mistake::Meaningless(Numbers::Priority)),
            ("priority=-1", Mistake::Meaningless(Numbers::Priority)),
            ("algo=nosuch", Mistake::UnknownAlgorithm),
            ("dict=/etc/dict", Mistake::UnknownKey(Keys::Parameters)),
            ("deflate.winbits=9", Mistake::UnknownKey(Keys::Parameters)),
            ("bogus=1 level=2", Mistake::UnknownKey(Keys::Parameters)),
            ("algo=\"lz4 level=2", Mistake::OpenQuote),
        ] {
            assert_eq!(parse(line).map_err(|wrong| wrong.mistake), Err(mistake), "{line:?}");
        }
    }
}
