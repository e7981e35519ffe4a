//! The user's Redox kernel file, and the initrd with it.

use std::fs;
use std::path::Path;

use redox_loader::kernel_file::KernelFile;
use redox_loader::programs_at;

use crate::cpio::Archive;

/// The kernel's name in its archive, where the loader looks for it.
const NAME: &str = "redox-kernel";

/// A file that can be a Redox kernel for this machine.
#[derive(Debug)]
pub struct RedoxKernel(Vec<u8>);

impl RedoxKernel {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// In words, why it is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::of(file).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// Returns whether the kernel has `swap:` (`kernel-glue/redox`): it has the scheme's path.
    pub fn has_swap(&self) -> bool {
        let path = b"/scheme/swap";
        self.0.windows(path.len()).any(|bytes| bytes == path)
    }

    fn of(file: Vec<u8>) -> Result<Self, String> {
        match KernelFile::of(&file) {
            Ok(_) => Ok(Self(file)),
            Err(wrong) => Err(format!("{wrong}")),
        }
    }

    /// Returns the initrd of kernel and programs: its archive, and behind it theirs, unchanged.
    pub(super) fn in_front_of(&self, programs: &[u8]) -> Vec<u8> {
        let mut archive = Archive::new();
        archive.file(NAME, &self.0);
        let start = programs_at(archive.size());
        let mut bytes = archive.finish();
        assert!(bytes.len() <= start, "the loader leaves room for what ends an archive");
        bytes.resize(start, 0);
        bytes.extend_from_slice(programs);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::RedoxKernel;

    #[test]
    fn a_kernel_has_swap_when_its_file_names_the_scheme() {
        assert!(RedoxKernel(b"a/scheme/swap/b".to_vec()).has_swap());
        assert!(!RedoxKernel(b"/scheme/memory".to_vec()).has_swap());
    }

    #[test]
    fn the_programs_follow_the_kernel_unchanged_wherever_its_archive_ends() {
        for size in 3900..4000 {
            let initrd = RedoxKernel(vec![7; size]).in_front_of(b"programs");
            assert!(initrd.ends_with(b"\0programs"), "{size}");
            assert_eq!((initrd.len() - b"programs".len()) % 4096, 0, "{size}");
        }
    }
}
