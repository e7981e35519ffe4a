//! The swap queues: serves one record of the kernel's pager after the other.
//!
//! Each CPU has two threads here, `in` for page faults and `out` for the rest, so that a page-in
//! never waits behind page-outs. A thread completes a record and gets the next in one call. It
//! looks the device up by id and generation once a record, works on the window's pages in place,
//! and writes a status for each. It takes no lock of the lifecycle: the lookup counts as an open
//! for as long as the record takes. Relies on `zram_abi::record`.

use zram::{LoadError, NoMemory, PageBytes, Purpose, StoreError, Worker};
use zram_abi::record::{ENTRIES_MAX, Operation, RECORD_SIZE, Record, Status};

use crate::coarse_clock::CoarseClock;
use crate::daemon::{Change, Daemon};
use crate::devices::Content;
use crate::devices::traffic::Way;
use crate::platform::{Platform, Ports, SwapQueue};
use zram_lifecycle::DeviceId;

/// Serves the queue of `cpu` until the kernel revokes it.
///
/// # Errors
///
/// [`NoMemory`] at once, if there is none to begin with.
pub fn run<P: Ports>(
    daemon: &Daemon<P>,
    cpu: usize,
    queue: &mut impl SwapQueue,
) -> Result<(), NoMemory> {
    let (mut worker, mut clock) = (Worker::new(cpu)?, CoarseClock::default());
    let mut bytes: [u8; RECORD_SIZE] = Record::none().encode();
    while queue.next(&mut bytes).is_ok() {
        // What is no record cannot be answered entry by entry; the pager takes it for a dead end.
        let mut record = Record::decode(&bytes).unwrap_or(Record::none());
        let platform = &daemon.platform;
        worker.set_now(clock.seconds(platform.ticks(), || platform.now_ns()));
        serve(daemon, &mut worker, &mut record, queue.window());
        bytes = record.encode();
    }
    Ok(())
}

/// Answers every entry of a record, at the worker's time.
pub(crate) fn serve<P: Ports>(
    daemon: &Daemon<P>,
    worker: &mut Worker,
    record: &mut Record,
    window: &mut [PageBytes; ENTRIES_MAX],
) {
    let generation = u16::try_from(record.generation).ok();
    let named = DeviceId::new(record.device).zip(generation);
    let used =
        named.and_then(|(id, generation)| daemon.devices.use_generation(id, generation).ok());
    let Some(content) = used else { return answer_all(record, Status::Gone) };
    let now_ns = || daemon.platform.now_ns();
    let passage = way_of(record.operation).map(|way| content.traffic().begin(way, now_ns));
    match record.operation {
        Operation::None => {}
        Operation::Store => store::<P::Platform>(&content, worker, record, window),
        Operation::Load => {
            read(record, window, |slot, page| {
                expect_page::<P::Platform>(&content, slot)?;
                content.load(worker, slot, page)
            });
        }
        Operation::Take => {
            read(record, window, |slot, page| {
                expect_page::<P::Platform>(&content, slot)?;
                content.take(worker, slot, page)
            });
        }
        Operation::Free => free::<P::Platform>(&content, worker, record),
    }
    if let Some(passage) = passage {
        let done = record.entries().iter().filter(|entry| entry.status == Status::Ok);
        passage.end(done.count() as u64, now_ns);
    }
    // Not for a fault: those only make the pool smaller.
    if record.operation == Operation::Store && content.has_reached_watermark() {
        daemon.notify(Change::Device(content.id()));
    }
}

const fn way_of(operation: Operation) -> Option<Way> {
    match operation {
        Operation::None => None,
        Operation::Store => Some(Way::Store),
        Operation::Load | Operation::Take => Some(Way::Load),
        Operation::Free => Some(Way::Discard),
    }
}

fn answer_all(record: &mut Record, status: Status) {
    for entry in record.entries_mut() {
        entry.status = status;
    }
}

/// Stores pages until the machine has no frame left; the rest is not tried (DESIGN 8.1), but counts as
/// refused for the device as it does for the pager.
fn store<P: Platform>(
    content: &Content<P>,
    worker: &mut Worker,
    record: &mut Record,
    window: &[PageBytes; ENTRIES_MAX],
) {
    let (mut is_out_of_frames, mut untried) = (false, 0);
    for (entry, page) in record.entries_mut().iter_mut().zip(window) {
        entry.status = if is_out_of_frames {
            untried += 1;
            Status::NoReserve
        } else {
            of_store(content.store(worker, entry.slot, page, Purpose::Swap))
        };
        is_out_of_frames |= entry.status == Status::NoReserve;
    }
    content.count_refused(worker, untried);
}

/// Refuses a slot that holds nothing: the pager asks only for what was stored, so the page is lost,
/// and must not be read as zeros.
fn expect_page<P: Platform>(content: &Content<P>, slot: u32) -> Result<(), LoadError> {
    if content.holds(slot) { Ok(()) } else { Err(LoadError::OutOfRange) }
}

fn read(
    record: &mut Record,
    window: &mut [PageBytes; ENTRIES_MAX],
    mut read_page: impl FnMut(u32, &mut PageBytes) -> Result<(), LoadError>,
) {
    for (entry, page) in record.entries_mut().iter_mut().zip(window) {
        entry.status = match read_page(entry.slot, page) {
            Ok(()) => Status::Ok,
            Err(LoadError::Damaged) => Status::Damaged,
            Err(LoadError::OutOfRange) => Status::Gone,
        };
    }
}

fn free<P: Platform>(content: &Content<P>, worker: &Worker, record: &mut Record) {
    let slots = content.disksize_pages();
    for entry in record.entries_mut() {
        if entry.slot < slots {
            content.discard(worker, entry.slot, 1);
            entry.status = Status::Ok;
        } else {
            entry.status = Status::Gone;
        }
    }
}

const fn of_store(result: Result<(), StoreError>) -> Status {
    match result {
        Ok(()) => Status::Ok,
        Err(StoreError::NoGain) => Status::NoGain,
        Err(StoreError::Limit) => Status::Limit,
        // To the pager it is the same: the page stays, and is offered again when some have come back.
        Err(StoreError::NoReserve | StoreError::Full) => Status::NoReserve,
        Err(StoreError::OutOfRange) => Status::Gone,
    }
}

#[cfg(test)]
mod tests;
