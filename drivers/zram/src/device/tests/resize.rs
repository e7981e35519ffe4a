//! Growing and shrinking: random sizes against a plain map, and beside stores.

use std::thread;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Model, audit, device, loaded};
use crate::device::Purpose;
use crate::test_support::{CountedPages, page_of};
use crate::{LoadError, PAGE_SIZE, StoreError, StoredAbove, Worker};

/// Some leaves of 1024 slots, so that sizes end in the middle of them and between them.
const SLOTS_MAX: u32 = 6000;

#[derive(Clone, Debug)]
enum Operation {
    Store { slot: u32, stamp: u64 },
    Load { slot: u32 },
    Discard { first: u32, count: u32 },
    Grow { slots: u32 },
    Shrink { slots: u32 },
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let slots = || prop_oneof![0..SLOTS_MAX, (0..7_u32).prop_map(|leaf| leaf * 1024)];
    prop_oneof![
        3 => (slots(), any::<u64>()).prop_map(|(slot, stamp)| Operation::Store { slot, stamp }),
        1 => slots().prop_map(|slot| Operation::Load { slot }),
        2 => (slots(), slots()).prop_map(|(first, count)| Operation::Discard { first, count }),
        2 => slots().prop_map(|slots| Operation::Grow { slots }),
        2 => slots().prop_map(|slots| Operation::Shrink { slots }),
    ]
}

proptest! {
    #[test]
    fn any_series_of_sizes_agrees_with_a_plain_map(
        first in 0..SLOTS_MAX,
        operations in proptest::collection::vec(any_operation(), 1..60),
    ) {
        let pages = CountedPages::default();
        let (mut device, mut worker) = device(&pages, first);
        let (mut model, mut count) = (Model::new(), first);
        for operation in operations {
            match operation {
                Operation::Store { slot, stamp } => {
                    let page = page_of(20, stamp);
                    let stored = device.store(&mut worker, slot, &page, Purpose::Write);
                    if slot < count {
                        prop_assert_eq!(stored, Ok(()));
                        model.insert(slot, page);
                    } else {
                        prop_assert_eq!(stored, Err(StoreError::OutOfRange));
                    }
                }
                Operation::Load { slot } => {
                    let content = model.get(&slot).copied().unwrap_or([0; PAGE_SIZE]);
                    let expected = if slot < count { Ok(content) } else { Err(LoadError::OutOfRange) };
                    prop_assert!(loaded(&device, &mut worker, slot) == expected);
                }
                Operation::Discard { first, count } => {
                    device.discard(&worker, first, count);
                    model.retain(|slot, _| !(first..first + count).contains(slot));
                }
                Operation::Grow { slots } => {
                    prop_assert_eq!(device.grow(slots), Ok(()));
                    count = count.max(slots);
                }
                Operation::Shrink { slots } => {
                    let is_stored = model.keys().any(|slot| *slot >= slots);
                    let expected = if is_stored { Err(StoredAbove) } else { Ok(()) };
                    prop_assert_eq!(device.shrink(slots), expected);
                    count = if is_stored { count } else { count.min(slots) };
                }
            }
            prop_assert_eq!(device.disksize_pages(), count);
        }
        for (slot, page) in &model {
            prop_assert!(loaded(&device, &mut worker, *slot) == Ok(*page));
        }
        audit(&device, &pages);
    }
}

#[test]
fn a_device_grows_while_others_store() {
    let pages = CountedPages::default();
    let (device, _) = device(&pages, 10);
    let store = |cpu: usize| {
        let mut worker = Worker::new(cpu).expect("memory");
        for round in 0..4000_u32 {
            let slot = device.disksize_pages() - 1;
            let page = page_of(0, u64::from(round));
            device.store(&mut worker, slot, &page, Purpose::Write).expect("the slot is there");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| store(0));
        scope.spawn(|| store(1));
        scope.spawn(|| (10..20_000).step_by(7).for_each(|it| device.grow(it).expect("memory")));
    });
    assert_eq!(device.disksize_pages(), 10 + (19_990 - 1) / 7 * 7);
    audit(&device, &pages);
}
