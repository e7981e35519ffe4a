//! A stream: the mutable context that one CPU compresses with.

use super::Compressor;
use super::codec::{OUTPUT_MAX, Workspace};
use crate::{NoMemory, PageBytes};

/// One CPU's compression context for one compressor.
pub struct Stream {
    compressor: Compressor,
    workspace: Workspace,
}

impl Stream {
    /// Returns a stream for `compressor`.
    ///
    /// # Errors
    /// [`NoMemory`] when there is none for the workspace: 8 KiB for `lz4`, 16 for `lz4-safe`, 22
    /// for `pagelz` and 82 for its dense levels.
    pub fn new(compressor: Compressor) -> Result<Self, NoMemory> {
        Ok(Self { compressor, workspace: compressor.algorithm().workspace(compressor.level())? })
    }

    /// Returns the bytes of heap that the stream takes.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.workspace.metadata_bytes()
    }

    /// Compresses `page` into `output` and returns the bytes used, or nothing if it does not shrink
    /// by an eighth; `output` then holds anything.
    pub fn compress(&mut self, page: &PageBytes, output: &mut [u8; OUTPUT_MAX]) -> Option<usize> {
        self.workspace.compress(page, self.compressor.level(), output)
    }
}
