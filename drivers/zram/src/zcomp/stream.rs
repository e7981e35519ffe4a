//! A stream: the mutable context that one CPU compresses with.

use super::codec::{Algorithm, OUTPUT_MAX, Workspace};
use crate::{NoMemory, PageBytes};

/// One CPU's compression context for one algorithm.
pub struct Stream {
    workspace: Workspace,
}

impl Stream {
    /// Returns a stream for `algorithm`.
    ///
    /// # Errors
    /// [`NoMemory`] when there is none for the workspace, 8 or 16 KiB.
    pub fn new(algorithm: Algorithm) -> Result<Self, NoMemory> {
        Ok(Self { workspace: algorithm.workspace()? })
    }

    /// Returns the bytes of heap that the stream takes.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.workspace.metadata_bytes()
    }

    /// Compresses `page` into `output` and returns the bytes used, or nothing if it does not shrink
    /// by an eighth; `output` then holds anything.
    pub fn compress(&mut self, page: &PageBytes, output: &mut [u8; OUTPUT_MAX]) -> Option<usize> {
        self.workspace.compress(page, output)
    }
}
