//! Random operations, refusals included, against a plain map.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use std::vec::Vec;

use super::{COMPRESSOR, Device, Model, audit, device, loaded, used_pages};
use crate::device::Purpose;
use crate::test_support::{CountedPages, page_of};
use crate::zcomp::{OUTPUT_MAX, Stream};
use crate::{PAGE_SIZE, PageBytes, StoreError, Worker};

/// Few slots, so that operations meet.
const SLOTS: u32 = 48;

#[derive(Clone, Debug)]
enum Operation {
    Store { slot: u32, noise: usize, stamp: u64, purpose: Purpose },
    Load { slot: u32 },
    Take { slot: u32 },
    Discard { first: u32, count: u32 },
    Compact,
    Limit { pages: u64 },
    RefuseCommits { count: u64 },
    CpuUp { cpu: usize },
    CpuDown { cpu: usize },
    WorkOn { cpu: usize },
    Wait { seconds: u32 },
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let noise = prop_oneof![Just(0), 1_usize..64, 64_usize..3700, Just(PAGE_SIZE)];
    let purpose = prop_oneof![Just(Purpose::Write), Just(Purpose::Swap)];
    let store = (0..SLOTS, noise, any::<u64>(), purpose)
        .prop_map(|(slot, noise, stamp, purpose)| Operation::Store { slot, noise, stamp, purpose });
    prop_oneof![
        12 => store,
        4 => (0..SLOTS).prop_map(|slot| Operation::Load { slot }),
        4 => (0..SLOTS).prop_map(|slot| Operation::Take { slot }),
        2 => (0..SLOTS, 0..8_u32).prop_map(|(first, count)| Operation::Discard { first, count }),
        1 => Just(Operation::Compact),
        1 => (0..40_u64).prop_map(|pages| Operation::Limit { pages }),
        1 => (0..4_u64).prop_map(|count| Operation::RefuseCommits { count }),
        3 => any_change_of_cpus(),
        // Up to a week: the clock of the ages goes round in three days.
        1 => (0..600_000_u32).prop_map(|seconds| Operation::Wait { seconds }),
    ]
}

fn any_change_of_cpus() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0..3_usize).prop_map(|cpu| Operation::CpuUp { cpu }),
        (0..3_usize).prop_map(|cpu| Operation::CpuDown { cpu }),
        (0..4_usize).prop_map(|cpu| Operation::WorkOn { cpu }),
    ]
}

/// A device, the map it must agree with, and what limits it now.
struct Run<'a> {
    device: Device<'a>,
    pages: &'a CountedPages,
    worker: Worker,
    model: Model,
    limit: u64,
    now_seconds: u32,
}

impl Run<'_> {
    fn perform(&mut self, operation: &Operation) {
        let used_before = used_pages(&self.device);
        match *operation {
            Operation::Store { slot, noise, stamp, purpose } => {
                self.store(slot, &page_of(noise, stamp), purpose);
            }
            Operation::Load { slot } => self.check_content(slot),
            Operation::Take { slot } => {
                let mut page = [0xee; PAGE_SIZE];
                self.device.take(&mut self.worker, slot, &mut page).expect("no damage");
                assert!(page == self.model.remove(&slot).unwrap_or([0; PAGE_SIZE]));
            }
            Operation::Discard { first, count } => {
                self.device.discard(&self.worker, first, count);
                self.model.retain(|slot, _| !(first..first + count).contains(slot));
            }
            Operation::Compact => {
                let released = self.device.compact(&mut self.worker);
                assert_eq!(used_pages(&self.device) + released, used_before);
            }
            Operation::Limit { pages } => {
                self.limit = pages;
                self.device.set_mem_limit(pages);
            }
            Operation::RefuseCommits { count } => self.pages.refuse(count),
            Operation::CpuUp { cpu } => self.device.cpu_up(cpu).expect("memory"),
            Operation::CpuDown { cpu } => self.device.cpu_down(cpu),
            Operation::WorkOn { cpu } => self.worker.set_cpu(cpu),
            Operation::Wait { seconds } => {
                self.now_seconds += seconds;
                self.worker.set_now(self.now_seconds);
            }
        }
        let used = used_pages(&self.device);
        let is_allowed = self.limit == 0 || used <= self.limit.max(used_before);
        assert!(is_allowed, "{used} pages, limit {}", self.limit);
    }

    fn store(&mut self, slot: u32, page: &PageBytes, purpose: Purpose) {
        let (used, refusals) = (used_pages(&self.device), self.pages.refusals());
        match self.device.store(&mut self.worker, slot, page, purpose) {
            Ok(()) => {
                assert!(purpose == Purpose::Write || shrinks(page));
                self.model.insert(slot, *page);
            }
            Err(StoreError::NoGain) => {
                assert_eq!(purpose, Purpose::Swap);
                assert!(!shrinks(page));
            }
            Err(StoreError::Limit) => assert!(self.limit != 0 && used >= self.limit),
            Err(StoreError::NoReserve) => assert_eq!(self.pages.refusals() + 1, refusals),
            Err(StoreError::Full | StoreError::OutOfRange) => panic!("slot {slot} is there"),
        }
        self.check_content(slot);
    }

    fn check_content(&mut self, slot: u32) {
        let expected = self.model.get(&slot).copied().unwrap_or([0; PAGE_SIZE]);
        assert!(loaded(&self.device, &mut self.worker, slot) == Ok(expected), "slot {slot}");
    }

    /// Everything agrees, and after everything was discarded nothing is left.
    fn finish(mut self) {
        (0..SLOTS).for_each(|slot| self.check_content(slot));
        audit(&self.device, self.pages);
        assert_eq!(self.device.statistics().failed_reads, 0);
        self.device.discard(&self.worker, 0, SLOTS);
        audit(&self.device, self.pages);
        assert_eq!(self.device.statistics().orig_data_size, 0);
        self.device.compact(&mut self.worker);
        assert_eq!(self.pages.committed(), 0);
    }
}

/// Returns whether a stream of its own shrinks the page by an eighth.
fn shrinks(page: &PageBytes) -> bool {
    let mut stream = Stream::new(COMPRESSOR).expect("memory");
    stream.compress(page, &mut [0; OUTPUT_MAX]).is_some()
}

fn run(operations: &[Operation]) {
    let pages = CountedPages::default();
    let (device, worker) = device(&pages, SLOTS);
    let model = Model::new();
    let mut run = Run { device, pages: &pages, worker, model, limit: 0, now_seconds: 0 };
    operations.iter().for_each(|operation| run.perform(operation));
    run.finish();
}

proptest! {
    // Each case is up to 250 operations; a failing one is printed, shrunk, with its seed.
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_a_plain_map(
        operations in proptest::collection::vec(any_operation(), 1..250),
    ) {
        run(&operations);
    }

    #[test]
    fn a_crowded_pool_agrees_with_a_plain_map(
        // Sizes of one or two classes only: runs fill, drain and are compacted.
        stores in proptest::collection::vec((0..SLOTS, 1_usize..60, any::<u64>(), 0..6_u8), 100..400),
    ) {
        let operations: Vec<_> = stores.into_iter().map(|(slot, noise, stamp, kind)| match kind {
            0 => Operation::Take { slot },
            1 => Operation::Discard { first: slot, count: 3 },
            2 if slot == 0 => Operation::Compact,
            _ => Operation::Store { slot, noise, stamp, purpose: Purpose::Swap },
        }).collect();
        run(&operations);
    }
}
