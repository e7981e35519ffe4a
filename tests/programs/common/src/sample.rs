//! The sample: pages of real processes, expanded to any number of different ones.
//!
//! Page `index` of a program is the sample's page of the same number, modulo the sample's size,
//! with a stamp of 16 bytes. The index decides where the stamp lies in the page; the stamp holds
//! the index, and the seed together with how often the page was changed. So no two pages are equal,
//! and each can be made again to compare.

use alloc::vec;

use zram_abi::PAGE_SIZE;
use zram_rt::Fd;
use zram_rt::errno::{Error, Result};
use zram_rt::fs;
use zram_rt::memory::Mapping;

/// Where the boot image has it.
const PATH: &str = "/pages.bin";

/// Largest sample that is taken.
const BYTES_MAX: usize = 4 << 20;

const STAMP_SIZE: usize = 16;

/// A page's content.
pub type Page = [u8; PAGE_SIZE];

/// Pages of real processes.
#[derive(Debug)]
pub struct Sample {
    memory: Mapping,
    pages: usize,
}

/// How the sample's pages compress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Profile {
    /// Pages made of one repeated 64-bit word.
    pub same_filled: usize,
    /// Bytes after compression by lz4, page by page; a page that grows counts as a whole page.
    pub compressed_bytes: usize,
    /// All pages.
    pub pages: usize,
}

impl Sample {
    /// Reads the sample of the boot image.
    ///
    /// # Errors
    ///
    /// Those of reading it; EINVAL if it is empty, larger than 4 MiB or no whole number of pages.
    pub fn load() -> Result<Self> {
        let file = fs::open(PATH, syscall::O_RDONLY)?;
        let size = usize::try_from(file.size()?).unwrap_or(usize::MAX);
        if size == 0 || size > BYTES_MAX || !size.is_multiple_of(PAGE_SIZE) {
            return Err(Error::new(syscall::EINVAL));
        }
        let mut memory = Mapping::anonymous(size)?;
        fill(&file, memory.bytes_mut())?;
        Ok(Self { memory, pages: size / PAGE_SIZE })
    }

    /// Returns how many pages the sample has.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Returns page `number` of the sample itself.
    pub fn page(&self, number: usize) -> &[u8] {
        let start = number % self.pages * PAGE_SIZE;
        &self.memory.bytes()[start..start + PAGE_SIZE]
    }

    /// Makes page `index` of the program that `seed` names, as it is after `changes` changes.
    pub fn expand(&self, index: u64, seed: u32, changes: u32, page: &mut [u8]) {
        page.copy_from_slice(self.page(index as usize));
        let places = (PAGE_SIZE / STAMP_SIZE) as u64;
        let start = (index.wrapping_mul(37) % places) as usize * STAMP_SIZE;
        let stamp = u128::from(index) | u128::from(seed) << 64 | u128::from(changes) << 96;
        page[start..start + STAMP_SIZE].copy_from_slice(&stamp.to_le_bytes());
    }

    /// Compresses every page of the sample once.
    pub fn profile(&self) -> Profile {
        let mut profile = Profile { pages: self.pages, ..Profile::default() };
        let mut output = vec![0; lz4_flex::block::get_maximum_output_size(PAGE_SIZE)];
        for number in 0..self.pages {
            let page = self.page(number);
            profile.same_filled += usize::from(is_same_filled(page));
            let size = lz4_flex::block::compress_into(page, &mut output);
            profile.compressed_bytes += size.map_or(PAGE_SIZE, |size| size.min(PAGE_SIZE));
        }
        profile
    }
}

impl Profile {
    /// Returns the percentage of same-filled pages, in hundredths.
    pub fn same_filled_percent_x100(&self) -> usize {
        self.same_filled * 10_000 / self.pages.max(1)
    }

    /// Returns the compression ratio in hundredths.
    pub fn ratio_x100(&self) -> usize {
        self.pages * PAGE_SIZE * 100 / self.compressed_bytes.max(1)
    }
}

fn is_same_filled(page: &[u8]) -> bool {
    page.chunks_exact(8).all(|word| word == &page[..8])
}

fn fill(file: &Fd, memory: &mut [u8]) -> Result<()> {
    let mut done = 0;
    while done < memory.len() {
        match file.read_at(&mut memory[done..], done as u64)? {
            0 => return Err(Error::new(syscall::EIO)),
            read => done += read,
        }
    }
    Ok(())
}
