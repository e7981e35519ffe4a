//! `block_state`: a line for each slot that holds a page, as in Linux's debugfs.
//!
//! Every line has [`LINE`] bytes, so an offset tells which line is meant. All six flags of Linux
//! have their place; `w` (written back), `i` (idle) and `n` (known not to compress further) are
//! never set, because no slot here has these states.

use core::fmt::Write;
use core::ops::ControlFlow;

use lock_api::RawMutex;
use zram::{PageSource, StoredSlot, Zram};

use crate::text::Words;

/// Bytes of a line: `%12u %12u.%06u flags`, and a newline.
pub(crate) const LINE: usize = 40;

/// A place in the list: so many lines are before it, and the next is of this slot or a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    line: u64,
    slot: u32,
}

/// Writes the list from `offset` on into `buffer`; returns the bytes written, and where the next read
/// goes on. A read that does not begin where `cursor` is counts lines from the first slot on.
pub(crate) fn show<R: RawMutex, P: PageSource>(
    content: &Zram<R, P>,
    cursor: Cursor,
    offset: u64,
    buffer: &mut [u8],
) -> (usize, Cursor) {
    let first_line = offset / LINE as u64;
    let mut skipped = (offset % LINE as u64) as usize;
    let mut at = if cursor.line <= first_line { cursor } else { Cursor::default() };
    let mut written = 0;
    content.visit_stored(at.slot, |stored| {
        if at.line >= first_line {
            let line = line_of(stored);
            let rest = line.text().as_bytes().get(skipped..).unwrap_or_default();
            let room = &mut buffer[written..];
            let count = rest.len().min(room.len());
            room[..count].copy_from_slice(&rest[..count]);
            written += count;
            skipped = 0;
            if count < rest.len() {
                return ControlFlow::Break(());
            }
        }
        at = Cursor { line: at.line + 1, slot: stored.slot.saturating_add(1) };
        if written == buffer.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (written, at)
}

fn line_of(stored: StoredSlot) -> Words {
    let slot = stored.slot;
    // Linux's 0 for a slot of which it does not know.
    let last_access_seconds = stored.last_access_seconds.unwrap_or_default();
    let mut line = Words::NONE;
    // A line is shorter than the place for words, so nothing can fail.
    let _ = write!(line, "{slot:12} {last_access_seconds:12}.000000 ");
    for (is_set, flag) in [
        (stored.is_same_filled, "s"),
        (false, "w"),
        (stored.is_incompressible, "h"),
        (false, "i"),
        (stored.is_recompressed, "r"),
        (false, "n"),
    ] {
        let _ = line.write_str(if is_set { flag } else { "." });
    }
    let _ = line.write_str("\n");
    line
}

#[cfg(test)]
mod tests {
    use super::{LINE, line_of};
    use zram::StoredSlot;

    #[test]
    fn a_line_has_the_columns_of_linux() {
        let stored = StoredSlot {
            slot: 300,
            last_access_seconds: Some(17),
            is_same_filled: false,
            is_incompressible: true,
            is_recompressed: false,
        };
        assert_eq!(line_of(stored).text(), "         300           17.000000 ..h...\n");
        let most = StoredSlot { slot: u32::MAX, last_access_seconds: Some(u32::MAX), ..stored };
        for stored in [stored, most] {
            assert_eq!(line_of(stored).text().len(), LINE);
        }
    }
}
