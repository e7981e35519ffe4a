//! One operation in the middle of another, at every lock that the other takes.
//!
//! Another thread can come in between where the engine takes a lock, so the lock of these tests
//! runs a whole other operation just before it is taken. The result must be one that either order
//! of the two would have given. The lock also proves that none is taken while another one is held.
//! It cannot show another thread between two atomic steps with no lock near.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use lock_api::{GuardSend, RawMutex};
use zram::{Compressor, Config, HeapPages, PAGE_SIZE, PageBytes, Purpose, Worker, Zram};

thread_local! {
    /// Locks held by this thread.
    static HELD: Cell<u32> = const { Cell::new(0) };
    /// What to do just before a lock is taken, after so many other locks.
    static INTRUDER: RefCell<Option<Intruder>> = const { RefCell::new(None) };
}

/// Locks to let pass, and what to do then.
type Intruder = (u32, Box<dyn FnOnce()>);

struct WatchedLock(spin::Mutex<()>);

// SAFETY: locking is that of the spin lock inside, which excludes others; the guards of `lock_api`
// call `unlock` once for each lock.
unsafe impl RawMutex for WatchedLock {
    const INIT: Self = Self(<spin::Mutex<()> as RawMutex>::INIT);
    type GuardMarker = GuardSend;

    fn lock(&self) {
        assert_eq!(HELD.get(), 0, "a lock is taken while another one is held");
        run_intruder();
        RawMutex::lock(&self.0);
        HELD.set(1);
    }

    fn try_lock(&self) -> bool {
        assert_eq!(HELD.get(), 0, "a lock is taken while another one is held");
        run_intruder();
        let is_locked = RawMutex::try_lock(&self.0);
        HELD.set(u32::from(is_locked));
        is_locked
    }

    unsafe fn unlock(&self) {
        HELD.set(0);
        // SAFETY: the caller holds the lock, as this function demands itself.
        unsafe { RawMutex::unlock(&self.0) }
    }
}

fn run_intruder() {
    let due = INTRUDER.with_borrow_mut(|intruder| match intruder {
        Some((0, _)) => intruder.take(),
        Some((others, _)) => {
            *others -= 1;
            None
        }
        None => None,
    });
    if let Some((_, act)) = due {
        act();
    }
}

/// The version of the page that each slot holds.
type Model = BTreeMap<u32, u16>;

#[derive(Clone, Copy, Debug)]
enum Step {
    Store(u32, u16),
    Load(u32),
    Take(u32),
    Discard(u32),
    Compact,
}

/// The version of the page behind [`SLOT`]: it needs 80 bytes more than the others, and compaction
/// lifts those to the free places beside it.
const LARGE: u16 = 9999;

/// What a step gave: the version that was read, 0 for zeros.
type Outcome = Option<u16>;

/// A page of some 320 bytes when compressed, always of the same size class, but for [`LARGE`].
fn page_of(version: u16) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    if version > 0 {
        let mut random = u32::from(version);
        let noise = if version == LARGE { 380 } else { 300 };
        page[..noise].fill_with(|| {
            random = random.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            (random >> 24) as u8
        });
        page[..2].copy_from_slice(&version.to_le_bytes());
    }
    page
}

fn version_in(page: &PageBytes) -> u16 {
    let version = u16::from_le_bytes([page[0], page[1]]);
    assert!(*page == page_of(version), "not a page of version {version}");
    version
}

fn perform_on_model(model: &mut Model, step: Step) -> Outcome {
    match step {
        Step::Store(slot, version) => {
            model.insert(slot, version);
            None
        }
        Step::Load(slot) => Some(model.get(&slot).copied().unwrap_or(0)),
        Step::Take(slot) => Some(model.remove(&slot).unwrap_or(0)),
        Step::Discard(slot) => {
            model.remove(&slot);
            None
        }
        Step::Compact => None,
    }
}

type Device = Zram<WatchedLock, HeapPages>;

fn perform(device: &Device, step: Step) -> Outcome {
    let mut worker = Worker::new(0).expect("memory");
    let mut page = [0xee; PAGE_SIZE];
    match step {
        Step::Store(slot, version) => {
            device.store(&mut worker, slot, &page_of(version), Purpose::Swap).expect("memory");
            None
        }
        Step::Load(slot) => {
            device.load(&mut worker, slot, &mut page).expect("no damage");
            Some(version_in(&page))
        }
        Step::Take(slot) => {
            device.take(&mut worker, slot, &mut page).expect("no damage");
            Some(version_in(&page))
        }
        Step::Discard(slot) => {
            device.discard(&worker, slot, 1);
            None
        }
        Step::Compact => {
            device.compact(&mut worker);
            None
        }
    }
}

const SLOTS: u32 = 16;
/// The slot that everything happens to; its object is the last of its class, and is lifted first.
const SLOT: u32 = SLOTS - 1;

/// Returns a full device, or one with gaps at its lower end, and its model.
fn prepare(gaps: u32) -> (Rc<Device>, Model) {
    let config = Config {
        disksize_pages: SLOTS + 1,
        compressor: Compressor::DEFAULT,
        possible_cpus: 1,
        mem_limit_pages: 0,
    };
    let device = Rc::new(Device::new(config, HeapPages).expect("memory"));
    device.cpu_up(0).expect("memory");
    let mut model = Model::new();
    let stores = (0..SLOTS).map(|slot| Step::Store(slot, slot as u16 + 1));
    let stores = stores.chain([Step::Store(SLOTS, LARGE)]);
    for step in stores.chain((0..gaps).map(Step::Discard)) {
        perform(&device, step);
        perform_on_model(&mut model, step);
    }
    (device, model)
}

/// Performs `steps` in the middle of `outer`, before its lock number `at`. Returns false if `outer`
/// does not take so many locks. Otherwise everything must be as after one order of the two.
fn intrude(outer: Step, steps: &[Step], at: u32, gaps: u32) -> bool {
    let (device, model) = prepare(gaps);
    let inner: Rc<RefCell<Vec<Outcome>>> = Rc::default();
    let act = {
        let (device, steps, inner) = (Rc::clone(&device), steps.to_vec(), Rc::clone(&inner));
        move || inner.replace(steps.iter().map(|step| perform(&device, *step)).collect())
    };
    INTRUDER.set(Some((at, Box::new(move || drop(act())))));
    let outcome = perform(&device, outer);
    if INTRUDER.take().is_some() {
        return false;
    }
    let contents: Model = (0..=SLOTS)
        .map(|slot| (slot, perform(&device, Step::Load(slot)).expect("a version")))
        .filter(|(_, version)| *version > 0)
        .collect();
    let happened = (outcome, inner.take(), contents);
    let outer_first = {
        let mut model = model.clone();
        let outcome = perform_on_model(&mut model, outer);
        (outcome, steps.iter().map(|step| perform_on_model(&mut model, *step)).collect(), model)
    };
    let inner_first = {
        let mut model = model.clone();
        let inner = steps.iter().map(|step| perform_on_model(&mut model, *step)).collect();
        (perform_on_model(&mut model, outer), inner, model)
    };
    assert!(
        happened == outer_first || happened == inner_first,
        "{steps:?} before lock {at} of {outer:?} with {gaps} gaps: {happened:?}"
    );
    assert_nothing_is_lost(&device, happened.2.len() as u64);
    true
}

fn assert_nothing_is_lost(device: &Device, stored: u64) {
    assert_eq!(device.statistics().orig_data_size, stored * PAGE_SIZE as u64);
    for slot in 0..=SLOTS {
        perform(device, Step::Discard(slot));
    }
    perform(device, Step::Compact);
    let statistics = device.statistics();
    assert_eq!((statistics.orig_data_size, statistics.mem_used_total), (0, 0));
    assert_eq!(statistics.failed_reads, 0);
}

#[test]
fn any_step_in_the_middle_of_any_other_is_as_if_before_or_after() {
    let outer = [
        Step::Load(SLOT),
        Step::Take(SLOT),
        Step::Store(SLOT, 100),
        Step::Discard(SLOT),
        Step::Compact,
    ];
    let inner: [&[Step]; 10] = [
        &[Step::Load(SLOT)],
        &[Step::Take(SLOT)],
        &[Step::Store(SLOT, 200)],
        &[Step::Discard(SLOT)],
        &[Step::Compact],
        // The place is used again, by another slot or by the same one.
        &[Step::Discard(SLOT), Step::Store(0, 300)],
        &[Step::Take(SLOT), Step::Store(SLOT, 400)],
        &[Step::Store(SLOT, 500), Step::Compact],
        &[Step::Discard(3), Step::Compact],
        &[Step::Discard(9), Step::Compact, Step::Store(9, 600)],
    ];
    /// More than any step takes: compaction lifts up to nine objects, with three locks each.
    const LOCKS_MAX: u32 = 60;
    let mut intrusions = 0;
    for outer in outer {
        for steps in inner {
            for gaps in [0, 1, 6] {
                intrusions +=
                    (0..LOCKS_MAX).take_while(|at| intrude(outer, steps, *at, gaps)).count();
            }
        }
    }
    assert!(intrusions > 300, "{intrusions} intrusions");
}
