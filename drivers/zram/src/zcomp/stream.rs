//! A stream: the mutable context that one CPU compresses with.

use alloc::boxed::Box;

use super::COMPRESSED_MAX;
use super::codec::{Algorithm, Workspace};
use crate::{NoMemory, PageBytes, memory};

/// One CPU's compression context for one algorithm.
pub(super) struct Stream {
    algorithm: Algorithm,
    /// An array of one, because a box of an array can be allocated fallibly and in place.
    workspace: Box<[Workspace; 1]>,
}

impl Stream {
    /// Bytes of heap that a stream takes.
    pub(super) const METADATA_BYTES: usize = size_of::<Workspace>();

    /// Returns a stream for `algorithm`.
    pub(super) fn new(algorithm: Algorithm) -> Result<Self, NoMemory> {
        Ok(Self { algorithm, workspace: memory::boxed_array(|| algorithm.workspace())? })
    }

    /// Compresses `page` into `output` and returns the bytes used, or nothing if it does not shrink
    /// by an eighth.
    pub(super) fn compress(&mut self, page: &PageBytes, output: &mut [u8]) -> Option<usize> {
        let [workspace] = &mut *self.workspace;
        let bytes = self.algorithm.compress(workspace, page, output)?;
        (bytes <= COMPRESSED_MAX).then_some(bytes)
    }
}
