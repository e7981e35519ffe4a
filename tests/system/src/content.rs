//! The contents that programs write into their pages.

use zram::{PAGE_SIZE, PageBytes};

use host_core::order::Random;

/// How well a page compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All zeros: the pager drops it without a request.
    Zero,
    /// One repeated word: stored in the slot itself.
    SameFilled,
    /// So many bytes of noise, the rest repeats: about as many remain after compression.
    Noise(usize),
    /// Does not compress: refused with NO_GAIN.
    Incompressible,
}

impl Kind {
    /// Returns a kind as a real program's pages have it: mostly compressible.
    pub(crate) fn any(random: &mut Random) -> Self {
        match random.index(16) {
            0 => Self::Zero,
            1 | 2 => Self::SameFilled,
            3 => Self::Incompressible,
            _ => Self::Noise(1 + random.index(3000)),
        }
    }
}

/// Returns the page of this kind and stamp; pages of other stamps differ, zeros apart.
pub(crate) fn page(kind: Kind, stamp: u64) -> Box<PageBytes> {
    let mut page = Box::new([0; PAGE_SIZE]);
    let noise = match kind {
        Kind::Zero => return page,
        Kind::SameFilled => {
            // Small words: the engine keeps one in 4096 of all others as compressed pages.
            let word = (stamp >> 16 | 1 << 40).to_le_bytes();
            page.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&word));
            return page;
        }
        Kind::Noise(bytes) => bytes.clamp(1, PAGE_SIZE),
        Kind::Incompressible => PAGE_SIZE,
    };
    let mut random = Random::new(stamp);
    page[..8].copy_from_slice(&stamp.to_le_bytes());
    page[8..].fill(0x11);
    page.iter_mut().take(noise).skip(8).for_each(|byte| *byte = random.next() as u8);
    page
}
