//! `comp_algorithm`: exact names, the chosen one in brackets.

use core::fmt::{self, Write};

use zram::Algorithm;

use super::mistake::Mistake;
use crate::text::Text;

/// Bytes from which on a name is refused before it is looked up, as in Linux.
const NAME_MAX: usize = 128;

/// Returns the algorithm of that name; one trailing newline is allowed.
///
/// # Errors
///
/// [`Mistake::NameTooLong`], [`Mistake::UnknownAlgorithm`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Algorithm, Mistake> {
    if bytes.len() >= NAME_MAX {
        return Err(Mistake::NameTooLong);
    }
    let name = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let name = core::str::from_utf8(name).map_err(|_| Mistake::UnknownAlgorithm)?;
    Algorithm::from_name(name).ok_or(Mistake::UnknownAlgorithm)
}

/// Writes all names, each with a blank behind it, and a newline.
///
/// # Errors
///
/// [`fmt::Error`] when memory is missing.
pub(crate) fn show(chosen: Algorithm, text: &mut Text) -> fmt::Result {
    for &algorithm in Algorithm::ALL {
        if algorithm == chosen {
            write!(text, "[{}] ", algorithm.name())?;
        } else {
            write!(text, "{} ", algorithm.name())?;
        }
    }
    text.write_str("\n")
}
