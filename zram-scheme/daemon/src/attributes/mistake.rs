//! What can be wrong with what was written, and how to say it.
//!
//! Neighbours: the parsers give these, `errno.rs` turns them into numbers, `scheme` keeps the words
//! for `last_error`.

use crate::devices::DEVICES_MAX;
use crate::text::Words;
use crate::words::NO_SUCH_LEVEL;

/// Why written bytes are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Not UTF-8.
    NotText,
    /// More than [`super::WRITE_MAX`] bytes.
    TooLong,
    /// The file cannot be written.
    ReadOnly,
    /// Not a decimal number.
    NotANumber,
    /// A number that the file has no room for.
    OutOfRange,
    /// A number above those of devices.
    NoSuchId,
    /// Not a size.
    NotASize,
    /// A device of no bytes.
    ZeroSize,
    /// A device so big that no table could be.
    TooBig,
    /// Only 0 may be written here.
    NotZero,
    /// Only 1 may be written here.
    NotOne,
    /// 0 means nothing here.
    Zero,
    /// A name of an algorithm of 128 bytes or more.
    NameTooLong,
    /// No algorithm of that name.
    UnknownAlgorithm,
    /// A key without `=value`.
    NoValue,
    /// A key that does not exist.
    UnknownKey,
    /// The same key again.
    KeyTwice,
    /// A quote that does not end.
    OpenQuote,
    /// A key of `algorithm_params` that no algorithm here has.
    UnknownParameter,
    /// Only priority 0 has an algorithm.
    NoSuchPriority,
    /// The algorithm has no such level.
    NoSuchLevel,
}

const _: () = assert!(DEVICES_MAX == 32, "the words of `NoSuchId` say so");

/// Most bytes of the written text that are repeated in the words.
const QUOTED_MAX: usize = 40;

impl Mistake {
    /// Returns what to write instead of what was written to `file`.
    pub fn words(self, file: &str, written: &[u8]) -> Words {
        Words::of(format_args!("{file}: {}: \"{}\"", self.what(), Quoted(written)))
    }

    const fn what(self) -> &'static str {
        match self {
            Self::NotText => "not text",
            Self::TooLong => "more than 4096 bytes in one write",
            Self::ReadOnly => "the file cannot be written",
            Self::NotANumber => "not a decimal number",
            Self::OutOfRange => "the number is out of range",
            Self::NoSuchId => "an id is 0 to 31",
            Self::NotASize => "not a size, which is digits and at most one of K M G T P E",
            Self::ZeroSize => "a device has at least one byte",
            Self::TooBig => "no table is large enough, 8 TiB is the end",
            Self::NotZero => "only 0 has a meaning here",
            Self::NotOne => "only 1 has a meaning here",
            Self::Zero => "0 has no meaning here",
            Self::NameTooLong => "the name of the algorithm has 128 bytes or more",
            Self::UnknownAlgorithm => "no such algorithm",
            Self::NoValue => "a key needs =value",
            Self::UnknownKey => "no such key; there are id disksize comp_algorithm level mem_limit",
            Self::KeyTwice => "a key comes twice",
            Self::OpenQuote => "a quote does not end",
            Self::UnknownParameter => "no such key; there are priority algo level",
            Self::NoSuchPriority => "only priority 0 has an algorithm",
            Self::NoSuchLevel => NO_SUCH_LEVEL,
        }
    }
}

/// The beginning of foreign bytes, printable.
struct Quoted<'a>(&'a [u8]);

impl core::fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let written = self.0.strip_suffix(b"\n").unwrap_or(self.0);
        let shown = written.get(..QUOTED_MAX).unwrap_or(written);
        write!(formatter, "{}", shown.escape_ascii())?;
        if shown.len() < written.len() { formatter.write_str("...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Mistake;

    #[test]
    fn words_name_the_file_and_quote_the_beginning_of_what_was_written() {
        let words = Mistake::NotASize.words("disksize", b"12x\n");
        assert!(words.text().starts_with("disksize: not a size"), "{words:?}");
        assert!(words.text().ends_with("\"12x\""), "{words:?}");
        let words = Mistake::NotText.words("reset", &[0xff; 100]);
        assert!(words.text().contains("\\xff"), "{words:?}");
    }
}
