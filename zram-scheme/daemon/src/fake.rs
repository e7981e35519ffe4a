//! Fakes for tests: a host platform, a socket that takes SQEs and gives CQEs, and a [`Machine`] that
//! runs scheme and actor in turns on the test's own thread, so that every test is deterministic.

pub(crate) mod allocator;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use syscall::flag::{O_RDONLY, O_RDWR, O_WRONLY};
use syscall::schemev2::{Cqe, CqeOpcode, NewFdFlags, Opcode, Sqe, SqeFlags};
use zram::{HeapPages, NoMemory, PageBytes, PageSource};
use zram_abi::verb::Cookie;

use crate::daemon::Daemon;
use crate::platform::{Answer, ClientRequest, Closed, Platform, Ports, Socket};
use crate::scheme::serve::Server;
use crate::sync::AtomicU32;
use crate::threads::Actor;

/// Pages to store: `page` compresses to about half, `noise` does not.
pub(crate) use kit::pages::{half as page, noise};

/// CPUs of the fake platform.
pub(crate) const CPUS: usize = 4;

/// What the clock shows at first.
const BEGINNING_NS: u64 = 200_000_000_000;

/// How long the host waits until a wait is at its deadline, whatever that is.
const DEADLINE: Duration = Duration::from_millis(1);

/// What the clones of a platform share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    committed: AtomicI64,
    /// Commits that are still granted, if that is limited (negative: all are).
    granted: AtomicI64,
    /// What the clock shows beyond its beginning: it goes on when a wait ends at its deadline.
    passed_ns: AtomicU64,
    /// Whether pages that are released wait until this is false.
    is_blocked: AtomicBool,
    /// What the kernel was told of the sizes of mounted devices.
    resized: Mutex<Vec<Cookie>>,
    /// Whether the kernel has an area as large.
    has_area: AtomicBool,
    /// Whether a device is mounted, as the platform was told.
    is_swap_used: AtomicBool,
    waits: Mutex<()>,
    wakes: Condvar,
    pub(crate) waiting: AtomicUsize,
}

/// A platform on the host.
#[derive(Clone, Debug)]
pub(crate) struct FakePlatform(pub(crate) Arc<Shared>);

impl FakePlatform {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { granted: AtomicI64::new(-1), ..Shared::default() }))
    }

    /// Has the kernel take every size of a mounted device from now on, or none.
    pub(crate) fn take_sizes(&self, has_area: bool) {
        self.0.has_area.store(has_area, Ordering::Relaxed);
    }

    /// Returns whether a device is mounted, as this was told.
    pub(crate) fn is_swap_used(&self) -> bool {
        self.0.is_swap_used.load(Ordering::Relaxed)
    }

    /// Returns what the kernel was told of the sizes of mounted devices.
    pub(crate) fn told_sizes(&self) -> Vec<Cookie> {
        self.0.resized.lock().unwrap().clone()
    }

    /// Lets every release of a pool page wait from now on, or no longer.
    pub(crate) fn block_releases(&self, is_blocked: bool) {
        self.0.is_blocked.store(is_blocked, Ordering::Release);
    }

    /// Lets the clock go on.
    pub(crate) fn pass(&self, ns: u64) {
        self.0.passed_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Grants so many commits of pool pages from now on; a negative number grants all.
    pub(crate) fn grant_pages(&self, count: i64) {
        self.0.granted.store(count, Ordering::Relaxed);
    }
}

impl Platform for FakePlatform {
    type Mutex = spin::Mutex<()>;
    type Pages = FakePages;

    fn pages(&self) -> FakePages {
        FakePages(Arc::clone(&self.0))
    }

    fn pages_committed(&self) -> usize {
        usize::try_from(self.0.committed.load(Ordering::Relaxed)).unwrap()
    }

    fn possible_cpus(&self) -> usize {
        CPUS
    }

    fn resize_area(&self, cookie: Cookie) -> bool {
        self.0.resized.lock().unwrap().push(cookie);
        self.0.has_area.load(Ordering::Relaxed)
    }

    fn swap_is_used(&self, is_used: bool) {
        self.0.is_swap_used.store(is_used, Ordering::Relaxed);
    }

    fn memory_bytes(&self) -> u64 {
        256 << 20
    }

    fn now_ns(&self) -> u64 {
        BEGINNING_NS + self.0.passed_ns.load(Ordering::Relaxed)
    }

    fn wait(&self, word: &AtomicU32, expected: u32, deadline_ns: Option<u64>) {
        let mut waits = self.0.waits.lock().unwrap();
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        while word.load(Ordering::Relaxed) == expected {
            let Some(deadline_ns) = deadline_ns else {
                waits = self.0.wakes.wait(waits).unwrap();
                continue;
            };
            let (after, waited) = self.0.wakes.wait_timeout(waits, DEADLINE).unwrap();
            waits = after;
            if waited.timed_out() {
                let passed_ns = deadline_ns.saturating_sub(BEGINNING_NS);
                self.0.passed_ns.fetch_max(passed_ns, Ordering::Relaxed);
                break;
            }
        }
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(self.0.waits.lock().unwrap());
        self.0.wakes.notify_all();
    }
}

/// Heap pages that are counted and limited.
pub(crate) struct FakePages(Arc<Shared>);

impl PageSource for FakePages {
    type Page = <HeapPages as PageSource>::Page;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        match self.0.granted.load(Ordering::Relaxed) {
            0 => return Err(NoMemory),
            granted => self.0.granted.store((granted - 1).max(-1), Ordering::Relaxed),
        }
        let page = HeapPages.commit()?;
        self.0.committed.fetch_add(1, Ordering::Relaxed);
        Ok(page)
    }

    fn release(&self, page: Self::Page) {
        while self.0.is_blocked.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        self.0.committed.fetch_sub(1, Ordering::Relaxed);
        HeapPages.release(page);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}

/// A request: an SQE, and the client's memory at its argument 1.
#[derive(Debug)]
pub(crate) struct FakeClient {
    pub(crate) sqe: Sqe,
    pub(crate) payload: Vec<u8>,
}

impl FakeClient {
    pub(crate) fn new(opcode: Opcode, handle: usize, words: [u64; 3], payload: Vec<u8>) -> Self {
        let args = [handle as u64, 0x1000, payload.len() as u64, words[0], words[1], words[2]];
        Self { sqe: Sqe { opcode: opcode as u8, args, ..Sqe::default() }, payload }
    }
}

impl ClientRequest for FakeClient {
    fn opcode(&self) -> Option<Opcode> {
        Opcode::try_from_raw(self.sqe.opcode)
    }

    fn is_one_way(&self) -> bool {
        let by_opcode =
            matches!(self.opcode(), Some(Opcode::CloseMsg | Opcode::Cancel | Opcode::Detach));
        by_opcode || self.sqe.sqe_flags.contains(SqeFlags::ONEWAY)
    }

    fn handle(&self) -> usize {
        self.sqe.args[0] as usize
    }

    fn word(&self, index: usize) -> u64 {
        self.sqe.args.get(index).copied().unwrap_or(0)
    }

    fn opener_uid(&self) -> u32 {
        self.sqe.args[5] as u32
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

/// A socket whose requests are handed to the server directly, and whose answers are kept.
#[derive(Debug, Default)]
pub(crate) struct FakeSocket {
    answered: Mutex<Vec<(Cqe, Vec<u8>)>>,
    notified: Mutex<Vec<usize>>,
}

impl FakeSocket {
    /// Takes out the answer to `tag` and the client's memory.
    pub(crate) fn answer_to(&self, tag: u32) -> Option<(Cqe, Vec<u8>)> {
        let mut answered = self.answered.lock().unwrap();
        let index = answered.iter().position(|(cqe, _)| cqe.tag == tag)?;
        Some(answered.remove(index))
    }

    /// Takes out the handles whose watchers were told something.
    pub(crate) fn notified(&self) -> Vec<usize> {
        core::mem::take(&mut self.notified.lock().unwrap())
    }

    fn reserve(&self) {
        self.answered.lock().unwrap().reserve(128);
    }
}

impl Socket for FakeSocket {
    type Request = FakeClient;

    fn receive(&self, _requests: &mut Vec<FakeClient>) -> Result<(), Closed> {
        Err(Closed)
    }

    fn notify(&self, handle: usize) {
        self.notified.lock().unwrap().push(handle);
    }

    fn answer(&self, request: FakeClient, answer: Answer) {
        assert!(!request.is_one_way(), "nobody waits for this answer");
        let (result, flags) = match answer {
            Answer::Number(number) => (number as u64, 0),
            Answer::Error(errno) => (i64::from(-errno) as u64, 0),
            Answer::Opened { handle, positioned } => {
                let flags = if positioned { NewFdFlags::POSITIONED } else { NewFdFlags::empty() };
                (handle as u64, flags.bits())
            }
        };
        let cqe = Cqe {
            flags: CqeOpcode::RespondRegular as u8,
            extra_raw: [flags, 0, 0],
            tag: request.sqe.tag,
            result,
        };
        self.answered.lock().unwrap().push((cqe, request.payload));
    }
}

/// The fakes, as one name.
pub(crate) enum FakePorts {}

impl Ports for FakePorts {
    type Platform = FakePlatform;
    type Socket = FakeSocket;
}

pub(crate) type FakeDaemon = Daemon<FakePorts>;

/// Result of a system call, or its errno.
pub(crate) type Called<T> = Result<T, i32>;

/// A whole daemon without threads.
pub(crate) struct Machine {
    pub(crate) daemon: &'static FakeDaemon,
    pub(crate) platform: FakePlatform,
    pub(crate) server: Server<'static, FakePorts>,
    pub(crate) actor: Option<Actor<'static, FakePorts>>,
    next_tag: u32,
}

impl Machine {
    /// Returns a daemon without devices, with the CPUs 0 and 1 up.
    pub(crate) fn new() -> Self {
        let platform = FakePlatform::new();
        let daemon: &FakeDaemon =
            Box::leak(Box::new(FakeDaemon::new(platform.clone(), FakeSocket::default())));
        daemon.socket.reserve();
        let mut actor = Actor::new(daemon).unwrap();
        for number in [0, 1] {
            let cpu = hotplug::CpuId::new(number).unwrap();
            let request = zram_lifecycle::Request::Cpu(cpu, hotplug::Stage::Online);
            actor.request(request).unwrap();
        }
        let server = Server::new(daemon).unwrap();
        Self { daemon, platform, server, actor: Some(actor), next_tag: 0 }
    }

    /// Returns a daemon with a device 0 of that many bytes.
    pub(crate) fn with_device(disksize: &str) -> Self {
        let mut machine = Self::new();
        machine.echo("control/hot_add", &format!("disksize={disksize}")).unwrap();
        machine
    }

    /// Serves a request without running the actor; returns its tag.
    pub(crate) fn send(&mut self, mut client: FakeClient) -> u32 {
        self.next_tag += 1;
        client.sqe.tag = self.next_tag;
        self.server.serve(client);
        self.next_tag
    }

    /// Lets the actor take one message and do what is left to do, and the reaper too.
    pub(crate) fn turn(&mut self) {
        let actor = self.actor.as_mut().unwrap();
        actor.turn();
        actor.settle();
    }

    /// Lets this many seconds pass without any request.
    pub(crate) fn idle(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.platform.pass(1_000_000_000);
            let actor = self.actor.as_mut().unwrap();
            actor.look();
            actor.settle();
        }
    }

    /// Serves a request, with a turn of the actor if it needs one; returns the answer and the
    /// client's memory.
    pub(crate) fn call(&mut self, client: FakeClient) -> (Called<usize>, Vec<u8>) {
        let tag = self.send(client);
        let answer = self.daemon.socket.answer_to(tag).or_else(|| {
            self.turn();
            self.daemon.socket.answer_to(tag)
        });
        let (cqe, payload) = answer.expect("each request is answered");
        (result_of(cqe), payload)
    }

    pub(crate) fn open_as(&mut self, path: &str, flags: usize, uid: u32) -> Called<usize> {
        let words = [flags as u64, 0, u64::from(uid)];
        self.call(FakeClient::new(Opcode::OpenAt, 0, words, path.into())).0
    }

    pub(crate) fn open(&mut self, path: &str) -> usize {
        self.open_as(path, O_RDWR, 0).unwrap()
    }

    pub(crate) fn close(&mut self, handle: usize) {
        self.send(FakeClient::new(Opcode::CloseMsg, handle, [0; 3], Vec::new()));
    }

    pub(crate) fn read(&mut self, handle: usize, offset: u64, size: usize) -> Called<Vec<u8>> {
        let client = FakeClient::new(Opcode::Read, handle, [offset, 0, 0], vec![0xaa; size]);
        let (result, mut payload) = self.call(client);
        payload.truncate(result?);
        Ok(payload)
    }

    pub(crate) fn write(&mut self, handle: usize, offset: u64, bytes: &[u8]) -> Called<usize> {
        self.call(FakeClient::new(Opcode::Write, handle, [offset, 0, 0], bytes.into())).0
    }

    pub(crate) fn verb(&mut self, handle: usize, words: [u64; 3]) -> Called<usize> {
        self.call(FakeClient::new(Opcode::Call, handle, words, Vec::new())).0
    }

    /// Reads a whole file.
    pub(crate) fn cat(&mut self, path: &str) -> Called<String> {
        let handle = self.open_as(path, O_RDONLY, 1000)?;
        let bytes = self.read(handle, 0, 8192);
        self.close(handle);
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// Writes a file in one write, as root.
    pub(crate) fn echo(&mut self, path: &str, text: &str) -> Called<usize> {
        let handle = self.open_as(path, O_WRONLY, 0)?;
        let result = self.write(handle, 0, text.as_bytes());
        self.close(handle);
        result
    }

    /// Returns column `index` of a file's only line.
    pub(crate) fn column(&mut self, path: &str, index: usize) -> u64 {
        let text = self.cat(path).unwrap();
        text.split_whitespace().nth(index).unwrap().parse().unwrap()
    }
}

pub(crate) fn result_of(cqe: Cqe) -> Called<usize> {
    match cqe.result as i64 {
        errno @ -4095..=-1 => Err(-errno as i32),
        number => Ok(number as usize),
    }
}
