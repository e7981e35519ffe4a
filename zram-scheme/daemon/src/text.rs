//! Text for people, written without an allocation that could fail unnoticed.
//!
//! [`Text`] grows fallibly and is the text of a read of a file; [`Words`] has a fixed size and is
//! the text that a refusal leaves in `last_error`, or an accepted write in `last_note`. Both are
//! `core::fmt::Write`.

use alloc::vec::Vec;
use core::fmt;

/// Most bytes of a [`Words`]: three lines of a terminal, for lists of what there is.
pub(crate) const WORDS_MAX: usize = 240;

/// Bytes that grow as they are written; a write fails when memory is missing.
#[derive(Debug, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Returns a text without bytes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// At most [`WORDS_MAX`] bytes; what is longer ends early.
#[derive(Clone, Copy)]
pub struct Words {
    bytes: [u8; WORDS_MAX],
    count: usize,
}

impl Words {
    /// Nothing to say.
    pub const NONE: Self = Self { bytes: [0; WORDS_MAX], count: 0 };

    /// Returns the words that `arguments` make.
    pub fn of(arguments: fmt::Arguments<'_>) -> Self {
        let mut words = Self::NONE;
        // Writing ends early, but cannot fail.
        let _ = fmt::write(&mut words, arguments);
        words
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        let bytes = self.bytes.get(..self.count).unwrap_or_default();
        core::str::from_utf8(bytes).expect("only whole characters are appended")
    }

    /// Returns whether there is nothing to say.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Write for Words {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = WORDS_MAX - self.count;
        let whole = |size: &usize| text.is_char_boundary(*size);
        let part = &text[..(0..=room.min(text.len())).rev().find(whole).unwrap_or(0)];
        self.bytes[self.count..self.count + part.len()].copy_from_slice(part.as_bytes());
        self.count += part.len();
        Ok(())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::{WORDS_MAX, Words};

    #[test]
    fn long_words_end_before_a_character_that_does_not_fit() {
        let long = "x".repeat(WORDS_MAX - 1);
        let words = Words::of(format_args!("{long}\u{e4}yz"));
        assert_eq!(words.text(), format!("{long}"));
        assert_eq!(Words::of(format_args!("a {}", 1)).text(), "a 1");
    }
}
