//! The frame table: who uses each frame of memory.
//!
//! One entry of 8 bytes a frame, from physical address 0 to the end of memory. Free frames are
//! chained through their entries, so allocation and release are O(1) and never touch the frame.
//! A frame is released when its last user puts it. `borrowed` counts the holds of system calls in
//! progress (a frame lent to a daemon); it does not keep the frame, it tells the pager to leave it.
//! Holding the table is the right to the content of every frame in it; programs on other CPUs may
//! change the content of frames that are mapped for them at any time, as a device would.

#![expect(unsafe_code, reason = "hands out the content of frames by their numbers")]

use super::physical;
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
    borrowed: u16,
    kind: Kind,
}

const _: () = assert!(size_of::<Entry>() <= 8, "the table costs 1/512 of memory");

impl Entry {
    const RESERVED: Self = Self { word: 0, borrowed: 0, kind: Kind::Reserved };
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
        assert!(entry.kind == Kind::Reserved, "frame {} given to the table twice", frame.0);
        *entry = Entry { word: next, borrowed: 0, kind: Kind::Free };
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
        assert!(entry.kind == Kind::Reserved, "frame {} is in the table already", frame.0);
        *entry = Entry { word: 1, borrowed: 0, kind: Kind::Used };
        self.total_count += 1;
    }

    /// Returns a frame with one user and undefined content, or none if no frame is free.
    pub(crate) fn allocate(&mut self) -> Option<Frame> {
        self.take_free(Kind::Used)
    }

    /// Returns a frame with one user, full of zeros, or none if no frame is free.
    pub(crate) fn allocate_zeroed(&mut self) -> Option<Frame> {
        let frame = self.allocate()?;
        self.bytes_mut(frame).fill(0);
        Some(frame)
    }

    /// Returns a frame for a page table, full of zeros, or none if no frame is free.
    pub(super) fn allocate_table(&mut self) -> Option<Frame> {
        let frame = self.allocate_zeroed()?;
        self.entry_mut(frame).kind = Kind::Table;
        Some(frame)
    }

    /// Frees the frame of a page table.
    ///
    /// # Panics
    /// If it is none.
    pub(super) fn put_table(&mut self, frame: Frame) {
        let entry = self.entry_mut(frame);
        assert!(entry.kind == Kind::Table, "frame {} is no page table", frame.0);
        entry.kind = Kind::Used;
        self.put(frame);
    }

    fn take_free(&mut self, kind: Kind) -> Option<Frame> {
        let frame = Frame(self.first_free);
        let entry = self.entries.get_mut(frame.0 as usize)?;
        assert!(entry.kind == Kind::Free, "frame {} in the free list is {:?}", frame.0, entry.kind);
        self.first_free = entry.word;
        *entry = Entry { word: 1, borrowed: 0, kind };
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
        assert!(entry.borrowed == 0, "frame {} freed while borrowed", frame.0);
        *entry = Entry { word: next, borrowed: 0, kind: Kind::Free };
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
        self.used_mut(frame).borrowed += 1;
    }

    /// Ends one hold.
    ///
    /// # Panics
    /// If the frame is not borrowed.
    pub(crate) fn unborrow(&mut self, frame: Frame) {
        let entry = self.used_mut(frame);
        assert!(entry.borrowed > 0, "frame {} is not borrowed", frame.0);
        entry.borrowed -= 1;
    }

    /// Does a system call in progress hold the frame?
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn is_borrowed(&self, frame: Frame) -> bool {
        self.used(frame).borrowed > 0
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

    /// Returns the content of a frame.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn bytes(&self, frame: Frame) -> &[u8; FRAME_SIZE] {
        let content = self.content(frame);
        // SAFETY: mapped and aligned to 4096; a used frame is content only, reached through this
        // table alone, and `self` is borrowed. Programs may change it meanwhile: see the header.
        unsafe { &*content }
    }

    /// Returns the content of a frame, to change it.
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn bytes_mut(&mut self, frame: Frame) -> &mut [u8; FRAME_SIZE] {
        let content = self.content(frame);
        // SAFETY: as in `bytes`, and `self` is borrowed mutably.
        unsafe { &mut *content }
    }

    /// Copies the content of one frame into another.
    ///
    /// # Panics
    /// If one of them is not in use, or both are the same.
    pub(crate) fn copy(&mut self, from: Frame, to: Frame) {
        assert!(from != to, "frame {} copied onto itself", from.0);
        let from = self.content(from);
        let content = self.bytes_mut(to);
        // SAFETY: as in `bytes`; it is another frame than `to`, so nothing overlaps.
        content.copy_from_slice(unsafe { &*from });
    }

    /// Is the frame full of zeros?
    ///
    /// # Panics
    /// If the frame is not in use.
    pub(crate) fn is_zero(&self, frame: Frame) -> bool {
        let (words, rest) = self.bytes(frame).as_chunks::<{ size_of::<u128>() }>();
        debug_assert!(rest.is_empty(), "4096 is a multiple of 16");
        words.iter().all(|word| u128::from_ne_bytes(*word) == 0)
    }

    fn content(&self, frame: Frame) -> *mut [u8; FRAME_SIZE] {
        self.used(frame);
        physical::pointer(frame.address())
    }

    fn used(&self, frame: Frame) -> &Entry {
        let entry = &self.entries[frame.0 as usize];
        assert!(entry.kind == Kind::Used, "frame {} is {:?}, not in use", frame.0, entry.kind);
        entry
    }

    fn used_mut(&mut self, frame: Frame) -> &mut Entry {
        let entry = self.entry_mut(frame);
        assert!(entry.kind == Kind::Used, "frame {} is {:?}, not in use", frame.0, entry.kind);
        entry
    }

    fn entry_mut(&mut self, frame: Frame) -> &mut Entry {
        &mut self.entries[frame.0 as usize]
    }
}
