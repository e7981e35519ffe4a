//! `manager`: starts a program as Redox's process manager does, to test that the program can run
//! so.
//!
//! It stands in for `zramd` in an image, because it makes schemes. The program that it starts is
//! this file again; that second process is given its process descriptor, but no root of `proc` and
//! no capability: it has to make its threads with the descriptor and to look for the capability in
//! the namespace. This program does the manager's work only as far as such a program can tell:
//! `new-thread` gives a context, verb 2 of a call is the end.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use syscall::schemev2::Opcode;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::process::Command;
use zram_rt::scheme::{self, BATCH_MAX, Request, Socket};
use zram_rt::{Fd, environment, eprintln, println, thread};

zram_rt::entry!(main);

/// The root that stands for the program's process.
const PROCESS: usize = 1;
/// The root of the scheme `namespace`.
const NAMESPACE: usize = 2;

/// The verb of a call by which a process ends.
const EXIT: u64 = 2;

/// What the program is called with.
const MANAGED: &str = "managed";

/// Threads that the program makes.
const THREADS: u32 = 8;

/// The code that the program ends with.
const CODE: u8 = 7;

fn main() -> u8 {
    let is_managed = zram_rt::args().nth(1) == Some(MANAGED);
    let result = if is_managed { be_managed() } else { manage() };
    result.unwrap_or_else(|error| {
        eprintln!("manager: {}", InWords(error));
        1
    })
}

/// Makes threads and a scheme, and ends.
fn be_managed() -> Result<u8> {
    let sum = Arc::new(AtomicU32::new(0));
    let mut threads = Vec::new();
    for _ in 0..THREADS {
        let sum = Arc::clone(&sum);
        // Relaxed: `join` orders what the threads did.
        let body = move || {
            sum.fetch_add(1, Ordering::Relaxed);
        };
        threads.push(thread::Builder::new("managed").spawn(body)?);
    }
    threads.into_iter().for_each(thread::Thread::join);
    println!("manager: threads that ran: {}", sum.load(Ordering::Relaxed));
    Socket::create()?;
    println!("manager: the program has a scheme");
    Ok(CODE)
}

/// Starts the program and serves it.
fn manage() -> Result<u8> {
    let socket = Socket::create()?;
    scheme::publish_root("namespace", socket.root(NAMESPACE)?)?;
    let process = socket.root(PROCESS)?;
    let serving = thread::Builder::new("manager/serve").spawn(move || {
        if let Err(error) = serve(&socket) {
            eprintln!("manager: serving: {}", InWords(error));
        }
    })?;
    let path = zram_rt::args().next().unwrap_or("/bin/zramd");
    let managed = Command::new(path).argument(MANAGED).made_by(&process).spawn()?;
    serving.join();
    managed.wait();
    Ok(0)
}

/// Answers until the program has said that it ends.
fn serve(socket: &Socket) -> Result<()> {
    let mut requests = Vec::with_capacity(BATCH_MAX);
    loop {
        socket.receive(&mut requests)?;
        for request in requests.drain(..).filter(|request| !request.is_one_way()) {
            let is_end = matches!(request.opcode(), Some(Opcode::Call)) && request.word(3) == EXIT;
            if is_end {
                println!("manager: the process ends with code {}", request.word(4));
                return socket.send(request.answer(Ok(0)));
            }
            match made(&request) {
                Ok(fd) => socket.send_with_fd(request, fd)?,
                Err(error) => socket.send(request.answer(Err(error)))?,
            }
        }
    }
}

/// Returns the descriptor that a request asks for.
fn made(request: &Request) -> Result<Fd> {
    let mut name = [0; 32];
    let length = request.copy_payload(0, &mut name);
    let forbidden = Error::new(syscall::EPERM);
    match (request.opcode(), request.handle(), &name[..length]) {
        (Some(Opcode::Dup), PROCESS, b"new-thread") => {
            Fd::dup_of(environment::proc_root().ok_or(forbidden)?, b"new-context")
        }
        (Some(Opcode::OpenAt), NAMESPACE, b"scheme-creation-cap") => {
            Fd::dup_of(environment::scheme_creation_cap().ok_or(forbidden)?, b"")
        }
        _ => Err(Error::new(syscall::EINVAL)),
    }
}
