//! `mute`: a daemon that takes work and never answers, for tests of what the kernel does about it.
//!
//! It stands in for `zramd` in an image: `zram:0` can be mounted, and each swap queue takes one record,
//! which is then kept for ever. Nothing can be configured, read or written.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::AtomicU32;

use syscall::schemev2::Opcode;
use zram_abi::record::Record;
use zram_abi::verb::{Cookie, SWAP_ATTACH};
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::scheme::{self, BATCH_MAX, Request, Socket};
use zram_rt::swap_queue::{Direction, SwapQueue};
use zram_rt::{eprintln, futex, thread};

zram_rt::entry!(main);

/// The one device, of 512 MiB.
const DEVICE: Cookie = Cookie { device: 0, generation: 1, pages: 512 << 8 };

/// The handle of everything.
const HANDLE: usize = 1;

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
    let root = socket.root(HANDLE)?;
    // Each CPU that can ever be up has its queues; the first number that has none is their count.
    let cpus = (0..).map_while(|cpu| {
        let queues = [Direction::In, Direction::Out].map(|end| SwapQueue::open(cpu, end).ok());
        Some((cpu, queues)).filter(|(_, queues)| queues.iter().all(Option::is_some))
    });
    for (cpu, queues) in cpus {
        for queue in queues.into_iter().flatten() {
            thread::Builder::new("mute/queue").pinned_to(cpu).spawn(move || keep_one(queue))?;
        }
    }
    scheme::publish_root("zram", root)?;
    let mut requests = Vec::with_capacity(BATCH_MAX);
    loop {
        socket.receive(&mut requests)?;
        requests.drain(..).filter(|request| !request.is_one_way()).try_for_each(|request| {
            let answer = match request.opcode() {
                Some(Opcode::OpenAt) => request.answer_opened(HANDLE, false),
                _ => {
                    let result = call(&request);
                    request.answer(result)
                }
            };
            socket.send(answer)
        })?;
    }
}

/// Lets the kernel mount the device; nothing else.
fn call(request: &Request) -> Result<usize> {
    let is_attach =
        matches!(request.opcode(), Some(Opcode::Call)) && request.word(3) == SWAP_ATTACH;
    let cookie = DEVICE.pack().filter(|_| is_attach).ok_or(Error::new(syscall::EOPNOTSUPP))?;
    Ok(cookie as usize)
}

/// Takes a record and keeps it.
fn keep_one(mut queue: SwapQueue) {
    let mut bytes = Record::none().encode();
    let _ = queue.next(&mut bytes);
    let never = AtomicU32::new(0);
    loop {
        // Without a deadline there is no error, and nobody wakes it.
        let _ = futex::wait(&never, 0, None);
    }
}
