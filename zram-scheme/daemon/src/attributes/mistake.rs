//! The mistakes in written text, and their words.
//!
//! A [`Mistake`] says what is wrong, a [`Wrong`] also where: in which key of a line, and with which
//! value. Its words are one line: the file, the key, the value, what is wrong, and what would be
//! accepted. Neighbours: the parsers return these, `errno.rs` turns them into numbers, `scheme`
//! keeps the words for `last_error`.

use core::fmt::{self, Display, Formatter};

use zram::Algorithm;
use zram_abi::size::NotASize;

use super::number::Numbers;
use crate::devices::DEVICES_MAX;
use crate::text::Words;
use crate::words::{Levels, Names};

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
    NotANumber(Numbers),
    /// A number that the file has no room for.
    OutOfRange(Numbers),
    /// A number that is one of the file's, but without a meaning.
    Meaningless(Numbers),
    /// A number above those of devices.
    NoSuchId,
    /// Not a size.
    NotASize(NotASize),
    /// A device of no bytes.
    ZeroSize,
    /// A device so big that no table could be.
    TooBig,
    /// A name of an algorithm of 128 bytes or more.
    NameTooLong,
    /// No algorithm of that name.
    UnknownAlgorithm,
    /// A word of a line without `=value`.
    NoValue(Keys),
    /// A key that does not exist.
    UnknownKey(Keys),
    /// The same key again.
    KeyTwice,
    /// A quote that does not end, or a value that goes on behind it.
    OpenQuote,
    /// The algorithm has no such level.
    NoSuchLevel,
}

/// Which file's line keys are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Those of `control/hot_add`.
    HotAdd,
    /// Those of `algorithm_params`.
    Parameters,
}

const _: () = assert!(DEVICES_MAX == 32, "the words of `NoSuchId` say so");

impl Keys {
    /// Returns the names of the keys.
    pub(crate) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::HotAdd => {
                &["id", "disksize", "comp_algorithm", "level", "mem_limit", "mem_watermark"]
            }
            Self::Parameters => &["priority", "algo", "level"],
        }
    }

    /// Returns lines that are right.
    const fn examples(self) -> &'static str {
        match self {
            Self::HotAdd => "write an empty line to add a device, or id=1 disksize=64M",
            Self::Parameters => "write algo=lz4 level=2",
        }
    }
}

impl Display for Mistake {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::NotText => "not text",
            Self::TooLong => "more than 4096 bytes in one write",
            Self::ReadOnly => "the file cannot be written",
            Self::NotANumber(numbers) => {
                return write!(formatter, "not a decimal number; {numbers}");
            }
            Self::OutOfRange(numbers) => {
                return write!(formatter, "the number is out of range; {numbers}");
            }
            Self::Meaningless(numbers) => {
                return write!(formatter, "has no meaning here; {numbers}");
            }
            Self::NoSuchId => "an id is 0 to 31",
            Self::NotASize(why) => return why.fmt(formatter),
            Self::ZeroSize => "a device has at least one byte",
            Self::TooBig => "too large; a device has 1 to 8796093018112 bytes (8 TiB less a page)",
            Self::NameTooLong => "a name of 128 bytes or more",
            Self::UnknownAlgorithm => {
                let names = Algorithm::ALL.iter().map(|algorithm| algorithm.name());
                return write!(formatter, "no such algorithm; there are {}", Names(names));
            }
            Self::NoValue(keys) => {
                return write!(formatter, "no key=value; {}", keys.examples());
            }
            Self::UnknownKey(keys) => {
                return write!(formatter, "no such key; there are {}", Names(keys.names().iter()));
            }
            Self::KeyTwice => "the key comes twice",
            Self::OpenQuote => "a quote that does not end, or has no blank behind it",
            Self::NoSuchLevel => return write!(formatter, "no such level; {Levels}"),
        };
        formatter.write_str(what)
    }
}

/// A mistake, and where it is in what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong<'a> {
    /// What is wrong.
    pub(crate) mistake: Mistake,
    /// With which key of a line, if there is one.
    pub(crate) key: Option<&'a str>,
    /// What was written there.
    pub(crate) value: &'a [u8],
}

impl<'a> Wrong<'a> {
    /// Returns the mistake in the value of `key`.
    pub(crate) fn in_key(key: &'a str, value: &'a str, mistake: Mistake) -> Self {
        Self { mistake, key: Some(key), value: value.as_bytes() }
    }

    /// Returns the mistake in the whole of what was written.
    pub(crate) const fn in_all(written: &'a [u8], mistake: Mistake) -> Self {
        Self { mistake, key: None, value: written }
    }

    /// Returns what is wrong with a write to `file`, and what to write instead.
    pub(crate) fn words(self, file: &str) -> Words {
        let Self { mistake, key, value } = self;
        let (key, is) = key.map_or(("", ""), |key| (key, "="));
        Words::of(format_args!("{file}: {key}{is}\"{}\": {mistake}", Quoted(value)))
    }
}

/// Most bytes of the written text that are repeated in the words.
const QUOTED_MAX: usize = 40;

/// The beginning of foreign bytes, printable.
struct Quoted<'a>(&'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let written = self.0.strip_suffix(b"\n").unwrap_or(self.0);
        let shown = written.get(..QUOTED_MAX).unwrap_or(written);
        write!(formatter, "{}", shown.escape_ascii())?;
        if shown.len() < written.len() { formatter.write_str("...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, Mistake, Wrong};

    #[test]
    fn words_name_the_file_and_quote_the_beginning_of_what_was_written() {
        let words = Wrong::in_all(b"12x\n", Mistake::ZeroSize).words("disksize");
        assert_eq!(words.text(), "disksize: \"12x\": a device has at least one byte");
        let words = Wrong::in_all(&[0xff; 100], Mistake::NotText).words("reset");
        assert!(words.text().contains("\\xff"), "{words:?}");
    }

    #[test]
    fn words_name_the_key_that_was_wrong() {
        let words = Wrong::in_key("id", "99", Mistake::NoSuchId).words("hot_add");
        assert_eq!(words.text(), "hot_add: id=\"99\": an id is 0 to 31");
    }

    #[test]
    fn words_list_what_there_is() {
        let words = Wrong::in_all(b"zstd", Mistake::UnknownAlgorithm).words("comp_algorithm");
        for algorithm in zram::Algorithm::ALL {
            assert!(words.text().contains(algorithm.name()), "{words:?}");
        }
        let wrong = Wrong::in_key("bogus", "1", Mistake::UnknownKey(Keys::HotAdd));
        let words = wrong.words("hot_add");
        for key in Keys::HotAdd.names() {
            assert!(words.text().contains(key), "{words:?}");
        }
    }
}
