//! The codecs that are compared, behind one interface.

mod c;
mod rust;

use std::hint::black_box;

use zram::{OUTPUT_MAX, PAGE_SIZE, PageBytes};

/// Room for what any contender writes for a page.
pub(crate) type Output = [u8; OUTPUT_MAX];

/// Above this a page is stored whole, whatever the codec: it must save an eighth.
const STORED_MAX: usize = PAGE_SIZE / 8 * 7;

/// A codec as the benchmark sees it.
pub(crate) trait Codec {
    /// Compresses a page and returns the bytes used, or nothing if it gave up.
    fn compress(&mut self, page: &PageBytes, output: &mut Output) -> Option<usize>;

    /// Decompresses a block and says whether it filled the page.
    fn decompress(&mut self, block: &[u8], page: &mut PageBytes) -> bool;
}

/// A codec with its name.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) codec: Box<dyn Codec>,
}

/// The name of the contender that others are compared with.
pub(crate) const ANCHOR: &str = "C lz4";

/// Returns all contenders, the anchor first.
pub(crate) fn all() -> Vec<Contender> {
    let mut all =
        vec![Contender { name: ANCHOR.into(), codec: Box::new(c::Lz4 { acceleration: 1 }) }];
    all.extend(rust::all());
    all.push(Contender { name: "C zstd 1".into(), codec: Box::new(c::Zstd::new(1)) });
    all
}

/// The contenders of ours that are compared with the anchor on pages of runs alone.
pub(crate) const OURS: [&str; 3] = ["lz4", "pagelz", "pagelz level=5"];

/// Most bytes of the anchor's block for a page that is nearly nothing but runs.
const RUN_HEAVY_MAX: usize = 255;

/// Returns the pages that are nearly nothing but runs, where a codec may be slow in ways of its own.
pub(crate) fn run_heavy(pages: &[PageBytes]) -> Vec<PageBytes> {
    let (mut anchor, mut output) = (c::Lz4 { acceleration: 1 }, [0; OUTPUT_MAX]);
    let mut is_run_heavy = |page: &&PageBytes| {
        anchor.compress(page, &mut output).is_some_and(|used| used <= RUN_HEAVY_MAX)
    };
    pages.iter().filter(|page| is_run_heavy(page)).copied().collect()
}

/// The blocks that a codec makes of some pages.
pub(crate) struct Blocks {
    blocks: Vec<Vec<u8>>,
    /// Bytes of the pages over bytes stored, those stored whole included.
    pub(crate) ratio: f64,
}

impl Contender {
    /// Compresses all pages once, decompresses them and compares.
    ///
    /// # Errors
    /// In words, when a page does not come back.
    pub(crate) fn prepare(&mut self, pages: &[PageBytes]) -> Result<Blocks, String> {
        let (mut output, mut back) = ([0; OUTPUT_MAX], [0; PAGE_SIZE]);
        let (mut blocks, mut stored) = (Vec::new(), 0);
        for (index, page) in pages.iter().enumerate() {
            let used = self.codec.compress(page, &mut output).filter(|used| *used <= STORED_MAX);
            stored += used.unwrap_or(PAGE_SIZE);
            let Some(used) = used else { continue };
            back.fill(0x5a);
            if !self.codec.decompress(&output[..used], &mut back) || back != *page {
                return Err(format!("{}: page {index} does not come back", self.name));
            }
            blocks.push(output[..used].to_vec());
        }
        let ratio = (pages.len() * PAGE_SIZE) as f64 / stored as f64;
        Ok(Blocks { blocks, ratio })
    }

    /// Compresses all pages. Not inlined, so that instructions can be counted in it.
    #[inline(never)]
    pub(crate) fn compress_all(&mut self, pages: &[PageBytes]) {
        let mut output = [0; OUTPUT_MAX];
        for page in pages {
            black_box(self.codec.compress(page, &mut output));
            black_box(&output);
        }
    }

    /// Decompresses all blocks. Not inlined, so that instructions can be counted in it.
    #[inline(never)]
    pub(crate) fn decompress_all(&mut self, blocks: &Blocks) {
        let mut page = [0; PAGE_SIZE];
        for block in &blocks.blocks {
            black_box(self.codec.decompress(block, &mut page));
            black_box(&page);
        }
    }
}

impl Blocks {
    /// Returns how many pages were compressed.
    pub(crate) fn count(&self) -> usize {
        self.blocks.len()
    }
}

#[cfg(test)]
mod tests;
