//! The record: one message on one CPU's swap queue.
//!
//! A queue thread of the daemon completes a record and receives the next one in a single
//! `SYS_CALL` (verb [`crate::verb::QUEUE_NEXT`]) whose payload is one record of
//! [`RECORD_SIZE`] bytes. Entry `i` of a STORE, LOAD or TAKE speaks of page `i` of the queue's
//! window. The statuses of the entries are the answer; everything else is returned unchanged.
//!
//! Layout (little endian), golden bytes in the tests:
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 2 | version |
//! | 2 | 1 | operation |
//! | 3 | 1 | count of entries |
//! | 4 | 4 | device id |
//! | 8 | 4 | device generation |
//! | 12 | 4 | ticket: chosen by the pager, returned unchanged |
//! | 16 + 8 i | 4 | entry i: slot |
//! | 20 + 8 i | 1 | entry i: status |
//! | 21 + 8 i | 3 | zero |

use crate::PAGE_SIZE;

/// Version of this layout; a record of another version is refused.
pub const VERSION: u16 = 1;

/// Most entries of a record and pages of a window: 32 pages amortise the hand-off (DESIGN 7).
pub const ENTRIES_MAX: usize = 32;

/// Bytes of the window of one queue.
pub const WINDOW_SIZE: usize = ENTRIES_MAX * PAGE_SIZE;

const HEADER_SIZE: usize = 16;
const ENTRY_SIZE: usize = 8;

/// Bytes of an encoded record.
pub const RECORD_SIZE: usize = HEADER_SIZE + ENTRIES_MAX * ENTRY_SIZE;

const _: () = assert!(RECORD_SIZE == 272);

/// What the daemon is asked to do with the entries of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing: what a thread completes that has no previous record.
    None,
    /// Keep the window's pages under the given slots.
    Store,
    /// Write the slots' pages into the window; the slots keep them.
    Load,
    /// Write the slots' pages into the window and forget them, in one step.
    Take,
    /// Forget the slots; the window is not used.
    Free,
}

/// The answer for one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not answered yet.
    Pending,
    /// Done.
    Ok,
    /// STORE: the page saves less than an eighth; offer it again only after it was written.
    NoGain,
    /// STORE: the machine has no frame for the pool now; the page stays where it is.
    NoReserve,
    /// STORE: the device's `mem_limit` is reached; the page stays where it is.
    Limit,
    /// LOAD, TAKE: what is stored does not match its checksum; the page is lost.
    Damaged,
    /// The device, its generation or the slot does not exist.
    Gone,
}

/// One page's part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Page offset on the device.
    pub slot: u32,
    /// Answer of the daemon; [`Status::Pending`] on the way there.
    pub status: Status,
}

/// One message on one CPU's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What to do.
    pub operation: Operation,
    /// Device id, from the cookie of `SWAP_ATTACH`.
    pub device: u32,
    /// Generation of the device, from the same cookie.
    pub generation: u32,
    /// Chosen by the pager, returned unchanged: tells its batches apart.
    pub ticket: u32,
    count: usize,
    entries: [Entry; ENTRIES_MAX],
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Not exactly [`RECORD_SIZE`] bytes.
    Length,
    /// Another [`VERSION`].
    Version,
    /// An operation or status that does not exist.
    Unknown,
    /// More than [`ENTRIES_MAX`] entries.
    Count,
}

impl Record {
    /// Returns a record without entries.
    pub const fn new(operation: Operation, device: u32, generation: u32, ticket: u32) -> Self {
        let entries = [Entry { slot: 0, status: Status::Pending }; ENTRIES_MAX];
        Self { operation, device, generation, ticket, count: 0, entries }
    }

    /// Returns what a thread completes that has no previous record.
    pub const fn none() -> Self {
        Self::new(Operation::None, 0, 0, 0)
    }

    /// Adds a pending entry for `slot`; returns false, and adds nothing, if the record is full.
    pub fn push(&mut self, slot: u32) -> bool {
        let Some(entry) = self.entries.get_mut(self.count) else { return false };
        *entry = Entry { slot, status: Status::Pending };
        self.count += 1;
        true
    }

    /// Returns the entries.
    pub fn entries(&self) -> &[Entry] {
        self.entries.get(..self.count).unwrap_or(&self.entries)
    }

    /// Returns the entries, to answer them.
    pub fn entries_mut(&mut self) -> &mut [Entry] {
        let count = self.count.min(ENTRIES_MAX);
        &mut self.entries[..count]
    }

    /// Returns the bytes of this record.
    pub fn encode(&self) -> [u8; RECORD_SIZE] {
        let mut bytes = [0; RECORD_SIZE];
        bytes[0..2].copy_from_slice(&VERSION.to_le_bytes());
        bytes[2] = self.operation.code();
        bytes[3] = self.count as u8;
        bytes[4..8].copy_from_slice(&self.device.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.generation.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.ticket.to_le_bytes());
        for (field, entry) in bytes[HEADER_SIZE..].chunks_exact_mut(ENTRY_SIZE).zip(self.entries())
        {
            field[0..4].copy_from_slice(&entry.slot.to_le_bytes());
            field[4] = entry.status.code();
        }
        bytes
    }

    /// Returns the record that `bytes` hold.
    ///
    /// # Errors
    ///
    /// Any [`RecordError`]; foreign bytes are checked here once and trusted afterwards.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let bytes: &[u8; RECORD_SIZE] = bytes.try_into().map_err(|_| RecordError::Length)?;
        if u16::from_le_bytes([bytes[0], bytes[1]]) != VERSION {
            return Err(RecordError::Version);
        }
        let operation = Operation::from_code(bytes[2]).ok_or(RecordError::Unknown)?;
        let count = usize::from(bytes[3]);
        if count > ENTRIES_MAX {
            return Err(RecordError::Count);
        }
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut record = Self::new(operation, word(4), word(8), word(12));
        for field in bytes[HEADER_SIZE..].chunks_exact(ENTRY_SIZE).take(count) {
            record.push(u32::from_le_bytes([field[0], field[1], field[2], field[3]]));
            let status = Status::from_code(field[4]).ok_or(RecordError::Unknown)?;
            if let Some(entry) = record.entries_mut().last_mut() {
                entry.status = status;
            }
        }
        Ok(record)
    }
}

impl Operation {
    const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Store => 1,
            Self::Load => 2,
            Self::Take => 3,
            Self::Free => 4,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::None,
            1 => Self::Store,
            2 => Self::Load,
            3 => Self::Take,
            4 => Self::Free,
            _ => return None,
        })
    }
}

impl Status {
    const fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Ok => 1,
            Self::NoGain => 2,
            Self::NoReserve => 3,
            Self::Limit => 4,
            Self::Damaged => 5,
            Self::Gone => 6,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Pending,
            1 => Self::Ok,
            2 => Self::NoGain,
            3 => Self::NoReserve,
            4 => Self::Limit,
            5 => Self::Damaged,
            6 => Self::Gone,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record {
        let mut record = Record::new(Operation::Take, 3, 0x0102, 0xa0b0_c0d0);
        assert!(record.push(7));
        assert!(record.push(0x1122_3344));
        record.entries_mut()[1].status = Status::Damaged;
        record
    }

    #[test]
    fn a_record_has_these_golden_bytes() {
        let bytes = sample().encode();
        let header = [1, 0, 3, 2, 3, 0, 0, 0, 2, 1, 0, 0, 0xd0, 0xc0, 0xb0, 0xa0];
        let entries = [7, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 5, 0, 0, 0];
        assert_eq!(bytes[..16], header);
        assert_eq!(bytes[16..32], entries);
        assert!(bytes[32..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn decoding_gives_back_what_was_encoded() {
        assert_eq!(Record::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn a_full_record_takes_no_further_entry() {
        let mut record = Record::new(Operation::Free, 0, 0, 0);
        for slot in 0..ENTRIES_MAX as u32 {
            assert!(record.push(slot));
        }
        assert!(!record.push(99));
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn another_version_is_refused() {
        let mut bytes = sample().encode();
        bytes[0] = 2;
        assert_eq!(Record::decode(&bytes), Err(RecordError::Version));
    }

    #[test]
    fn a_wrong_length_count_operation_or_status_is_refused() {
        assert_eq!(Record::decode(&[0; 10]), Err(RecordError::Length));
        for (at, value, error) in [
            (2, 9, RecordError::Unknown),
            (3, 33, RecordError::Count),
            (20, 7, RecordError::Unknown),
        ] {
            let mut bytes = sample().encode();
            bytes[at] = value;
            assert_eq!(Record::decode(&bytes), Err(error));
        }
    }

    #[test]
    fn every_operation_and_status_survives_its_code() {
        for code in 0..=4 {
            assert_eq!(Operation::from_code(code).map(Operation::code), Some(code));
        }
        for code in 0..=6 {
            assert_eq!(Status::from_code(code).map(Status::code), Some(code));
        }
    }
}
