//! `mute`: a daemon that takes requests and never answers, to test how the kernel handles it.
//!
//! It stands in for `zramd` in an image. `zram:0` can be mounted, and each swap queue takes one
//! record of it and keeps it for ever. For `zram:1` only the page-ins of CPU 0 are kept, for
//! `zram:2` only its page-outs; all other queues serve both devices, with a map of compressed
//! pages. `zram:3` can be opened but does not answer when the kernel asks for its identity. Any
//! read gives the device's size; nothing can be configured or written.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU32;

use lz4_flex::block;
use syscall::schemev2::Opcode;
use zram_abi::PAGE_SIZE;
use zram_abi::record::{Operation, Record, Status};
use zram_abi::verb::{Cookie, SWAP_ATTACH};
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::futex::Mutex;
use zram_rt::scheme::{self, Answer, BATCH_MAX, Request, Socket};
use zram_rt::swap_queue::{Direction, SwapQueue};
use zram_rt::{HeapSize, eprintln, futex, thread};

zram_rt::entry!(main, heap = HEAP);

/// The pages of the devices that are served are on the heap.
const HEAP: HeapSize = HeapSize { start_bytes: 64 << 10, most_bytes: 64 << 20, is_resident: false };

/// The device that nobody answers for.
const MUTE: u16 = 0;
/// The device for which one queue of CPU 0 does not answer: that for page-ins.
const NO_IN: u16 = 1;
/// The same for page-outs.
const NO_OUT: u16 = 2;

/// The device that does not answer when it is to be mounted.
const NO_ATTACH: u16 = 3;

/// The size of each device.
const DEVICE_PAGES: u32 = 512 << 8;

/// The pages of the one device that is mounted, compressed, by slot.
type Pages = Mutex<BTreeMap<u32, Vec<u8>>>;

fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("mute: {}", InWords(error));
            1
        }
    }
}

fn run() -> Result<()> {
    let socket = Socket::create()?;
    let root = socket.root(usize::from(MUTE))?;
    let pages = Arc::new(Pages::new(BTreeMap::new()));
    // Each CPU that can ever be up has its queues; the first number that has none is their count.
    let cpus = (0..).map_while(|cpu| {
        let queues = [Direction::In, Direction::Out].map(|end| SwapQueue::open(cpu, end).ok());
        Some((cpu, queues)).filter(|(_, queues)| queues.iter().all(Option::is_some))
    });
    for (cpu, queues) in cpus {
        for (queue, end) in queues.into_iter().flatten().zip([Direction::In, Direction::Out]) {
            let pages = Arc::clone(&pages);
            let serve = move || serve(queue, cpu, end, &pages);
            thread::Builder::new("mute/queue").pinned_to(cpu).spawn(serve)?;
        }
    }
    scheme::publish_root("zram", root)?;
    let mut requests = Vec::with_capacity(BATCH_MAX);
    let mut kept = Vec::new();
    loop {
        socket.receive(&mut requests)?;
        requests.drain(..).filter(|request| !request.is_one_way()).try_for_each(|request| {
            if is_attach(&request) && request.handle() == usize::from(NO_ATTACH) {
                kept.push(request);
                return Ok(());
            }
            let answer = match request.opcode() {
                Some(Opcode::OpenAt) => {
                    let device = device_of(&request);
                    request.answer_opened(usize::from(device), true)
                }
                Some(Opcode::Read) => tell_size(request),
                _ => {
                    let result = call(&request);
                    request.answer(result)
                }
            };
            socket.send(answer)
        })?;
    }
}

/// Returns the device that a path begins with; what is no number is the mute one.
fn device_of(request: &Request) -> u16 {
    let mut first = [0];
    request.copy_payload(0, &mut first);
    match &first {
        b"1" => NO_IN,
        b"2" => NO_OUT,
        b"3" => NO_ATTACH,
        _ => MUTE,
    }
}

/// Answers a read of whatever file as one of `disksize`, which `swapon` looks at.
fn tell_size(mut request: Request) -> Answer {
    let text = format!("{}\n", u64::from(DEVICE_PAGES) * PAGE_SIZE as u64);
    let offset = usize::try_from(request.word(3)).unwrap_or(usize::MAX);
    let count = request.fill_payload(0, text.as_bytes().get(offset..).unwrap_or(&[]));
    request.answer(Ok(count))
}

/// Lets the kernel mount the device; nothing else.
fn call(request: &Request) -> Result<usize> {
    let device = u16::try_from(request.handle()).unwrap_or(MUTE);
    let cookie = Cookie { device, generation: 1, pages: DEVICE_PAGES }.pack();
    let cookie = cookie.filter(|_| is_attach(request)).ok_or(Error::new(syscall::EOPNOTSUPP))?;
    Ok(cookie as usize)
}

fn is_attach(request: &Request) -> bool {
    matches!(request.opcode(), Some(Opcode::Call)) && request.word(3) == SWAP_ATTACH
}

/// Serves the records of a queue, or keeps the first one for which it is to be silent.
fn serve(mut queue: SwapQueue, cpu: u32, end: Direction, pages: &Pages) {
    let mut bytes = Record::none().encode();
    while queue.next(&mut bytes).is_ok() {
        let mut record = Record::decode(&bytes).unwrap_or(Record::none());
        match (u16::try_from(record.device), cpu, end) {
            (Ok(NO_IN), 0, Direction::In) | (Ok(NO_OUT), 0, Direction::Out) => keep_for_ever(),
            (Ok(NO_IN | NO_OUT), ..) => {}
            _ => keep_for_ever(),
        }
        let operation = record.operation;
        let window = queue.window().chunks_exact_mut(PAGE_SIZE);
        for (entry, page) in record.entries_mut().iter_mut().zip(window) {
            entry.status = perform(operation, entry.slot, page, &mut pages.lock());
        }
        bytes = record.encode();
    }
}

fn perform(
    operation: Operation,
    slot: u32,
    page: &mut [u8],
    pages: &mut BTreeMap<u32, Vec<u8>>,
) -> Status {
    match operation {
        Operation::None => {}
        Operation::Store => {
            let mut bytes = alloc::vec![0; block::get_maximum_output_size(page.len())];
            let Ok(length) = block::compress_into(page, &mut bytes) else { return Status::NoGain };
            pages.insert(slot, bytes[..length].to_vec());
        }
        Operation::Load | Operation::Take => {
            let Some(stored) = pages.get(&slot) else { return Status::Gone };
            if !matches!(block::decompress_into(stored, page), Ok(PAGE_SIZE)) {
                return Status::Damaged;
            }
            if operation == Operation::Take {
                pages.remove(&slot);
            }
        }
        Operation::Free => {
            pages.remove(&slot);
        }
    }
    Status::Ok
}

fn keep_for_ever() -> ! {
    let never = AtomicU32::new(0);
    loop {
        // Without a deadline there is no error, and nobody wakes it.
        let _ = futex::wait(&never, 0, None);
    }
}
