//! Reads and writes of a device's pages by clients.
//!
//! A transfer is 1 to [`TRANSFER_PAGES_MAX`] whole pages at a multiple of the page size. Past the
//! end a write gets "no space" and a read the end of the file; a transfer that crosses the end is
//! shortened, and so is one that fails in the middle, as on a block device. A device without size
//! has size 0. Neighbours: `scheme` calls this, `zram` does the work.

use zram::{LoadError, PAGE_SIZE, PageBytes, Purpose, StoreError, Worker};

use crate::devices::Content;
use crate::platform::{ClientRequest, Platform};
use zram_lifecycle::Pages;

/// Most pages of one transfer (DESIGN 4): longer ones amortise nothing more.
pub(crate) const TRANSFER_PAGES_MAX: usize = 256;

/// Why pages were not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataError {
    /// Offset or size is no multiple of the page size.
    Misaligned,
    /// More than [`TRANSFER_PAGES_MAX`] pages.
    TooLong,
    /// A write that begins past the end.
    PastEnd,
    /// The device's `mem_limit` is reached; the page is as it was.
    Limit,
    /// The machine has no memory for it; the page is as it was.
    NoReserve,
    /// The device's pool is as large as it can be; the page is as it was.
    Full,
    /// The client's memory ends before the transfer does; the page is as it was.
    Unreadable,
    /// What is stored does not match its checksum; the page is lost.
    Damaged,
}

/// Slots to transfer; holding one proves that they exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    first: u32,
    count: u32,
}

impl Transfer {
    /// Returns the transfer of `size` bytes at `offset`, shortened to the device's end.
    ///
    /// # Errors
    ///
    /// [`DataError::Misaligned`], [`DataError::TooLong`], and [`DataError::PastEnd`] if it begins
    /// there.
    pub(crate) fn new(offset: u64, size: usize, device: Option<Pages>) -> Result<Self, DataError> {
        const PAGE: u64 = PAGE_SIZE as u64;
        let pages = size / PAGE_SIZE;
        if !offset.is_multiple_of(PAGE) || !size.is_multiple_of(PAGE_SIZE) {
            return Err(DataError::Misaligned);
        }
        if pages > TRANSFER_PAGES_MAX {
            return Err(DataError::TooLong);
        }
        let end = u64::from(device.map_or(0, Pages::count));
        let first = offset / PAGE;
        if first >= end {
            return Err(DataError::PastEnd);
        }
        Ok(Self { first: first as u32, count: (end - first).min(pages as u64) as u32 })
    }

    fn slots(self) -> impl Iterator<Item = (u32, usize)> {
        (0..self.count).map(move |index| (self.first + index, index as usize * PAGE_SIZE))
    }
}

/// Stores the client's pages; returns the bytes stored.
///
/// # Errors
///
/// Why the first page was not stored; if a later one was not, that is a shorter transfer.
pub(crate) fn write<P: Platform>(
    content: &Content<P>,
    worker: &mut Worker,
    transfer: Transfer,
    client: &impl ClientRequest,
) -> Result<usize, DataError> {
    let mut page: PageBytes = [0; PAGE_SIZE];
    for (slot, at) in transfer.slots() {
        let copied = client.copy_payload(at, &mut page);
        let stored = if copied == PAGE_SIZE {
            content.store(worker, slot, &page, Purpose::Write).map_err(of_store)
        } else {
            Err(DataError::Unreadable)
        };
        match stored {
            Ok(()) => {}
            Err(error) if at == 0 => return Err(error),
            Err(_) => return Ok(at),
        }
    }
    Ok(transfer.count as usize * PAGE_SIZE)
}

/// Loads pages for the client; returns the bytes loaded.
///
/// # Errors
///
/// Why the first page was not loaded; if a later one was not, that is a shorter transfer.
pub(crate) fn read<P: Platform>(
    content: &Content<P>,
    worker: &mut Worker,
    transfer: Transfer,
    client: &mut impl ClientRequest,
) -> Result<usize, DataError> {
    let mut page: PageBytes = [0; PAGE_SIZE];
    for (slot, at) in transfer.slots() {
        match content.load(worker, slot, &mut page) {
            Ok(()) => {
                client.fill_payload(at, &page);
            }
            Err(error) if at == 0 => return Err(of_load(error)),
            Err(_) => return Ok(at),
        }
    }
    Ok(transfer.count as usize * PAGE_SIZE)
}

const fn of_store(error: StoreError) -> DataError {
    match error {
        StoreError::Limit => DataError::Limit,
        // A user's write is stored whole if it does not shrink, so NoGain does not happen.
        StoreError::NoReserve | StoreError::NoGain => DataError::NoReserve,
        StoreError::Full => DataError::Full,
        StoreError::OutOfRange => DataError::PastEnd,
    }
}

const fn of_load(error: LoadError) -> DataError {
    match error {
        LoadError::Damaged => DataError::Damaged,
        LoadError::OutOfRange => DataError::PastEnd,
    }
}

#[cfg(test)]
mod tests {
    use super::{DataError, Transfer};
    use zram_lifecycle::Pages;

    #[test]
    fn a_transfer_is_checked_and_ends_with_the_device() {
        let device = Pages::holding(10 * 4096).ok();
        for (offset, size, expected) in [
            (0, 4096, Ok(Transfer { first: 0, count: 1 })),
            (8 * 4096, 4 * 4096, Ok(Transfer { first: 8, count: 2 })),
            (0, 0, Ok(Transfer { first: 0, count: 0 })),
            (1, 4096, Err(DataError::Misaligned)),
            (4096, 4095, Err(DataError::Misaligned)),
            (0, 257 * 4096, Err(DataError::TooLong)),
            (10 * 4096, 4096, Err(DataError::PastEnd)),
            (u64::MAX - 4095, 4096, Err(DataError::PastEnd)),
        ] {
            assert_eq!(Transfer::new(offset, size, device), expected, "{offset} {size}");
        }
        assert_eq!(Transfer::new(0, 4096, None), Err(DataError::PastEnd));
    }
}
