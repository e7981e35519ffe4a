//! The frame table: who uses each frame of memory.
//!
//! One entry of 8 bytes a frame, from physical address 0 to the end of memory. Free frames are
//! chained through their entries, so allocation and release are O(1) and never touch the frame.
//! A frame is released when its last user puts it. Its borrows are the holds of shared mappings and of
//! system calls in progress (a frame lent to a daemon); they do not keep the frame, they tell the pager
//! to leave it. Holding the table is the right to the content of every frame in it, which programs on
//! other CPUs may change at any time: see [`super::content`].

#![expect(unsafe_code, reason = "hands out the content of frames by their numbers")]

use super::content::Content;
use super::physical::{self, PHYSICAL_END};
use crate::limits::{REQUEST_PAGES_MAX, REQUESTS_MAX, SCHEMES_MAX};
use core::ops::Range;
use core::slice;

/// Bytes of a frame.
pub(crate) const FRAME_SIZE: usize = zram_abi::PAGE_SIZE;

/// A frame of physical memory, by number (physical address / 4096).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Frame(u32);

impl Frame {
    /// Returns the frame with this number; whether it is memory is only known to the table.
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the frame's number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// Returns the physical address of its first byte.
    pub(super) const fn address(self) -> u64 {
        self.0 as u64 * FRAME_SIZE as u64
    }

    /// Returns the frame that contains a physical address below 4 GiB.
    pub(super) const fn containing(physical: u64) -> Self {
        Self((physical / FRAME_SIZE as u64) as u32)
    }
}

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// No memory, or the kernel's own since boot.
    Reserved,
    /// In the free list; `word` is the next free frame.
    Free,
    /// Content of programs; `word` counts its users.
    Used,
    /// A page table.
    Table,
}

/// The state of one frame.
#[derive(Clone, Copy)]
struct Entry {
    word: u32,
    tag: Tag,
}

const _: () = assert!(size_of::<Entry>() <= 8, "the table costs 1/512 of memory");

/// The kind in the two low bits, and the count of borrows above them.
#[derive(Clone, Copy)]
struct Tag(u32);

/// Bits of a kind.
const KIND_BITS: u32 = 2;

/// Users and borrows that there can be: an entry of a page table is one of each at most, and page
/// tables lie in memory; besides, a request holds the frames that its bounce frames stand for.
const USERS_MAX: u64 = PHYSICAL_END / size_of::<u64>() as u64
    + (SCHEMES_MAX * REQUESTS_MAX * REQUEST_PAGES_MAX) as u64
    + 1;

const _: () = assert!(USERS_MAX < 1 << (u32::BITS - KIND_BITS), "neither count overflows");

impl Tag {
    const fn new(kind: Kind) -> Self {
        Self(kind as u32)
    }

    const fn kind(self) -> Kind {
        match self.0 & ((1 << KIND_BITS) - 1) {
            0 => Kind::Reserved,
            1 => Kind::Free,
            2 => Kind::Used,
            _ => Kind::Table,
        }
    }

    const fn borrowed(self) -> u32 {
        self.0 >> KIND_BITS
    }

    const fn one_more(self) -> Self {
        Self(self.0 + (1 << KIND_BITS))
    }

    const fn one_less(self) -> Self {
        Self(self.0 - (1 << KIND_BITS))
    }
}

impl Entry {
    const RESERVED: Self = Self::new(0, Kind::Reserved);

    const fn new(word: u32, kind: Kind) -> Self {
        Self { word, tag: Tag::new(kind) }
    }

    const fn kind(&self) -> Kind {
        self.tag.kind()
    }
}

/// End of the free list.
const NONE: u32 = u32::MAX;

/// The state of all frames, and the only way to their content.
pub(crate) struct FrameTable {
    entries: &'static mut [Entry],
    first_free: u32,
    free_count: usize,
    total_count: usize,
}

impl FrameTable {
    /// Bytes that the entries of `frame_count` frames need.
    pub(super) const fn size_bytes(frame_count: usize) -> usize {
        frame_count * size_of::<Entry>()
    }

    /// Returns a table whose frames are all reserved, kept at `memory`.
    ///
    /// # Safety
    /// `memory` is aligned to 8, has `size_bytes(frame_count)` bytes and belongs to the table from
    /// now on. No other table exists.
    pub(super) unsafe fn new(memory: *mut u8, frame_count: usize) -> Self {
        let first = memory.cast::<Entry>();
        for index in 0..frame_count {
            // SAFETY: within the caller's memory, which has room for `frame_count` entries.
            let place = unsafe { first.add(index) };
            // SAFETY: aligned, and the caller's memory is ours to write.
            unsafe { place.write(Entry::RESERVED) };
        }
        // SAFETY: all entries were just written, and nobody else has the memory.
        let entries = unsafe { slice::from_raw_parts_mut(first, frame_count) };
        Self { entries, first_free: NONE, free_count: 0, total_count: 0 }
    }

    /// Makes a reserved frame allocatable (boot).
    ///
    /// # Panics
    /// If it is not reserved.
    pub(super) fn release_reserved(&mut self, frame: Frame) {
        let next = self.first_free;
        let entry = self.entry_mut(frame);
        assert!(entry.kind() == Kind::Reserved, "frame {} given to the table twice", frame.0);
        *entry = Entry::new(next, Kind::Free);
        self.first_free = frame.0;
        self.free_count += 1;
        self.total_count += 1;
    }

    /// Turns a reserved frame of memory (the initrd's) into a used one with one user.
    ///
    /// # Panics
    /// If it is not reserved.
    pub(super) fn adopt(&mut self, frame: Frame) {
        let entry = self.entry_mut(frame);
        assert!(entry.kind() == Kind::Reserved, "frame {} is in the table already", frame.0);
        *entry = Entry::new(1, Kind::Used);
        self.total_count += 1;
    }

    /// Returns a frame with one user and undefined content, or none if no frame is free.
    pub(crate) fn allocate(&mut self) -> Option<Frame> {
        self.take_free(Kind::Used)
    }

    /// Returns a frame with one user, full of zeros, or none if no frame is free.
    pub(crate) fn allocate_zeroed(&mut self) -> Option<Frame> {
        let frame = self.allocate()?;
        self.content(frame).clear();
        Some(frame)
    }

    /// Returns a frame for a page table, full of zeros, or none if no frame is free.
    pub(super) fn allocate_table(&mut self) -> Option<Frame> {
        let frame = self.allocate_zeroed()?;
        self.entry_mut(frame).tag = Tag::new(Kind::Table);
        Some(frame)
    }

    /// Frees the frame of a page table.
    ///
    /// # Panics
    /// If it is none.
    pub(super) fn put_table(&mut self, frame: Frame) {
        let entry = self.entry_mut(frame);
        assert!(entry.kind() == Kind::Table, "frame {} is no page table", frame.0);
        entry.tag = Tag::new(Kind::Used);
        self.put(frame);
    }

    fn take_free(&mut self, kind: Kind) -> Option<Frame> {
        let frame = Frame(self.first_free);
        let entry = self.entries.get_mut(frame.0 as usize)?;
        let found = entry.kind();
        assert!(found == Kind::Free, "frame {} in the free list is {found:?}", frame.0);
        self.first_free = entry.word;
        *entry = Entry::new(1, kind);
        self.free_count -= 1;
        Some(frame)
    }

    /// Adds a user.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn get(&mut self, frame: Frame) {
        self.used_mut(frame).word += 1;
    }

    /// Removes a user; without users the frame is free.
    ///
    /// # Panics
    /// If the frame is not in use (freed twice), or its last user goes while it is borrowed.
    pub(crate) fn put(&mut self, frame: Frame) {
        let next = self.first_free;
        let entry = self.used_mut(frame);
        if entry.word > 1 {
            entry.word -= 1;
            return;
        }
        assert!(entry.tag.borrowed() == 0, "frame {} freed while borrowed", frame.0);
        *entry = Entry::new(next, Kind::Free);
        self.first_free = frame.0;
        self.free_count += 1;
    }

    /// Returns how many users the frame has.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn users(&self, frame: Frame) -> u32 {
        self.used(frame).word
    }

    /// Notes one more hold of a system call in progress.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn borrow(&mut self, frame: Frame) {
        let entry = self.used_mut(frame);
        entry.tag = entry.tag.one_more();
    }

    /// Ends one hold.
    ///
    /// # Panics
    /// If the frame is not borrowed.
    pub(crate) fn unborrow(&mut self, frame: Frame) {
        let entry = self.used_mut(frame);
        assert!(entry.tag.borrowed() > 0, "frame {} is not borrowed", frame.0);
        entry.tag = entry.tag.one_less();
    }

    /// Does a system call in progress hold the frame?
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn is_borrowed(&self, frame: Frame) -> bool {
        self.used(frame).tag.borrowed() > 0
    }

    /// Returns how many frames are free.
    pub(crate) const fn free_count(&self) -> usize {
        self.free_count
    }

    /// Returns how many frames can be free at most (memory without the kernel's own).
    pub(crate) const fn total_count(&self) -> usize {
        self.total_count
    }

    /// Returns how many frame numbers exist; tables indexed by frame number need as many entries.
    pub(crate) fn number_end(&self) -> usize {
        self.entries.len()
    }

    /// Reads the content of a frame from `offset` on into `into`.
    ///
    /// # Panics
    /// If the frame is not in use, or ends before.
    pub(crate) fn read(&self, frame: Frame, offset: usize, into: &mut [u8]) {
        self.content(frame).read(offset, into);
    }

    /// Writes `from` into the content of a frame from `offset` on.
    ///
    /// # Panics
    /// If the frame is not in use, or ends before.
    pub(crate) fn write(&mut self, frame: Frame, offset: usize, from: &[u8]) {
        self.content(frame).write(offset, from);
    }

    /// Fills a frame with zeros.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn clear(&mut self, frame: Frame) {
        self.content(frame).clear();
    }

    /// Copies the content of one frame into another.
    ///
    /// # Panics
    /// If one of them is not in use.
    pub(crate) fn copy(&mut self, from: Frame, to: Frame) {
        self.content(to).copy(0..FRAME_SIZE, &self.content(from));
    }

    /// Copies these bytes of one frame to the same place in another.
    ///
    /// # Panics
    /// If one of them is not in use, or ends before.
    pub(crate) fn copy_part(&mut self, from: Frame, to: Frame, part: Range<usize>) {
        self.content(to).copy(part, &self.content(from));
    }

    /// Is the frame full of zeros?
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn is_zero(&self, frame: Frame) -> bool {
        self.content(frame).is_zero()
    }

    fn content(&self, frame: Frame) -> Content<'_> {
        self.used(frame);
        // SAFETY: memory of a used frame, which is mapped, aligned to 4096 and content only: no Rust
        // reference leads there, because this is the only place that finds it.
        unsafe { Content::new(physical::pointer(frame.address())) }
    }

    fn used(&self, frame: Frame) -> &Entry {
        let entry = &self.entries[frame.0 as usize];
        let kind = entry.kind();
        assert!(kind == Kind::Used, "frame {} is {kind:?}, not in use", frame.0);
        entry
    }

    fn used_mut(&mut self, frame: Frame) -> &mut Entry {
        let entry = self.entry_mut(frame);
        let kind = entry.kind();
        assert!(kind == Kind::Used, "frame {} is {kind:?}, not in use", frame.0);
        entry
    }

    fn entry_mut(&mut self, frame: Frame) -> &mut Entry {
        &mut self.entries[frame.0 as usize]
    }
}
