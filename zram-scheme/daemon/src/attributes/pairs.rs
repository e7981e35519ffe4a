//! A row of `key=value`, as in Linux's parameter lists: separated by blanks, values optionally in
//! double quotes.

use super::mistake::{Keys, Mistake, Wrong};

/// The pairs of a line. It ends after the first mistake.
pub(crate) struct Pairs<'a> {
    rest: &'a str,
    keys: Keys,
}

impl<'a> Pairs<'a> {
    /// Returns the pairs of `line`, which may end with a newline and is of the file with those keys.
    pub(crate) fn of(line: &'a str, keys: Keys) -> Self {
        Self { rest: line.strip_suffix('\n').unwrap_or(line).trim_matches(' '), keys }
    }

    fn take(&mut self) -> Result<(&'a str, &'a str), Wrong<'a>> {
        let word = self.rest.split(' ').next().unwrap_or(self.rest);
        let no_value = Wrong::in_all(word.as_bytes(), Mistake::NoValue(self.keys));
        let (key, behind) = self.rest.split_once('=').ok_or(no_value)?;
        if key.is_empty() || key.contains(' ') {
            return Err(no_value);
        }
        let open_quote = Wrong::in_all(word.as_bytes(), Mistake::OpenQuote);
        let (value, behind) = take_value(behind).ok_or(open_quote)?;
        if value.is_empty() {
            return Err(no_value);
        }
        self.rest = behind.trim_start_matches(' ');
        Ok((key, value))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, &'a str), Wrong<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let pair = self.take();
        if pair.is_err() {
            self.rest = "";
        }
        Some(pair)
    }
}

/// Keeps the value of a key that has none yet.
///
/// # Errors
///
/// [`Mistake::KeyTwice`], and the mistake in `value` before that.
pub(crate) fn once<T>(place: &mut Option<T>, value: Result<T, Mistake>) -> Result<(), Mistake> {
    match place.replace(value?) {
        None => Ok(()),
        Some(_) => Err(Mistake::KeyTwice),
    }
}

/// Splits what is behind a `=` into the value and the rest; nothing for a quote that does not end.
fn take_value(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        Some(quoted) => {
            let (value, rest) = quoted.split_once('"')?;
            let ends = rest.is_empty() || rest.starts_with(' ');
            ends.then_some((value, rest))
        }
        None => Some(text.split_once(' ').unwrap_or((text, ""))),
    }
}
