//! Reads a cpio archive of the "newc" kind, file by file.
//!
//! Format: cpio(5), "New ASCII Format": a header of 110 characters (6 of magic and 13 numbers of 8
//! hexadecimal digits), the name, the content, each padded to 4 bytes; `TRAILER!!!` ends it.

use core::str;

const MAGIC: &[u8] = b"070701";
const HEADER_SIZE: usize = 110;
const TRAILER: &str = "TRAILER!!!";
const MODE_FIELD: usize = 1;
const SIZE_FIELD: usize = 6;
const NAME_SIZE_FIELD: usize = 11;
const MODE_KIND: usize = 0o170_000;
const MODE_FILE: usize = 0o100_000;

/// The ordinary files of an archive; a damaged entry ends the walk.
pub struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Returns the files of `archive`.
    pub fn of(archive: &'a [u8]) -> Self {
        Self { rest: archive }
    }

    /// Takes one entry: its mode, name and content.
    fn take(&mut self) -> Option<(usize, &'a str, &'a [u8])> {
        let header = self.rest.get(..HEADER_SIZE).filter(|header| header.starts_with(MAGIC))?;
        let name_size = number(header, NAME_SIZE_FIELD)?;
        let name_end = HEADER_SIZE.checked_add(name_size)?;
        let name = self.rest.get(HEADER_SIZE..name_end)?.strip_suffix(&[0])?;
        let start = name_end.next_multiple_of(4);
        let end = start.checked_add(number(header, SIZE_FIELD)?)?;
        let content = self.rest.get(start..end)?;
        self.rest = self.rest.get(end.next_multiple_of(4)..).unwrap_or(&[]);
        Some((number(header, MODE_FIELD)?, str::from_utf8(name).ok()?, content))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (mode, name, content) = self.take()?;
            if name == TRAILER {
                return None;
            }
            if mode & MODE_KIND == MODE_FILE {
                return Some((name.trim_start_matches("./").trim_start_matches('/'), content));
            }
        }
    }
}

fn number(header: &[u8], field: usize) -> Option<usize> {
    let at = MAGIC.len() + 8 * field;
    usize::from_str_radix(str::from_utf8(header.get(at..at + 8)?).ok()?, 16).ok()
}
