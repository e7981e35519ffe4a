//! Pages made of one repeated 64-bit word: found before any compression, kept without an object.

use crate::PageBytes;

/// Returns the word that the whole page repeats, if there is one.
///
/// Most pages that are not same-filled differ already between their first and last word.
pub(crate) fn repeated_word(page: &PageBytes) -> Option<u64> {
    let (words, _) = page.as_chunks::<8>();
    let (first, last) = (words.first()?, words.last()?);
    if first != last {
        return None;
    }
    let word = u64::from_ne_bytes(*first);
    let (lines, _) = words.as_chunks::<8>();
    let same = lines.iter().all(|line| {
        line.iter().fold(0, |differs, bytes| differs | (u64::from_ne_bytes(*bytes) ^ word)) == 0
    });
    same.then_some(word)
}

/// Fills the page with a repeated word.
pub(crate) fn fill(page: &mut PageBytes, word: u64) {
    let (words, _) = page.as_chunks_mut::<8>();
    words.fill(word.to_ne_bytes());
}

#[cfg(test)]
mod tests {
    use super::{fill, repeated_word};
    use crate::PAGE_SIZE;

    #[test]
    fn a_filled_page_gives_its_word_back() {
        for word in [0, 1, u64::MAX, 0x6161_6161_6161_6161, 0x0123_4567_89ab_cdef] {
            let mut page = [7; PAGE_SIZE];
            fill(&mut page, word);
            assert_eq!(repeated_word(&page), Some(word));
        }
    }

    #[test]
    fn one_different_byte_anywhere_is_noticed() {
        for at in 0..PAGE_SIZE {
            let mut page = [0x5a; PAGE_SIZE];
            page[at] ^= 1;
            assert_eq!(repeated_word(&page), None, "byte {at}");
        }
    }
}
