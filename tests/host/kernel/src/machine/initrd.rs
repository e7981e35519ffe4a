//! The initial file archive: a cpio in "newc" format that the loader put into memory.
//!
//! The kernel reads files from it by name; then the frame table takes over its frames, and they
//! become the first program's memory.

#![expect(unsafe_code, reason = "clears what lies behind the archive in its last frame")]

use super::frames::{FRAME_SIZE, Frame, FrameTable};
use super::physical;

/// Bytes of a member's header: magic and 13 numbers of 8 hexadecimal digits.
const HEADER_SIZE: usize = 110;

/// The archive, in memory that has no other use.
pub(crate) struct Initrd {
    address: u64,
    bytes: &'static [u8],
}

/// The archive's frames, now in use with one user each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InitrdFrames {
    /// The first of the frames, which follow each other.
    pub(crate) first: Frame,
    /// How many frames.
    pub(crate) count: u32,
    /// Bytes of the archive.
    pub(crate) size_bytes: usize,
}

impl Initrd {
    /// Returns the archive at this physical address.
    ///
    /// # Safety
    /// The bytes are in the physical map, start at a frame, and nobody else uses their frames.
    pub(super) unsafe fn new(address: u64, size_bytes: usize) -> Self {
        assert!(address.is_multiple_of(FRAME_SIZE as u64), "initrd at {address:#x}");
        let first: *mut u8 = physical::pointer(address);
        // SAFETY: the caller says that the bytes are mapped and ours.
        let bytes = unsafe { core::slice::from_raw_parts(first, size_bytes) };
        Self { address, bytes }
    }

    /// Returns the content of the archive's file of this name, or none if there is none.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        let mut rest = self.bytes;
        loop {
            let member = Member::parse(rest)?;
            if member.name == name.as_bytes() {
                return Some(member.content);
            }
            rest = member.rest;
        }
    }

    /// Gives the archive's frames into the frame table; the tail of the last one is cleared.
    pub(crate) fn adopt(self, frames: &mut FrameTable) -> InitrdFrames {
        let size_bytes = self.bytes.len();
        let count = size_bytes.div_ceil(FRAME_SIZE);
        let tail: *mut u8 = physical::pointer::<u8>(self.address).wrapping_add(size_bytes);
        // SAFETY: the rest of the last frame, which the creator of `self` said is ours.
        unsafe { tail.write_bytes(0, count * FRAME_SIZE - size_bytes) };
        let first = Frame::containing(self.address);
        let count = count as u32;
        for offset in 0..count {
            frames.adopt(Frame::new(first.number() + offset));
        }
        InitrdFrames { first, count, size_bytes }
    }
}

/// One member of the archive.
struct Member<'a> {
    name: &'a [u8],
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Member<'a> {
    /// Returns the first member, or none at the end of the archive or if it is damaged.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_SIZE)?;
        if &header[..6] != b"070701" {
            return None;
        }
        let content_size = hex(&header[54..62])?;
        let name_size = hex(&header[94..102])?;
        let name_end = HEADER_SIZE.checked_add(name_size)?;
        let name = bytes.get(HEADER_SIZE..name_end)?.strip_suffix(&[0])?;
        if name == b"TRAILER!!!" {
            return None;
        }
        let start = name_end.next_multiple_of(4);
        let end = start.checked_add(content_size)?;
        let content = bytes.get(start..end)?;
        let rest = bytes.get(end.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Self { name, content, rest })
    }
}

fn hex(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}
