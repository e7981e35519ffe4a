//! The heap of `zram-rt`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zram_rt::HeapSize;

use crate::{Check, ensure};

pub(crate) const CHECKS: &[Check] = &[
    ("a heap grows to its maximum and refuses more", heap_grows_to_its_maximum),
    ("a block larger than the heap is refused", block_too_large_is_refused),
];

const PIECE_BYTES: usize = 256 << 10;

fn piece() -> Option<Vec<u8>> {
    let mut piece = Vec::new();
    piece.try_reserve_exact(PIECE_BYTES).ok().map(|()| piece)
}

fn heap_grows_to_its_maximum() -> Result<(), String> {
    let most = HeapSize::DEFAULT.most_bytes / PIECE_BYTES;
    let mut pieces = Vec::with_capacity(2 * most);
    while let Some(mut piece) = piece().filter(|_| pieces.len() < 2 * most) {
        // Its first and last bytes are memory.
        piece.resize(PIECE_BYTES, 0x5a);
        pieces.push(piece);
    }
    let count = pieces.len();
    let is_whole = pieces.iter().all(|piece| piece.iter().all(|&byte| byte == 0x5a));
    drop(pieces);
    // Some of it was in use before, and pieces of the list lie between.
    ensure((most - 4..most).contains(&count), &format!("{count} pieces of {most}"))?;
    ensure(is_whole, "pieces lie over one another")?;
    ensure(piece().is_some(), "nothing is given after that")
}

fn block_too_large_is_refused() -> Result<(), String> {
    let mut block: Vec<u8> = Vec::new();
    let refused = block.try_reserve_exact(HeapSize::DEFAULT.most_bytes).is_err();
    ensure(refused, "it was given")
}
