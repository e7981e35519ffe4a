//! The files of the boot image, in anonymous memory of their own.
//!
//! They are copied out of the initrd, whose memory is then freed. Paths have no leading slash; a
//! directory exists if the path of some file goes through it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use zram_abi::PAGE_SIZE;
use zram_rt::errno::Result;
use zram_rt::memory::Mapping;

use host_core::cpio::Entries;

/// The read-only file tree.
pub(crate) struct Files {
    entries: Vec<(String, Range<usize>)>,
    content: Option<Mapping>,
}

impl Files {
    /// Returns a tree without files.
    pub(crate) fn empty() -> Self {
        Self { entries: Vec::new(), content: None }
    }

    /// Copies the files of a cpio archive.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn unpack(archive: &[u8]) -> Result<Self> {
        let size: usize = Entries::of(archive).map(|(_, content)| content.len()).sum();
        if size == 0 {
            return Ok(Self::empty());
        }
        let mut memory = Mapping::anonymous(size.next_multiple_of(PAGE_SIZE))?;
        let mut entries = Vec::new();
        let mut end = 0;
        for (name, content) in Entries::of(archive) {
            let range = end..end + content.len();
            memory.bytes_mut()[range.clone()].copy_from_slice(content);
            end = range.end;
            entries.push((name.to_string(), range));
        }
        Ok(Self { entries, content: Some(memory) })
    }

    /// Returns the number of the file at `path`.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.entries.iter().position(|(name, _)| name == path)
    }

    /// Returns the content of file `number`; none for a number that `find` never gave.
    pub(crate) fn content(&self, number: usize) -> &[u8] {
        let range = self.entries.get(number).map(|(_, range)| range.clone());
        let content = self.content.as_ref().map_or(&[][..], Mapping::bytes);
        range.and_then(|range| content.get(range)).unwrap_or(&[])
    }

    /// Returns the names in directory `path`, one a line; nothing if there is no such directory.
    pub(crate) fn list(&self, path: &str) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.entries {
            let inside = if path.is_empty() {
                Some(name.as_str())
            } else {
                name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'))
            };
            names.extend(inside.and_then(|inside| inside.split('/').next()));
        }
        names.sort_unstable();
        names.dedup();
        if names.is_empty() && !path.is_empty() {
            return None;
        }
        Some(names.iter().flat_map(|name| [*name, "\n"]).collect())
    }
}
