//! A row of `key=value`, as in Linux's parameter lists: blanks in between, values in double quotes if
//! they like.

use super::mistake::Mistake;

/// The pairs of a line. It ends after the first mistake.
pub(crate) struct Pairs<'a> {
    rest: &'a str,
}

impl<'a> Pairs<'a> {
    /// Returns the pairs of `line`, which may end with a newline.
    pub(crate) fn of(line: &'a str) -> Self {
        Self { rest: line.strip_suffix('\n').unwrap_or(line).trim_matches(' ') }
    }

    fn take(&mut self) -> Result<(&'a str, &'a str), Mistake> {
        let (key, behind) = self.rest.split_once('=').ok_or(Mistake::NoValue)?;
        let (value, behind) = take_value(behind)?;
        if value.is_empty() || key.contains(' ') {
            return Err(Mistake::NoValue);
        }
        self.rest = behind.trim_start_matches(' ');
        Ok((key, value))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, &'a str), Mistake>;

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

/// Splits what is behind a `=` into the value and the rest.
fn take_value(text: &str) -> Result<(&str, &str), Mistake> {
    match text.strip_prefix('"') {
        Some(quoted) => {
            let (value, rest) = quoted.split_once('"').ok_or(Mistake::OpenQuote)?;
            let ends = rest.is_empty() || rest.starts_with(' ');
            if ends { Ok((value, rest)) } else { Err(Mistake::OpenQuote) }
        }
        None => Ok(text.split_once(' ').unwrap_or((text, ""))),
    }
}
