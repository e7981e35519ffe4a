//! Linux's zram of the machine that the benchmark runs on, through `O_DIRECT`.
//!
//! The figures contain what Linux's users pay as well: the system call and the block layer, once per
//! transfer. With 4 KiB a transfer that is much, with 128 KiB little, so both are shown. zram works
//! on the bio in the caller's context, so the thread's CPU time has all of it. Yet on a machine with
//! much else to do, some rounds of large transfers show less CPU time than the wall can explain, as if
//! a part had been counted elsewhere. So the least CPU times of Linux are not to be trusted; their
//! medians suffer little, and only to Linux's advantage.

mod device;
mod guard;

use std::fs::File;
use std::os::unix::fs::FileExt;

use zram::{PAGE_SIZE, PageBytes};

use crate::clock::{self, Spent};
use crate::engine::SHIFT;
use crate::memory::{Memory, Store};
use device::Device;
pub(crate) use guard::{Guard, VERB as GUARD_VERB, run as run_guard};

/// Sizes of a transfer.
pub(crate) const BLOCKS: [(&str, usize); 3] = [("4K", 1), ("128K", 32), ("1M", 256)];

/// Algorithms to compare with.
pub(crate) const ALGORITHMS: [&str; 2] = ["lz4", "lzo-rle"];

/// Bytes of Linux's table for a slot and of its handle for an object; mm_stat counts neither.
const SLOT_BYTES: u64 = 16;
const HANDLE_BYTES: u64 = 8;

/// A device, opened; closed before it is removed.
struct Open<'a> {
    file: File,
    device: Device<'a>,
}

impl<'a> Open<'a> {
    /// Adds a device of `slots` pages with `algorithm`.
    fn new(guard: &'a Guard, algorithm: &str, slots: usize) -> Result<Self, String> {
        let device = Device::add(guard)?;
        device.set("comp_algorithm", algorithm)?;
        device.set("disksize", &(slots * PAGE_SIZE).to_string())?;
        Ok(Self { file: device.open()?, device })
    }
}

/// A device with all pages in it, for time.
pub(crate) struct Linux<'a> {
    open: Open<'a>,
    /// All pages in one piece that `O_DIRECT` takes, and room for it to be aligned.
    buffer: Vec<u8>,
    pages: &'a [PageBytes],
    round: usize,
}

impl<'a> Linux<'a> {
    /// Adds a device with `algorithm` and fills it.
    ///
    /// # Errors
    /// In words: no zram here, not root, or something else is missing. The device is gone then.
    pub(crate) fn new(
        guard: &'a Guard,
        algorithm: &str,
        pages: &'a [PageBytes],
    ) -> Result<Self, String> {
        let open = Open::new(guard, algorithm, pages.len())?;
        let buffer = vec![0; (pages.len() + 1) * PAGE_SIZE];
        let mut linux = Self { open, buffer, pages, round: 0 };
        let (_, largest) = BLOCKS[BLOCKS.len() - 1];
        linux.write(largest)?;
        Ok(linux)
    }

    /// Writes every page, `block` pages at a time; returns the time.
    ///
    /// # Errors
    /// In words, when a transfer fails.
    pub(crate) fn write(&mut self, block: usize) -> Result<Spent, String> {
        self.round += 1;
        let (length, shift) = (self.pages.len(), self.round * SHIFT);
        let content = aligned(&mut self.buffer, length);
        for (slot, place) in content.as_chunks_mut::<PAGE_SIZE>().0.iter_mut().enumerate() {
            *place = self.pages[(slot + shift) % length];
        }
        let mut result = Ok(());
        let spent = clock::spent(|| {
            let mut transfers = content.chunks(block * PAGE_SIZE).enumerate();
            result = transfers.try_for_each(|(index, transfer)| {
                self.open.file.write_all_at(transfer, (index * block * PAGE_SIZE) as u64)
            });
        });
        result.map(|()| spent).map_err(|error| format!("write of a zram device: {error}"))
    }

    /// Reads every page, `block` pages at a time and always to the same place; returns the time.
    ///
    /// # Errors
    /// In words, when a transfer fails or the last one gives another page.
    pub(crate) fn read(&mut self, block: usize) -> Result<Spent, String> {
        let count = self.pages.len();
        let content = aligned(&mut self.buffer, block.min(count));
        let mut result = Ok(());
        let spent = clock::spent(|| {
            result = (0..count).step_by(block).try_for_each(|first| {
                let length = block.min(count - first) * PAGE_SIZE;
                self.open.file.read_exact_at(&mut content[..length], (first * PAGE_SIZE) as u64)
            });
        });
        result.map_err(|error| format!("read of a zram device: {error}"))?;
        let last = (count - 1) / block * block;
        if content[..PAGE_SIZE] != self.pages[(last + self.round * SHIFT) % count] {
            return Err(format!("page {last} of a zram device is another one"));
        }
        Ok(spent)
    }
}

/// An empty device, for memory.
pub(crate) struct LinuxMemory<'a> {
    open: Open<'a>,
    slots: u64,
    buffer: Vec<u8>,
}

impl<'a> LinuxMemory<'a> {
    /// Adds a device of `slots` pages with `algorithm`.
    ///
    /// # Errors
    /// In words, as [`Linux::new`].
    pub(crate) fn new(guard: &'a Guard, algorithm: &str, slots: usize) -> Result<Self, String> {
        let open = Open::new(guard, algorithm, slots)?;
        Ok(Self { open, slots: slots as u64, buffer: vec![0; 2 * PAGE_SIZE] })
    }
}

impl Store for LinuxMemory<'_> {
    fn store(&mut self, slot: usize, page: &PageBytes) -> Result<(), String> {
        let content = aligned(&mut self.buffer, 1);
        content.copy_from_slice(page);
        let written = self.open.file.write_all_at(content, (slot * PAGE_SIZE) as u64);
        written.map_err(|error| format!("write of a zram device: {error}"))
    }

    fn compact(&mut self) -> Result<(), String> {
        self.open.device.set("compact", "1")
    }

    /// Counts the table for the slots in use: a device is made as large as what it is to hold.
    fn memory(&self) -> Result<Memory, String> {
        memory_of(&self.open.device.get("mm_stat")?, self.slots)
    }
}

fn memory_of(mm_stat: &str, slots: u64) -> Result<Memory, String> {
    let mut numbers = mm_stat.split_whitespace().map(str::parse::<u64>);
    let mut next =
        || numbers.next().and_then(Result::ok).ok_or(format!("mm_stat says {mm_stat:?}"));
    let (original, objects, pool) = (next()?, next()?, next()?);
    let stored = original / PAGE_SIZE as u64;
    // Of a device that is filled in order, the rest of the table has not been needed.
    let tables = stored.min(slots) * SLOT_BYTES + stored * HANDLE_BYTES;
    Ok(Memory { original, objects, pool, tables })
}

/// Returns `pages` pages of the buffer that start where `O_DIRECT` wants them to.
fn aligned(buffer: &mut [u8], pages: usize) -> &mut [u8] {
    let start = buffer.as_ptr().align_offset(PAGE_SIZE);
    &mut buffer[start..start + pages * PAGE_SIZE]
}

#[cfg(test)]
mod tests {
    use super::{aligned, memory_of};
    use crate::memory::Memory;

    #[test]
    fn mm_stat_is_read_and_slots_and_handles_are_added() {
        let memory = memory_of("  8192     1000    12288   0  12288  0 0 0 0\n", 100);
        let expected = Memory { original: 8192, objects: 1000, pool: 12288, tables: 2 * 24 };
        assert_eq!(memory, Ok(expected));
    }

    #[test]
    fn an_mm_stat_of_another_form_is_an_error() {
        assert!(memory_of("8192 x", 100).is_err());
        assert!(memory_of("", 100).is_err());
    }

    #[test]
    fn a_buffer_with_a_page_to_spare_has_an_aligned_part() {
        let mut buffer = vec![0; 3 * 4096];
        let part = aligned(&mut buffer, 2);
        assert_eq!((part.as_ptr().addr() % 4096, part.len()), (0, 8192));
    }
}
