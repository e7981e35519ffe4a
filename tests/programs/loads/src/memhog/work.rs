//! One thread's share of `memhog`: fill it, then check it.

use alloc::sync::Arc;

use guest::sample::Sample;
use host_core::order::{Random, Shuffled, mix};
use zram_abi::PAGE_SIZE;
use zram_rt::eprintln;
use zram_rt::errno::Result;
use zram_rt::memory::Mapping;

use crate::progress::{Gate, Progress};

/// Wrong pages that one thread tells of; the number of all is printed in the end.
const TOLD_MAX: u64 = 8;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Pages of all threads together.
    pub(crate) pages: u64,
    /// Threads, each with its share of the pages.
    pub(crate) threads: u64,
    /// How often every page is checked.
    pub(crate) passes: u64,
    /// How many of a hundred pages are rewritten when they are checked.
    pub(crate) dirty_percent: u64,
    /// How many of a hundred pages are one repeated word.
    pub(crate) same_filled_percent: u64,
    /// Chooses stamps and orders.
    pub(crate) seed: u32,
    /// Whether `report` runs before the memory is given back.
    pub(crate) with_report: bool,
    /// The check begins once no area is mounted.
    pub(crate) until_swapoff: bool,
    /// Whether numbers are printed for programs, too.
    pub(crate) with_figures: bool,
}

impl Plan {
    /// Makes page `index` as it is after `changes` changes.
    fn make(&self, sample: &Sample, index: u64, changes: u32, page: &mut [u8]) {
        if index.wrapping_mul(37) % 100 < self.same_filled_percent {
            let stamp = u64::from(changes) << 32 | u64::from(self.seed);
            let word = mix(index ^ mix(stamp)).to_le_bytes();
            page.chunks_exact_mut(word.len()).for_each(|part| part.copy_from_slice(&word));
        } else {
            sample.expand(index, self.seed, changes, page);
        }
    }
}

/// One thread's share.
pub(crate) struct Work {
    plan: Plan,
    first: u64,
    memory: Mapping,
    /// How often each page was rewritten.
    changes: Mapping,
    sample: Arc<Sample>,
    progress: Arc<Progress>,
}

impl Work {
    /// Maps the share of thread `number`.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn new(
        plan: Plan,
        number: u64,
        sample: Arc<Sample>,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let first = plan.pages * number / plan.threads;
        let count = (plan.pages * (number + 1) / plan.threads - first) as usize;
        let memory = Mapping::anonymous(count * PAGE_SIZE)?;
        let changes = Mapping::anonymous(count.next_multiple_of(PAGE_SIZE))?;
        Ok(Self { plan, first, memory, changes, sample, progress })
    }

    /// Fills, waits for the others, checks, and keeps the memory until it may end.
    pub(crate) fn run(mut self) {
        for (index, page) in (self.first..).zip(self.memory.bytes_mut().chunks_exact_mut(PAGE_SIZE))
        {
            self.plan.make(&self.sample, index, 0, page);
            self.progress.page_done();
        }
        self.progress.wait_for_gate(Gate::Filled);
        let mut random = Random::new(mix(u64::from(self.plan.seed)) ^ self.first);
        for _ in 0..self.plan.passes {
            self.check(random.next(), &mut random);
        }
        self.progress.wait_for_gate(Gate::Checked);
    }

    fn check(&mut self, order: u64, random: &mut Random) {
        let count = (self.memory.bytes().len() / PAGE_SIZE) as u64;
        let mut expected = [0; PAGE_SIZE];
        for place in Shuffled::new(count, order) {
            let place = place as usize;
            let index = self.first + place as u64;
            let changes = self.changes.bytes()[place];
            self.plan.make(&self.sample, index, u32::from(changes), &mut expected);
            let page = &mut self.memory.bytes_mut()[place * PAGE_SIZE..][..PAGE_SIZE];
            if *page != expected {
                self.progress.page_wrong();
                tell(index, page, &expected, self.progress.wrong());
            }
            if random.below(100) < self.plan.dirty_percent {
                let changes = changes.wrapping_add(1);
                self.plan.make(&self.sample, index, u32::from(changes), page);
                self.changes.bytes_mut()[place] = changes;
            }
            self.progress.page_done();
        }
    }
}

fn tell(index: u64, page: &[u8], expected: &[u8], wrong: u64) {
    if wrong > TOLD_MAX {
        return;
    }
    let differs = page.iter().zip(expected).position(|(found, wanted)| found != wanted);
    let count = page.iter().zip(expected).filter(|(found, wanted)| found != wanted).count();
    let at = differs.unwrap_or(0);
    eprintln!(
        "memhog: WRONG BYTE in page {index} at {at}: {:#04x}, should be {:#04x}; {count} bytes differ",
        page[at], expected[at]
    );
}
