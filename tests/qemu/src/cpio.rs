//! Writes a cpio archive in the `newc` format (kernel.org: Documentation/driver-api/early-userspace
//! /buffer-format.rst), the form in which the kernel gets its first files.
//!
//! A header of 110 ASCII bytes, the name with its zero byte, the content; header plus name and
//! content are each padded to four bytes. Owner is 0, times are 0: the same files give the same
//! bytes.

const REGULAR_EXECUTABLE: u32 = 0o100_755;
const FOLDER: u32 = 0o040_755;
const TRAILER: &str = "TRAILER!!!";

/// An archive that grows by one file at a time.
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), entries: 0 }
    }

    /// Adds a folder; its parents come first.
    pub(crate) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER, &[]);
    }

    /// Adds a file that everyone may read and execute.
    pub(crate) fn file(&mut self, name: &str, content: &[u8]) {
        self.entry(name, REGULAR_EXECUTABLE, content);
    }

    /// Returns the bytes until now: the last file's content ends there, padded.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the archive with the trailer that ends it.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER, 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).expect("a file of the image is below 4 GiB");
        let name_size = u32::try_from(name.len() + 1).expect("names are short");
        let fields = [self.entries, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lies_behind_its_padded_header_and_name() {
        let mut archive = Archive::new();
        archive.file("ab", b"hello");
        let bytes = archive.finish();
        let header = "070701".to_owned() + "00000001" + "000081ed" + "00000000" + "00000000";
        assert!(bytes.starts_with(header.as_bytes()));
        assert_eq!(&bytes[54..62], b"00000005", "the size of the content");
        assert_eq!(&bytes[94..102], b"00000003", "the size of the name with its zero");
        assert_eq!(&bytes[110..116], b"ab\0\0\0\0", "110 + 3 bytes padded to 116");
        assert_eq!(&bytes[116..124], b"hello\0\0\0");
        assert_eq!(&bytes[124..130], b"070701");
    }

    #[test]
    fn the_trailer_ends_the_archive() {
        let bytes = Archive::new().finish();
        assert_eq!(&bytes[110..121], b"TRAILER!!!\0");
        assert_eq!(bytes.len() % 4, 0);
    }
}
