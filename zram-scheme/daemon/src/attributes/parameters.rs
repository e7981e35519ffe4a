//! `algorithm_params`: at which level the device's algorithm compresses.
//!
//! Keys as in Linux: `priority` and `algo` say which algorithm is meant, `level` how it works. A write
//! replaces all parameters: one without `level` puts the default back. What only the device knows,
//! which algorithm it has and whether that has such a level, the lifecycle decides.

use core::fmt::{self, Write};

use zram::Compressor;

use super::mistake::Mistake;
use super::pairs::Pairs;
use super::{algorithm, number};
use crate::text::Text;
use zram_lifecycle::Parameters;

/// Returns what a line asks for; an empty one asks for the defaults.
///
/// # Errors
///
/// The [`Mistake`] in the line.
pub(crate) fn parse(line: &str) -> Result<Parameters, Mistake> {
    let (mut priority, mut named, mut level) = (None, None, None);
    for pair in Pairs::of(line) {
        let (key, value) = pair?;
        let place = match key {
            "priority" => &mut priority,
            "algo" => &mut named,
            "level" => &mut level,
            _ => return Err(Mistake::UnknownParameter),
        };
        if place.replace(value).is_some() {
            return Err(Mistake::KeyTwice);
        }
    }
    match priority.map(number::int).transpose()? {
        None | Some(0) => {}
        Some(_) => return Err(Mistake::NoSuchPriority),
    }
    let algorithm = named.map(|name: &str| algorithm::parse(name.as_bytes())).transpose()?;
    Ok(Parameters { algorithm, level: level.map(number::int).transpose()? })
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
    use crate::attributes::mistake::Mistake;
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
            ("level", Mistake::NoValue),
            ("level=", Mistake::NoValue),
            ("level=2 algo", Mistake::NoValue),
            ("level=fast", Mistake::NotANumber),
            ("level=1.5", Mistake::NotANumber),
            ("level=2147483648", Mistake::OutOfRange),
            ("level=-2147483649", Mistake::OutOfRange),
            ("level=1 level=1", Mistake::KeyTwice),
            ("priority=1", Mistake::NoSuchPriority),
            ("priority=-1", Mistake::NoSuchPriority),
            ("algo=nosuch", Mistake::UnknownAlgorithm),
            ("dict=/etc/dict", Mistake::UnknownParameter),
            ("deflate.winbits=9", Mistake::UnknownParameter),
            ("bogus=1 level=2", Mistake::UnknownParameter),
            ("algo=\"lz4 level=2", Mistake::OpenQuote),
        ] {
            assert_eq!(parse(line), Err(mistake), "{line:?}");
        }
    }
}
