//! The codes of the tables, ready for both directions.
//!
//! A table gives each byte the length of its code, 1 to [`LENGTH_MAX`] bits. The codes themselves follow:
//! counted upwards from zero, shorter ones first and those of one length by their byte, and written
//! from their upper bit on, as in Deflate (RFC 1951, 3.2.2). Every table is complete, so any bits are
//! some byte's code; a table that is not does not compile.

use super::STREAMS;
use super::tables::{LITERALS, OPERANDS, TOKENS};

/// Bits of the longest code. With 11, five codes fit into what is left of a word that begins in the
/// middle of a byte; with 12, four.
pub(super) const LENGTH_MAX: usize = 11;

/// By stream: how many tables there are.
pub(super) const COUNTS: [usize; STREAMS] = [OPERANDS.len(), LITERALS.len(), TOKENS.len()];

/// All tables.
const TABLES: usize = OPERANDS.len() + LITERALS.len() + TOKENS.len();

/// By byte: its code, as the bits come, above 4 bits with their number.
pub(super) type Encoding = [u16; 256];

/// By the next bits: the byte they begin with in the upper half, the bits of its code in the lower.
pub(super) type Decoding = [u16; 1 << LENGTH_MAX];

static ENCODINGS: [Encoding; TABLES] = encodings();
static DECODINGS: [Decoding; TABLES] = decodings();

/// Returns the codes that an encoder of a stream may choose from; the first one has number 1.
pub(super) fn encodings_of(stream: usize) -> &'static [Encoding] {
    let first = first_of(stream);
    &ENCODINGS[first..first + COUNTS[stream]]
}

/// Returns the codes of a stream that have this number, if it has them.
pub(super) fn decoding_of(stream: usize, number: usize) -> Option<&'static Decoding> {
    DECODINGS.get(first_of(stream) + number.checked_sub(1)?)
}

fn first_of(stream: usize) -> usize {
    COUNTS[..stream].iter().sum()
}

const fn encodings() -> [Encoding; TABLES] {
    let mut all = [[0; 256]; TABLES];
    let mut table = 0;
    while table < TABLES {
        all[table] = encoding(lengths_of(table));
        table += 1;
    }
    all
}

const fn decodings() -> [Decoding; TABLES] {
    let mut all = [[0; 1 << LENGTH_MAX]; TABLES];
    let mut table = 0;
    while table < TABLES {
        let codes = encoding(lengths_of(table));
        let mut byte = 0;
        while byte < 256 {
            let (code, length) = (codes[byte] >> 4, codes[byte] & 15);
            let mut bits = code as usize;
            while bits < 1 << LENGTH_MAX {
                all[table][bits] = (byte as u16) << 8 | length;
                bits += 1 << length;
            }
            byte += 1;
        }
        table += 1;
    }
    all
}

/// Returns the digits of a table among all.
const fn lengths_of(table: usize) -> &'static [u8; 256] {
    let (operands, literals) = (OPERANDS.len(), LITERALS.len());
    if table < operands {
        &OPERANDS[table]
    } else if table < operands + literals {
        &LITERALS[table - operands]
    } else {
        &TOKENS[table - operands - literals]
    }
}

const fn encoding(digits: &[u8; 256]) -> Encoding {
    let mut codes = [0; 256];
    let (mut next, mut length) = (0_u32, 1);
    while length <= LENGTH_MAX {
        let mut byte = 0;
        while byte < 256 {
            if length_of(digits[byte]) == length {
                let bits = next.reverse_bits() >> (u32::BITS as usize - length);
                codes[byte] = (bits as u16) << 4 | length as u16;
                next += 1;
            }
            byte += 1;
        }
        length += 1;
        next <<= 1;
    }
    assert!(next == 2 << LENGTH_MAX, "a table is complete: any bits begin with one code");
    codes
}

/// Returns the length that a digit stands for.
const fn length_of(digit: u8) -> usize {
    let length = match digit {
        b'1'..=b'9' => digit - b'0',
        b'a'..=b'b' => digit - b'a' + 10,
        _ => panic!("a digit of a table is 1 to 9, a or b"),
    };
    length as usize
}

#[cfg(test)]
mod tests {
    use super::{COUNTS, LENGTH_MAX, STREAMS, decoding_of, encodings_of};

    #[test]
    fn every_byte_of_every_table_is_decoded_from_its_code_whatever_follows() {
        for stream in 0..STREAMS {
            for (index, codes) in encodings_of(stream).iter().enumerate() {
                let decoding = decoding_of(stream, index + 1).expect("both directions exist");
                for (byte, code) in (0_u16..).zip(codes) {
                    let (bits, length) = (usize::from(code >> 4), code & 15);
                    for behind in 0..1 << (LENGTH_MAX - usize::from(length)) {
                        assert_eq!(decoding[bits | behind << length], byte << 8 | length);
                    }
                }
            }
        }
    }

    #[test]
    fn a_table_that_does_not_exist_is_not_found() {
        assert_eq!(decoding_of(0, 0), None);
        assert_eq!(decoding_of(STREAMS - 1, COUNTS[STREAMS - 1] + 1), None);
    }
}
