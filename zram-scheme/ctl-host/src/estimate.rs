//! The size that each algorithm and level gives to pages, by the engine's own codecs and rules: a
//! page of one repeated word takes nothing, a page whose compression does not save an eighth is
//! kept whole.

use zram::{Algorithm, Compressor, OUTPUT_MAX, Stream};

use crate::pages::{PAGE_SIZE, Page};

/// The levels of `lz4` that are shown: each is quicker and less dense than the one before, to 65537.
const LZ4_LEVELS: [i32; 5] = [1, 2, 4, 8, 16];

/// What became of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// By which codec.
    pub(crate) compressor: Compressor,
    /// What was looked at.
    pub(crate) pages: usize,
    /// Pages of one repeated word.
    pub(crate) same_filled: usize,
    /// Pages that are kept whole.
    pub(crate) incompressible: usize,
    /// Bytes of all that are stored.
    pub(crate) stored_bytes: usize,
}

/// Returns the estimates of all algorithms at all levels that are shown.
pub(crate) fn all(pages: &[Page]) -> Vec<Estimate> {
    let shown = |algorithm: Algorithm| -> Vec<i32> {
        match algorithm {
            Algorithm::Lz4 => LZ4_LEVELS.to_vec(),
            Algorithm::Lz4Safe | Algorithm::Pagelz => algorithm.levels().collect(),
        }
    };
    Algorithm::ALL
        .iter()
        .flat_map(|&algorithm| shown(algorithm).into_iter().map(move |level| (algorithm, level)))
        .filter_map(|(algorithm, level)| Compressor::with_level(algorithm, level).ok())
        .filter_map(|compressor| of(compressor, pages))
        .collect()
}

/// Returns the estimate of one; nothing if there is no memory for its tables.
fn of(compressor: Compressor, pages: &[Page]) -> Option<Estimate> {
    let mut stream = Stream::new(compressor).ok()?;
    let mut output = [0; OUTPUT_MAX];
    let mut estimate = Estimate {
        compressor,
        pages: pages.len(),
        same_filled: 0,
        incompressible: 0,
        stored_bytes: 0,
    };
    for page in pages {
        if is_same_filled(page) {
            estimate.same_filled += 1;
            continue;
        }
        match stream.compress(page, &mut output) {
            Some(length) => estimate.stored_bytes += length,
            None => {
                estimate.incompressible += 1;
                estimate.stored_bytes += PAGE_SIZE;
            }
        }
    }
    Some(estimate)
}

fn is_same_filled(page: &Page) -> bool {
    let (words, _) = page.as_chunks::<8>();
    words.iter().all(|word| word == &words[0])
}

#[cfg(test)]
mod tests {
    use super::{Estimate, all};
    use crate::pages::{PAGE_SIZE, Page};

    /// Bytes that no codec makes smaller.
    fn noise() -> Page {
        let mut state = 1_u64;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
    }

    #[test]
    fn zeros_take_nothing_noise_is_kept_whole_and_text_shrinks() {
        let text: Page = std::array::from_fn(|at| b"to be or not to be, "[at % 20]);
        let estimates = all(&[[0; PAGE_SIZE], noise(), text]);
        assert!(estimates.len() > 6, "several algorithms and levels");
        for Estimate { pages, same_filled, incompressible, stored_bytes, .. } in estimates {
            assert_eq!((pages, same_filled, incompressible), (3, 1, 1));
            assert!(stored_bytes > PAGE_SIZE && stored_bytes < PAGE_SIZE + 200, "{stored_bytes}");
        }
    }
}
