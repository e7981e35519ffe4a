//! The pages to measure with: a file of 4 KiB pages, without the same-filled ones.

use std::env;
use std::fs;
use std::path::PathBuf;

use zram::{PAGE_SIZE, PageBytes};

/// Where `make corpus` puts its sample, from the root of the project.
const DEFAULT: &str = "target/corpus/pages.bin";

/// Most pages that are used, spread evenly over the file: 32 MiB.
const PAGES_MAX: usize = 8192;

/// Pages that a codec sees.
pub(crate) struct Corpus {
    /// The file.
    pub(crate) path: PathBuf,
    /// Its pages without the same-filled ones.
    pub(crate) pages: Vec<PageBytes>,
    /// How many were left out.
    pub(crate) same_filled: usize,
}

impl Corpus {
    /// Reads `CORPUS=FILE` or the sample that `make corpus` took.
    ///
    /// # Errors
    /// In words, when there is no such file or no page in it.
    pub(crate) fn read() -> Result<Self, String> {
        let named = env::var_os("CORPUS").filter(|file| !file.is_empty());
        let path = named.map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from);
        let bytes = fs::read(&path).map_err(|error| {
            format!("{}: {error}; `make corpus` takes a sample", path.display())
        })?;
        Self::of(path, &bytes)
    }

    fn of(path: PathBuf, bytes: &[u8]) -> Result<Self, String> {
        let (all, _) = bytes.as_chunks::<PAGE_SIZE>();
        let step = all.len().div_ceil(PAGES_MAX).max(1);
        let taken: Vec<&PageBytes> = all.iter().step_by(step).collect();
        let differs = |page: &&PageBytes| !is_same_filled(page);
        let pages: Vec<PageBytes> = taken.iter().copied().filter(differs).copied().collect();
        if pages.is_empty() {
            return Err(format!("{}: no page that is not same-filled", path.display()));
        }
        Ok(Self { path, same_filled: taken.len() - pages.len(), pages })
    }
}

fn is_same_filled(page: &PageBytes) -> bool {
    let (words, _) = page.as_chunks::<8>();
    words.iter().all(|word| *word == words[0])
}

#[cfg(test)]
mod tests {
    use super::{Corpus, PAGES_MAX};
    use zram::PAGE_SIZE;

    #[test]
    fn same_filled_pages_and_an_incomplete_last_one_are_left_out() {
        let mut bytes = vec![7; 3 * PAGE_SIZE + 100];
        bytes[PAGE_SIZE] = 8;
        let corpus = Corpus::of("a".into(), &bytes).expect("one page is left");
        assert_eq!((corpus.pages.len(), corpus.same_filled), (1, 2));
        assert_eq!(corpus.pages[0][..2], [8, 7]);
    }

    #[test]
    fn a_file_without_pages_is_refused_in_words() {
        let error = Corpus::of("a".into(), &[0; PAGE_SIZE]).err();
        assert_eq!(error.as_deref(), Some("a: no page that is not same-filled"));
    }

    #[test]
    fn pages_of_a_large_file_are_taken_evenly() {
        let mut bytes = vec![0; 2 * PAGES_MAX * PAGE_SIZE];
        for (number, page) in bytes.as_chunks_mut::<PAGE_SIZE>().0.iter_mut().enumerate() {
            page[..4].copy_from_slice(&(number as u32 + 1).to_le_bytes());
        }
        let corpus = Corpus::of("a".into(), &bytes).expect("all differ");
        assert_eq!(corpus.pages.len(), PAGES_MAX);
        assert_eq!(corpus.pages[1][..4], 3_u32.to_le_bytes());
    }
}
