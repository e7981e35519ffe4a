//! The codecs: which there are, what each needs to work, and how it turns a page into bytes and back.
//!
//! A codec is stateless; what it scribbles on is its [`Workspace`], owned by a stream. The set is
//! closed and known at compile time, so a codec is an enum variant, not a trait object.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};

use crate::{PAGE_SIZE, PageBytes};

/// Bytes that a codec may write for one page, in the worst case.
pub(crate) const OUTPUT_MAX: usize = get_maximum_output_size(PAGE_SIZE);

/// A compression algorithm that a device can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The LZ4 block format, by the safe build of `lz4_flex`.
    #[default]
    Lz4,
}

/// What one compression scribbles on; of no use to the next one.
pub(super) enum Workspace {
    /// Hash table: 16-bit positions, enough for a page.
    Lz4(CompressTable),
}

/// The bytes are not what the codec once produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

impl Algorithm {
    /// Every algorithm, in the order in which they are listed to people.
    pub const ALL: &[Self] = &[Self::Lz4];

    /// Returns the name that people know the algorithm by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
        }
    }

    /// Returns the algorithm of that exact name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    pub(super) const fn workspace(self) -> Workspace {
        match self {
            Self::Lz4 => Workspace::Lz4(CompressTable::small()),
        }
    }

    /// Compresses `page` and returns the bytes used, or nothing if `output` is too small for it.
    pub(super) fn compress(
        self,
        workspace: &mut Workspace,
        page: &PageBytes,
        output: &mut [u8],
    ) -> Option<usize> {
        match (self, workspace) {
            (Self::Lz4, Workspace::Lz4(table)) => {
                compress_into_with_table(page, output, table).ok()
            }
        }
    }

    /// Decompresses `bytes`, which must fill the page exactly.
    pub(super) fn decompress(self, bytes: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
        match self {
            Self::Lz4 => match decompress_into(bytes, page) {
                Ok(PAGE_SIZE) => Ok(()),
                Ok(_) | Err(_) => Err(Damaged),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Damaged, OUTPUT_MAX};
    use crate::PAGE_SIZE;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn every_algorithm_is_found_by_its_name() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
        }
        assert_eq!(Algorithm::from_name("LZ4"), None);
    }

    #[test]
    fn a_shorter_or_longer_block_is_damage() {
        for algorithm in Algorithm::ALL {
            let mut workspace = algorithm.workspace();
            let mut output = [0; OUTPUT_MAX];
            let mut page = [3; PAGE_SIZE];
            page[100] = 9;
            let bytes = algorithm.compress(&mut workspace, &page, &mut output).expect("fits");
            let short = algorithm.decompress(&output[..bytes - 1], &mut page);
            let long = algorithm.decompress(&output[..bytes + 1], &mut page);
            assert_eq!((short, long), (Err(Damaged), Err(Damaged)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_decoding_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut page = [0; PAGE_SIZE];
            for algorithm in Algorithm::ALL {
                prop_assert!(matches!(algorithm.decompress(&bytes, &mut page), Ok(()) | Err(Damaged)));
            }
        }

        #[test]
        fn pages_of_runs_and_noise_come_back(
            pieces in proptest::collection::vec((any::<u8>(), 1_usize..300, any::<bool>()), 1..60),
            seed in any::<u32>(),
        ) {
            let page = crate::zcomp::tests::page_of(&pieces, seed);
            let mut output = [0; OUTPUT_MAX];
            for algorithm in Algorithm::ALL {
                let mut workspace = algorithm.workspace();
                let bytes = algorithm.compress(&mut workspace, &page, &mut output).expect("fits");
                let mut back = [0xee; PAGE_SIZE];
                prop_assert_eq!(algorithm.decompress(&output[..bytes], &mut back), Ok(()));
                prop_assert!(back == page);
            }
        }
    }
}
