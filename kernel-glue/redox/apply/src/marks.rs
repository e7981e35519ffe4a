//! Lines that can be told from the kernel's own.
//!
//! An inserted line ends with a mark. A replaced line stays, unchanged, behind a mark.

/// How a file writes comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    /// `//`
    Rust,
    /// `#`
    Toml,
}

impl Comment {
    /// Returns how the file of this name writes comments.
    #[must_use]
    pub fn of(file: &str) -> Self {
        if file.ends_with(".toml") { Self::Toml } else { Self::Rust }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Rust => "//",
            Self::Toml => "#",
        }
    }
}

/// What every line that was put ends with, behind the sign of a comment.
const MARK: &str = " zram-hook";
/// What a line that was replaced stands behind.
const WAS: &str = " zram-hook was:";

/// Returns a line without its end, and the end.
#[must_use]
pub fn split_end(line: &str) -> (&str, &str) {
    let content =
        line.strip_suffix('\n').map_or(line, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    line.split_at(content.len())
}

/// Returns the line that stands in a tree for one of the list.
#[must_use]
pub fn put(line: &str, comment: Comment, end: &str) -> String {
    format!("{line} {}{MARK}{end}", comment.sign())
}

/// Returns the comment that keeps a line of the kernel that was replaced; `line` with its end.
#[must_use]
pub fn keep(line: &str, comment: Comment) -> String {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    format!("{}{}{WAS}{line}", &line[..indent], comment.sign())
}

/// Returns the text as it was before any line was put or replaced.
#[must_use]
pub fn strip(text: &str, comment: Comment) -> String {
    let was = format!("{}{WAS}", comment.sign());
    let mark = format!(" {}{MARK}", comment.sign());
    let mut stripped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if let Some(kept) = line.trim_start_matches([' ', '\t']).strip_prefix(&was) {
            stripped.push_str(kept);
        } else if !split_end(line).0.ends_with(&mark) {
            stripped.push_str(line);
        }
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_put_is_taken_out() {
        let text = format!("a\n{}b\n", put("    x();", Comment::Rust, "\n"));
        assert_eq!(text, "a\n    x(); // zram-hook\nb\n");
        assert_eq!(strip(&text, Comment::Rust), "a\nb\n");
    }

    #[test]
    fn a_line_that_was_replaced_comes_back_with_its_blanks_and_its_end() {
        let line = "\t  a  (); \t\r\n";
        assert_eq!(strip(&keep(line, Comment::Rust), Comment::Rust), line);
    }

    #[test]
    fn a_line_that_only_speaks_of_the_mark_stays() {
        let text = "// zram-hook lines are below\nlet a = \" zram-hook\";\n";
        assert_eq!(strip(text, Comment::Rust), text);
    }

    #[test]
    fn a_manifest_has_its_own_sign() {
        assert_eq!(put("a = 1", Comment::of("rmm/Cargo.toml"), "\n"), "a = 1 # zram-hook\n");
        assert_eq!(strip("a = 1 # zram-hook\nb = 2\n", Comment::Toml), "b = 2\n");
    }
}
