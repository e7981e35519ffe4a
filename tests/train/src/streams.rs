//! The training data: how often each byte occurs in each stream of each page's block.

use zram::{Algorithm, Compressor, OUTPUT_MAX, PageBytes, Stream};

/// How often each byte comes.
pub(crate) type Counts = [u32; 256];

/// The level whose blocks are plain and cut by the parse that the tables are mostly used with.
const LEVEL: i32 = 4;

/// Bytes before the streams of a plain block.
const HEADER_BYTES: usize = 3;

/// The counts of some pages, for each stream.
pub(crate) struct Histograms {
    /// Operands, literals, tokens; a page's in the same place in each.
    pub(crate) streams: [Vec<Counts>; 3],
    /// How many pages there are: those that compress.
    pub(crate) pages: usize,
}

impl Histograms {
    /// Counts the streams of pages.
    pub(crate) fn of<'a>(pages: impl Iterator<Item = &'a PageBytes>) -> Self {
        let compressor =
            Compressor::with_level(Algorithm::Pagelz, LEVEL).expect("it has that level");
        let mut stream = Stream::new(compressor).expect("the host has memory");
        let mut all = Self { streams: [const { Vec::new() }; 3], pages: 0 };
        let mut output = [0; OUTPUT_MAX];
        for page in pages {
            let Some(used) = stream.compress(page, &mut output) else { continue };
            all.pages += 1;
            for (counts, bytes) in all.streams.iter_mut().zip(parts(&output[..used])) {
                counts.push(count(bytes));
            }
        }
        all
    }
}

/// Returns the streams of a plain block (`docs/pagelz.md`, "Block").
fn parts(block: &[u8]) -> [&[u8]; 3] {
    let (header, rest) = block.split_at(HEADER_BYTES);
    let counts = header.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (operands, rest) = rest.split_at(counts % 4096);
    let (literals, tokens) = rest.split_at(rest.len() - counts / 4096);
    [operands, literals, tokens]
}

fn count(bytes: &[u8]) -> Counts {
    let mut counts = [0; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    counts
}
