//! The daemon's ports on the host: real threads and locks, requests handed over in memory.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex};

use syscall::schemev2::Opcode;
use zram::HeapPages;
use zramd::daemon::Daemon;
use zramd::platform::{Answer, ClientRequest, Closed, Platform, Ports, Socket};
use zramd::scheme::serve::Server;

/// Locks and waiting of the host.
#[derive(Debug, Default)]
pub(crate) struct Host {
    waits: Mutex<()>,
    wakes: Condvar,
}

impl Platform for Host {
    type Mutex = parking_lot::RawMutex;
    type Pages = HeapPages;

    fn pages(&self) -> HeapPages {
        HeapPages
    }

    fn pages_committed(&self) -> usize {
        0
    }

    fn possible_cpus(&self) -> usize {
        2
    }

    fn now_ns(&self) -> u64 {
        0
    }

    fn wait(&self, word: &AtomicU32, expected: u32, _deadline_ns: Option<u64>) {
        let waits = self.waits.lock().expect("nobody panics with it");
        if word.load(Ordering::Relaxed) == expected {
            drop(self.wakes.wait(waits).expect("nobody panics with it"));
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(self.waits.lock().expect("nobody panics with it"));
        self.wakes.notify_all();
    }
}

/// A request, and where its answer goes.
pub(crate) struct Asked {
    opcode: Opcode,
    handle: usize,
    flags: usize,
    payload: Vec<u8>,
    answer: Sender<(Answer, Vec<u8>)>,
}

impl ClientRequest for Asked {
    fn opcode(&self) -> Option<Opcode> {
        Some(self.opcode)
    }

    fn is_one_way(&self) -> bool {
        false
    }

    fn handle(&self) -> usize {
        self.handle
    }

    fn word(&self, index: usize) -> u64 {
        // Flags of an open, and the offset of anything else, which is 0.
        if index == 3 { self.flags as u64 } else { 0 }
    }

    fn opener_uid(&self) -> u32 {
        0
    }

    fn payload_size(&self) -> usize {
        self.payload.len()
    }

    fn copy_payload(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let rest = self.payload.get(offset..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn fill_payload(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let rest = self.payload.get_mut(offset..).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        rest[..count].copy_from_slice(&bytes[..count]);
        count
    }
}

/// Answers go where the request says.
#[derive(Debug)]
pub(crate) struct Answers;

impl Socket for Answers {
    type Request = Asked;

    fn receive(&self, _requests: &mut Vec<Asked>) -> Result<(), Closed> {
        Err(Closed)
    }

    fn answer(&self, request: Asked, answer: Answer) {
        let Asked { answer: to, payload, .. } = request;
        // A client that is gone does not mind.
        let _ = to.send((answer, payload));
    }
}

/// What the daemon runs on here, as one name.
pub(crate) enum HostPorts {}

impl Ports for HostPorts {
    type Platform = Host;
    type Socket = Answers;
}

pub(crate) type HostDaemon = Daemon<HostPorts>;

/// A thread that asks, with a server of its own, so that all run at once.
pub(crate) struct Client<'a>(Server<'a, HostPorts>);

impl<'a> Client<'a> {
    pub(crate) fn new(daemon: &'a HostDaemon) -> Self {
        Self(Server::new(daemon).expect("memory"))
    }

    fn call(
        &mut self,
        opcode: Opcode,
        handle: usize,
        flags: usize,
        payload: Vec<u8>,
    ) -> (Answer, Vec<u8>) {
        let (answer, answered) = channel();
        self.0.serve(Asked { opcode, handle, flags, payload, answer });
        answered.recv().expect("each request is answered")
    }

    /// Opens a file; returns its handle or an errno.
    pub(crate) fn open(&mut self, path: &str, flags: usize) -> Result<usize, i32> {
        match self.call(Opcode::OpenAt, 0, flags, path.into()).0 {
            Answer::Opened { handle, .. } => Ok(handle),
            Answer::Error(errno) => Err(errno),
            Answer::Number(number) => panic!("an open answered {number}"),
        }
    }

    pub(crate) fn write(&mut self, handle: usize, text: &str) -> Result<usize, i32> {
        number(self.call(Opcode::Write, handle, 0, text.into()).0)
    }

    pub(crate) fn read(&mut self, handle: usize) -> Result<String, i32> {
        let (answer, mut payload) = self.call(Opcode::Read, handle, 0, vec![0; 64]);
        payload.truncate(number(answer)?);
        Ok(String::from_utf8(payload).expect("attributes are text"))
    }

    pub(crate) fn close(&mut self, handle: usize) {
        // After exit there is nothing to close.
        let _ = self.call(Opcode::Close, handle, 0, Vec::new());
    }
}

fn number(answer: Answer) -> Result<usize, i32> {
    match answer {
        Answer::Number(number) => Ok(number),
        Answer::Error(errno) => Err(errno),
        Answer::Opened { handle, .. } => panic!("opened {handle}"),
    }
}
