//! Tokens: the meaning of each of the 256, for encoding and decoding.
//!
//! A token is a row and a column of a table. The row is the kind of the offset and the count of
//! literals, the column the length of the match; the last row of a kind and the last column go on
//! in an operand.

/// The match repeats the offset of the last one; there is a literal before it.
pub(super) const LAST: usize = 0;
/// The match repeats the offset that was the last one before that.
pub(super) const PREVIOUS: usize = 1;
/// The offset is a byte: below 128 or a multiple of 8 below 1152.
pub(super) const SHORT: usize = 2;
/// The offset is any, in 12 bits, and the other 4 of these two bytes are the length.
pub(super) const FAR: usize = 3;

/// Of [`Token::slot`]: a place that nothing is read from.
pub(super) const NOWHERE: u8 = 4;

/// By kind: the shortest match.
pub(super) const LENGTH_MIN: [usize; 4] = [2, 2, 3, 4];
/// By kind: what a match is longer than that when its length begins to need an operand.
pub(super) const LENGTH_DIRECT: [usize; 4] = [15, 15, 15, 16];
/// By kind: bytes of the offset.
pub(super) const OFFSET_BYTES: [usize; 4] = [0, 0, 1, 2];
/// By kind: the fewest literals.
const LITERALS_MIN: [usize; 4] = [1, 0, 0, 0];
/// By kind: from how many literals on their count needs an operand.
pub(super) const LITERALS_OPEN: [usize; 4] = [5, 3, 5, 7];
/// By kind: its first row.
const ROW: [usize; 4] = [0, 5, 9, 15];

/// What a token says, ready for the decoder. 32 bytes, so that an entry is found by a shift; what is added
/// has 32 bits, so that it can be added from memory.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Token {
    /// Literals, and what of the operand behind the offset is added to them.
    pub(super) literals: u32,
    pub(super) literals_mask: u32,
    /// Length of the match, and what of the last operand is added to it.
    pub(super) length: u32,
    pub(super) length_mask: u32,
    /// What of the two first operands is added to the length, after a shift by 12.
    pub(super) length_bits: u32,
    /// What of the first operand is the code of a short offset.
    pub(super) short_mask: u32,
    /// What of the two first operands is a far offset.
    pub(super) far_mask: u32,
    pub(super) kind: u8,
    pub(super) offset_bytes: u8,
    /// Bytes of operands if no length goes on after the first byte of it.
    pub(super) operands: u8,
    /// Where the last offset goes among those that can be repeated: [`PREVIOUS`], or nowhere.
    pub(super) slot: u8,
}

const _: () = assert!(size_of::<Token>() == 32, "a shift finds it");

/// Bytes of a word. A match with a smaller offset repeats bytes that it has just written.
pub(super) const WORD: usize = 8;

/// What the decoder looks up, side by side so that one address finds both.
pub(super) struct Tables {
    /// By token.
    pub(super) tokens: [Token; 256],
    /// By its code: a short offset.
    pub(super) short_offsets: [u16; 256],
    /// By an offset of less than a word.
    pub(super) periods: [Period; WORD],
}

/// The only ones.
pub(super) static TABLES: Tables =
    Tables { tokens: tokens(), short_offsets: short_offsets(), periods: periods() };

const fn tokens() -> [Token; 256] {
    let mut all = [token(LAST, 0, 0); 256];
    let mut kind = 0;
    while kind < 4 {
        let mut row = 0;
        while row <= LITERALS_OPEN[kind] - LITERALS_MIN[kind] {
            let mut column = 0;
            while column < 16 {
                let at = if kind == FAR {
                    ROW[FAR] * 16 + row + if column == 15 { 8 } else { 0 }
                } else {
                    (ROW[kind] + row) * 16 + column
                };
                all[at] = token(kind, row, column);
                column += 1;
            }
            row += 1;
        }
        kind += 1;
    }
    all
}

const fn token(kind: usize, row: usize, column: usize) -> Token {
    let is_far = kind == FAR;
    let literals = LITERALS_MIN[kind] + row;
    let (is_open, is_long) = (literals == LITERALS_OPEN[kind], column == 15);
    let more = if is_far && is_long {
        16
    } else if is_far {
        0
    } else {
        column
    };
    let operands = OFFSET_BYTES[kind] + is_open as usize + is_long as usize;
    Token {
        literals: literals as u32,
        literals_mask: if is_open { 0xff } else { 0 },
        length: (LENGTH_MIN[kind] + more) as u32,
        length_mask: if is_long { 0xff } else { 0 },
        length_bits: if is_far { 15 } else { 0 },
        short_mask: if kind == SHORT { 0xff } else { 0 },
        far_mask: if is_far { 0xfff } else { 0 },
        kind: kind as u8,
        offset_bytes: OFFSET_BYTES[kind] as u8,
        operands: operands as u8,
        slot: if kind == LAST { NOWHERE } else { PREVIOUS as u8 },
    }
}

const fn short_offsets() -> [u16; 256] {
    let mut offsets = [0; 256];
    let mut code = 0;
    while code < 256 {
        offsets[code] = if code < 128 { code } else { 128 + 8 * (code - 128) } as u16;
        code += 1;
    }
    offsets
}

/// How fewer bytes than a word are repeated.
#[repr(align(32))]
pub(super) struct Period {
    /// These bytes of a word.
    pub(super) mask: u64,
    /// A one at each multiple of their count.
    pub(super) ones: u64,
    /// The smallest multiple of it that is a word or more.
    pub(super) back: usize,
}

/// By offset: how it is repeated.
const fn periods() -> [Period; WORD] {
    let mut all = [const { Period { mask: 0, ones: 0, back: WORD } }; WORD];
    let mut offset = 1;
    while offset < WORD {
        let mut ones = 0;
        let mut at = 0;
        while at < WORD {
            ones |= 1 << (8 * at);
            at += offset;
        }
        all[offset] = Period { mask: (1 << (8 * offset)) - 1, ones, back: at };
        offset += 1;
    }
    all
}

/// Returns the code of an offset as a short one, 256 or more if it is none.
#[inline(always)]
pub(super) fn short_code(offset: usize) -> usize {
    let is_multiple = offset.is_multiple_of(8) && offset < 1152;
    let high = core::hint::select_unpredictable(is_multiple, 112 + offset / 8, 256);
    core::hint::select_unpredictable(offset < 128, offset, high)
}

/// Says in a half of a token that an operand follows.
pub(super) const OPEN: u16 = 0x100;

/// By 16 times the kind and the literals, 15 for more: that half of a token.
pub(super) static LITERAL_HALVES: [u16; 64] = {
    let mut halves = [0; 64];
    let mut at = 0;
    while at < 64 {
        let (kind, literals) = (at / 16, at % 16);
        let is_open = literals >= LITERALS_OPEN[kind];
        let most = if is_open { LITERALS_OPEN[kind] } else { literals };
        let row = most.saturating_sub(LITERALS_MIN[kind]);
        let half = if kind == FAR { ROW[FAR] * 16 + row } else { (ROW[kind] + row) * 16 };
        halves[at] = half as u16 | if is_open { OPEN } else { 0 };
        at += 1;
    }
    halves
};

/// By how much longer than the shortest a match is, 16 for more, and 32 more for a far one: that half
/// of a token, and in the upper 4 bits what the operands of the offset gain.
pub(super) static LENGTH_HALVES: [u16; 64] = {
    let mut halves = [0; 64];
    let mut more = 0;
    while more <= 16 {
        halves[more] = if more >= 15 { 15 | OPEN } else { more as u16 };
        halves[32 + more] = if more == 16 { 8 | OPEN } else { (more as u16) << 12 };
        more += 1;
    }
    halves
};
