//! The files with the words about a request, refused or accepted: `last_error` and `last_note` of
//! the object that a file belongs to.

use alloc::format;
use alloc::string::String;

/// Returns where words about the file `rest` of a scheme may stand, within that scheme, and the name that they
/// begin with. The words about a file are beside it; those about a device, which is a file and has
/// files, are among its own.
pub fn places(rest: &str) -> [(String, &str); 2] {
    let rest = rest.trim_end_matches('/');
    let (directory, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let slash = if directory.is_empty() { "" } else { "/" };
    [(format!("{directory}{slash}last_error"), name), (format!("{rest}/last_error"), name)]
}

/// Returns where words about a write to the file `rest` of a scheme may stand that was taken, within that scheme,
/// and the name that they begin with.
pub fn note_place(rest: &str) -> (String, &str) {
    let (directory, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let slash = if directory.is_empty() { "" } else { "/" };
    (format!("{directory}{slash}last_note"), name)
}

/// Returns the words that a `last_error` or `last_note` holds, if they are about the file called `name`.
pub fn words<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let why = text.trim().strip_prefix(name)?.strip_prefix(':')?;
    Some(why.trim())
}

#[cfg(test)]
mod tests {
    use super::{note_place, places, words};

    #[test]
    fn notes_about_an_attribute_are_beside_it() {
        assert_eq!(note_place("2/mem_limit"), ("2/last_note".into(), "mem_limit"));
        assert_eq!(note_place("params"), ("last_note".into(), "params"));
    }

    #[test]
    fn words_about_an_attribute_are_beside_it() {
        assert_eq!(places("2/disksize")[0], ("2/last_error".into(), "disksize"));
        assert_eq!(places("params")[0], ("last_error".into(), "params"));
    }

    #[test]
    fn words_about_a_device_are_among_its_own_files() {
        assert_eq!(places("2")[1], ("2/last_error".into(), "2"));
        assert_eq!(places("2/")[1], ("2/last_error".into(), "2"));
    }

    #[test]
    fn words_about_another_file_are_not_taken() {
        assert_eq!(words("2: only whole pages\n", "2"), Some("only whole pages"));
        assert_eq!(words("disksize: too large\n", "disk"), None);
        assert_eq!(words("", "2"), None);
    }
}
