//! Contenders in C, built from source by their crates.
#![expect(unsafe_code, reason = "two functions of the C library, over slices")]

use lz4_sys::{LZ4_compress_fast, LZ4_decompress_safe};
use zram::{PAGE_SIZE, PageBytes};
use zstd_safe::{CCtx, DCtx};

use super::{Codec, Output};

/// The reference implementation, with a table on its stack that it clears for every call, as Linux's
/// zram has it.
pub(super) struct Lz4 {
    pub(super) acceleration: i32,
}

impl Codec for Lz4 {
    fn compress(&mut self, page: &PageBytes, output: &mut Output) -> Option<usize> {
        let (source, target) = (page.as_ptr().cast(), output.as_mut_ptr().cast());
        let (source_bytes, target_bytes) = (page.len() as i32, output.len() as i32);
        // SAFETY: reads `source_bytes` bytes at `source`, which `page` has, and writes at most
        // `target_bytes` at `target`, which `output` has and which is borrowed mutably; both lengths
        // are a few thousand, so the casts lose nothing. It keeps no pointer.
        let used = unsafe {
            LZ4_compress_fast(source, target, source_bytes, target_bytes, self.acceleration)
        };
        usize::try_from(used).ok().filter(|used| *used > 0)
    }

    fn decompress(&mut self, block: &[u8], page: &mut PageBytes) -> bool {
        let (source, target) = (block.as_ptr().cast(), page.as_mut_ptr().cast());
        let Ok(source_bytes) = i32::try_from(block.len()) else { return false };
        // SAFETY: reads at most `source_bytes` bytes at `source`, which `block` has, and writes at
        // most a page at `target`, which is borrowed mutably; it promises both for any input. It
        // keeps no pointer.
        let filled = unsafe { LZ4_decompress_safe(source, target, source_bytes, PAGE_SIZE as i32) };
        filled == PAGE_SIZE as i32
    }
}

pub(super) struct Zstd {
    level: i32,
    compression: CCtx<'static>,
    decompression: DCtx<'static>,
}

impl Zstd {
    pub(super) fn new(level: i32) -> Self {
        Self { level, compression: CCtx::create(), decompression: DCtx::create() }
    }
}

impl Codec for Zstd {
    fn compress(&mut self, page: &PageBytes, output: &mut Output) -> Option<usize> {
        self.compression.compress(&mut output[..], page, self.level).ok()
    }

    fn decompress(&mut self, block: &[u8], page: &mut PageBytes) -> bool {
        matches!(self.decompression.decompress(&mut page[..], block), Ok(PAGE_SIZE))
    }
}
