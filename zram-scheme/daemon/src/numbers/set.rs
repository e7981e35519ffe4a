//! A set of numbers that many threads change at once: one bit each, and a bit for each word of them.
//!
//! The bit of a word says that the word may have a number, so that the lowest number is found by
//! looking at nine words at most. It may be set for a word without any number, but never stays
//! clear for a word that keeps one: a thread that clears the bit looks at the word again
//! afterwards, and a thread that puts a number in sets the bit afterwards. That is why everything
//! here is in one total order (SeqCst).

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

/// Words with a bit for each number.
const WORDS: usize = 512;

/// Words with a bit for each of those; they come first.
const SUMMARY_WORDS: usize = WORDS / 64;

/// Words of a set.
pub(super) const SET_WORDS: usize = SUMMARY_WORDS + WORDS;

/// Numbers that a set has bits for: 128 MiB of pages.
pub(super) const SET_NUMBERS: u32 = WORDS as u32 * 64;

/// A set; numbers are told apart by what they are modulo [`SET_NUMBERS`].
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    summary: &'a [AtomicU64],
    words: &'a [AtomicU64],
}

/// Returns what word `index` of a set is if the set has the numbers below `count`; of a word behind
/// the first set, that it is empty.
pub(super) fn initial(index: usize, count: u32) -> u64 {
    let words = count.div_ceil(64);
    let below = |end: u32, first: usize| {
        let bits = (end as usize).saturating_sub(first).min(64);
        if bits == 64 { u64::MAX } else { (1 << bits) - 1 }
    };
    match index.checked_sub(SUMMARY_WORDS) {
        None => below(words, index * 64),
        Some(word) if word < WORDS => below(count, word * 64),
        Some(_) => 0,
    }
}

impl<'a> Set<'a> {
    pub(super) fn new(words: &'a [AtomicU64; SET_WORDS]) -> Self {
        let (summary, words) = words.split_at(SUMMARY_WORDS);
        Self { summary, words }
    }

    /// Puts a number in that is not in it.
    pub(super) fn put(self, number: u32) {
        let Place { word, bit } = Place::of(number);
        self.words[word].fetch_or(bit, SeqCst);
        self.summary[word / 64].fetch_or(1 << (word % 64), SeqCst);
    }

    /// Takes a number out; returns whether it was in.
    pub(super) fn take(self, number: u32) -> bool {
        let Place { word, bit } = Place::of(number);
        self.words[word].fetch_and(!bit, SeqCst) & bit != 0
    }

    pub(super) fn has(self, number: u32) -> bool {
        let Place { word, bit } = Place::of(number);
        self.words[word].load(SeqCst) & bit != 0
    }

    /// Takes the lowest number out.
    pub(super) fn take_lowest(self) -> Option<u32> {
        for (index, summary) in self.summary.iter().enumerate() {
            // Each round takes a number, loses one to another thread, or clears a bit.
            while let Some(bit) = lowest(summary.load(SeqCst)) {
                let word = index * 64 + bit as usize;
                match lowest(self.words[word].load(SeqCst)) {
                    Some(bit) => {
                        let number = word as u32 * 64 + bit;
                        if self.take(number) {
                            return Some(number);
                        }
                    }
                    None => {
                        summary.fetch_and(!(1 << bit), SeqCst);
                        if self.words[word].load(SeqCst) != 0 {
                            summary.fetch_or(1 << bit, SeqCst);
                        }
                    }
                }
            }
        }
        None
    }

    /// Returns the lowest number from `from` on, without taking it.
    pub(super) fn next(self, from: u32) -> Option<u32> {
        let first = (from / 64) as usize;
        (first..WORDS).find_map(|word| {
            let skipped = if word == first { from % 64 } else { 0 };
            let bits = self.words[word].load(SeqCst) >> skipped << skipped;
            lowest(bits).map(|bit| word as u32 * 64 + bit)
        })
    }
}

/// Returns the lowest bit that is set.
fn lowest(bits: u64) -> Option<u32> {
    (bits != 0).then(|| bits.trailing_zeros())
}

/// Where a number is in the set.
struct Place {
    /// The index of its word.
    word: usize,
    bit: u64,
}

impl Place {
    fn of(number: u32) -> Self {
        let at = number % SET_NUMBERS;
        Self { word: (at / 64) as usize, bit: 1 << (at % 64) }
    }
}
