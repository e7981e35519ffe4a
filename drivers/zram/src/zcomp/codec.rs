//! The codecs: the list of them, the memory that each needs, and compressing and decoding a page.
//!
//! A codec is stateless; its scratch memory is its [`Workspace`], owned by a stream. The set is
//! closed and known at compile time, so a codec is an enum variant, not a trait object.

use alloc::boxed::Box;

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};

use super::{COMPRESSED_MAX, lz4, pagelz};
use crate::{NoMemory, PAGE_SIZE, PageBytes, memory};

/// Bytes that a codec may write for one page, in the worst case.
pub const OUTPUT_MAX: usize = get_maximum_output_size(PAGE_SIZE);

const _: () = assert!(lz4::WRITTEN_MAX <= OUTPUT_MAX, "the buffer is large enough for every codec");

/// A compression algorithm that a device can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Our own format for pages, denser than LZ4.
    Pagelz,
    /// The LZ4 block format, by our own codec for pages.
    Lz4,
    /// The LZ4 block format, by the safe build of `lz4_flex`.
    Lz4Safe,
}

/// What one compression scribbles on; of no use to the next one. An array of one, because a box of an
/// array can be allocated fallibly and in place.
pub(super) enum Workspace {
    /// Hash table and the streams of a block.
    Pagelz(Box<[pagelz::Fast; 1]>),
    /// Chains of places and the ways to each of them.
    PagelzDense(Box<[pagelz::Dense; 1]>),
    /// Hash table of 16-bit positions.
    Lz4(Box<[lz4::Table; 1]>),
    /// The same of `lz4_flex`, twice as large.
    Lz4Safe(Box<[CompressTable; 1]>),
}

/// The bytes are not what the codec once produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl Algorithm {
    /// What a device has unless it is told otherwise.
    pub const DEFAULT: Self = Self::Lz4;

    /// Every algorithm, in the order in which they are listed to people.
    pub const ALL: &[Self] = &[Self::Pagelz, Self::Lz4, Self::Lz4Safe];

    /// Returns the name that people know the algorithm by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pagelz => "pagelz",
            Self::Lz4 => "lz4",
            Self::Lz4Safe => "lz4-safe",
        }
    }

    /// Returns the algorithm of that exact name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// Returns what a compression at `level` needs.
    pub(super) fn workspace(self, level: i32) -> Result<Workspace, NoMemory> {
        Ok(match self {
            Self::Pagelz if pagelz::is_fast(level) => {
                Workspace::Pagelz(memory::boxed_array(pagelz::Fast::new)?)
            }
            Self::Pagelz => Workspace::PagelzDense(memory::boxed_array(pagelz::Dense::new)?),
            Self::Lz4 => Workspace::Lz4(memory::boxed_array(lz4::Table::new)?),
            Self::Lz4Safe => Workspace::Lz4Safe(memory::boxed_array(CompressTable::small)?),
        })
    }

    /// Decompresses `bytes` into `page`, which they must fill exactly.
    ///
    /// # Errors
    /// [`Damaged`]; `page` then holds anything.
    pub fn decompress(self, bytes: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
        match self {
            Self::Pagelz => pagelz::decompress(bytes, page),
            Self::Lz4 => lz4::decompress(bytes, page),
            Self::Lz4Safe => match decompress_into(bytes, page) {
                Ok(PAGE_SIZE) => Ok(()),
                Ok(_) | Err(_) => Err(Damaged),
            },
        }
    }
}

impl Workspace {
    /// Returns the bytes of heap that it takes.
    pub(super) fn metadata_bytes(&self) -> usize {
        match self {
            Self::Pagelz(workspace) => size_of_val(&**workspace),
            Self::PagelzDense(workspace) => size_of_val(&**workspace),
            Self::Lz4(workspace) => size_of_val(&**workspace),
            Self::Lz4Safe(workspace) => size_of_val(&**workspace),
        }
    }

    /// Compresses `page` at `level`, the one that the workspace was made for, and returns the bytes used, or
    /// nothing if it does not shrink by an eighth.
    pub(super) fn compress(
        &mut self,
        page: &PageBytes,
        level: i32,
        output: &mut [u8; OUTPUT_MAX],
    ) -> Option<usize> {
        match self {
            Self::Pagelz(workspace) => {
                let [fast] = &mut **workspace;
                fast.compress(page, level, output)
            }
            Self::PagelzDense(workspace) => {
                let [dense] = &mut **workspace;
                dense.compress(page, level, output)
            }
            Self::Lz4(workspace) => {
                let [table] = &mut **workspace;
                lz4::compress(table, page, level.unsigned_abs(), output.first_chunk_mut()?)
            }
            Self::Lz4Safe(workspace) => {
                let [table] = &mut **workspace;
                let bytes = compress_into_with_table(page, output, table).ok()?;
                (bytes <= COMPRESSED_MAX).then_some(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Damaged, OUTPUT_MAX};
    use crate::PAGE_SIZE;
    use alloc::vec;
    use alloc::vec::Vec;

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
            let mut output = [0; OUTPUT_MAX];
            let mut page = [3; PAGE_SIZE];
            page[100] = 9;
            let mut workspace = algorithm.workspace(1).expect("memory");
            let bytes = workspace.compress(&page, 1, &mut output).expect("fits");
            let short = algorithm.decompress(&output[..bytes - 1], &mut page);
            let long = algorithm.decompress(&output[..bytes + 1], &mut page);
            assert_eq!((short, long), (Err(Damaged), Err(Damaged)));
        }
    }

    /// A block of `count` literals and then a match at `offset` and five literals more.
    fn block_with_offset(count: usize, offset: u8) -> Vec<u8> {
        let mut block = Vec::new();
        block.push((count.min(15) as u8) << 4 | 4);
        if let Some(rest) = count.checked_sub(15) {
            block.extend(core::iter::repeat_n(255, rest / 255));
            block.push((rest % 255) as u8);
        }
        block.extend(core::iter::repeat_n(0x41, count));
        block.extend([offset, 0, 0x50]);
        block.extend(b"BCDEF");
        block
    }

    #[test]
    fn a_match_from_before_the_page_is_damage() {
        let of_one = |offset| block_with_offset(1, offset);
        assert_eq!(of_one(2), [0x14, 0x41, 2, 0, 0x50, 0x42, 0x43, 0x44, 0x45, 0x46]);
        for algorithm in Algorithm::ALL {
            // The last block would be a whole page if what lay there before were good.
            for block in [of_one(0), of_one(2), block_with_offset(4000, 0)] {
                let mut page = [0xaa; PAGE_SIZE];
                assert_eq!(algorithm.decompress(&block, &mut page), Err(Damaged), "{algorithm:?}");
            }
        }
    }

    #[test]
    fn lengths_without_end_are_damage() {
        let mut of_match = vec![0x0f, 1, 0];
        of_match.extend([0xff; 4090]);
        let mut of_literals = vec![0xf0];
        of_literals.extend([0xff; 4095]);
        for algorithm in Algorithm::ALL {
            for block in [&of_match, &of_literals] {
                let mut page = [0xaa; PAGE_SIZE];
                assert_eq!(algorithm.decompress(block, &mut page), Err(Damaged), "{algorithm:?}");
            }
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
        fn pages_of_runs_and_noise_come_back_from_a_used_workspace(
            pieces in proptest::collection::vec((any::<u8>(), 1_usize..300, any::<bool>()), 1..60),
            seed in any::<u32>(),
        ) {
            let other = crate::zcomp::tests::page_of(&[(1, 30, true), (2, 40, false)], !seed);
            let page = crate::zcomp::tests::page_of(&pieces, seed);
            let mut output = [0; OUTPUT_MAX];
            for algorithm in Algorithm::ALL {
                for level in [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 65_537] {
                    if !algorithm.levels().contains(&level) {
                        continue;
                    }
                    let mut workspace = algorithm.workspace(level).expect("memory");
                    workspace.compress(&other, level, &mut output);
                    if let Some(bytes) = workspace.compress(&page, level, &mut output) {
                        let mut back = [0xee; PAGE_SIZE];
                        prop_assert_eq!(algorithm.decompress(&output[..bytes], &mut back), Ok(()));
                        prop_assert!(back == page, "level {}", level);
                    }
                }
            }
        }
    }
}
