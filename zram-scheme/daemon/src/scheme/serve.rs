//! The scheme's thread: takes requests from the socket and answers them.
//!
//! The thread never waits for the actor: a request that the actor must decide goes into its mailbox
//! with the right to answer it, and the next request is served. One-way requests are never
//! answered. A Cancel needs no action: the thread that has the cancelled request answers it soon
//! anyway.

use alloc::vec::Vec;

use syscall::flag::{EventFlags, StdFsCallKind};
use syscall::schemev2::Opcode;
use zram::{NoMemory, Worker};

use super::file::File;
use super::handles::{HandleId, OpenHandle, Opened};
use super::{Fault, content, open, stat, verbs, write};
use crate::coarse_clock::CoarseClock;
use crate::daemon::{Change, Daemon};
use crate::data::{self, DataError, Transfer};
use crate::devices::traffic::Way;
use crate::errno;
use crate::platform::{Answer, Client, ClientRequest, Closed, Platform, Ports, Socket};
use zram_lifecycle::DeviceName;

/// Most requests that are taken from the socket at once.
const BATCH: usize = 32;

/// The state of the scheme's thread.
pub struct Server<'a, P: Ports> {
    daemon: &'a Daemon<P>,
    /// Of no CPU: the thread runs anywhere and is one, so it uses the devices' fallback streams.
    worker: Worker,
    clock: CoarseClock,
}

/// Serves requests until the socket is closed.
///
/// # Errors
///
/// [`NoMemory`] at once, if there is none to begin with.
pub fn run<P: Ports>(daemon: &Daemon<P>) -> Result<(), NoMemory> {
    let mut server = Server::new(daemon)?;
    let mut requests = Vec::new();
    requests.try_reserve_exact(BATCH).map_err(|_| NoMemory)?;
    loop {
        if daemon.socket.receive(&mut requests) == Err(Closed) {
            return Ok(());
        }
        for client in requests.drain(..) {
            server.serve(client);
        }
    }
}

impl<'a, P: Ports> Server<'a, P> {
    /// Returns a server.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub fn new(daemon: &'a Daemon<P>) -> Result<Self, NoMemory> {
        Ok(Self { daemon, worker: Worker::of_no_cpu()?, clock: CoarseClock::default() })
    }

    /// Serves one request, and answers it unless the actor will.
    pub fn serve(&mut self, mut client: Client<P>) {
        if client.is_one_way() {
            return self.note(&client);
        }
        if let Some(Opcode::Write) = client.opcode() {
            return self.write(client);
        }
        let answer = match self.perform(&mut client) {
            Ok(answer) => answer,
            Err(fault) => Answer::Error(errno::of_fault(fault)),
        };
        self.daemon.socket.answer(client, answer);
    }

    fn note(&self, client: &Client<P>) {
        if let Some(Opcode::CloseMsg) = client.opcode() {
            // A handle that is not open needs no closing.
            let _ = self.close(HandleId(client.handle()));
        }
    }

    fn perform(&mut self, client: &mut Client<P>) -> Result<Answer, Fault> {
        let id = HandleId(client.handle());
        match client.opcode() {
            Some(Opcode::OpenAt) => {
                let HandleId(handle) = open::open(self.daemon, client)?;
                return Ok(Answer::Opened { handle, positioned: true });
            }
            Some(Opcode::Close) => self.close(id),
            Some(Opcode::Read) => {
                let opened = self.opened(id)?;
                let result = self.read(OpenHandle { id, opened }, client);
                result.inspect_err(|&fault| self.daemon.note_fault(opened.file, fault))
            }
            Some(Opcode::Fsize) => {
                let opened = self.opened(id)?;
                stat::size(self.daemon, opened.file).map(|size| size as usize)
            }
            Some(Opcode::Fstat) => {
                let opened = self.opened(id)?;
                stat::stat(self.daemon, opened.file, client)
            }
            Some(Opcode::StdFsCall) => self.standard_call(id, client),
            Some(Opcode::Call) => {
                let opened = self.opened(id)?;
                let result =
                    verbs::call(self.daemon, OpenHandle { id, opened }, &self.worker, client);
                result.inspect_err(|&fault| self.daemon.note_fault(opened.file, fault))
            }
            Some(Opcode::Fevent) => self.watch(id, client.word(1)),
            // Pages are stored when a write is answered, so there is nothing to flush; the kernel
            // keeps the flags that fcntl changes.
            Some(Opcode::Fsync | Opcode::Fcntl) => self.opened(id).map(|_| 0),
            _ => Err(Fault::Unsupported),
        }
        .map(Answer::Number)
    }

    fn opened(&self, id: HandleId) -> Result<Opened, Fault> {
        self.daemon.handles.lock().get(id)
    }

    fn close(&self, id: HandleId) -> Result<usize, Fault> {
        let file = {
            let mut handles = self.daemon.handles.lock();
            let file = handles.close(id)?;
            if matches!(file, File::Device(_)) {
                self.daemon.platform.swap_is_used(handles.is_any_attached());
            }
            file
        };
        if let File::Device(name) = file {
            self.daemon.devices.close(name.id);
        }
        Ok(0)
    }

    fn standard_call(&self, id: HandleId, client: &mut Client<P>) -> Result<usize, Fault> {
        let opened = self.opened(id)?;
        match StdFsCallKind::try_from_raw(client.word(3) as u8) {
            Some(StdFsCallKind::Fstat) => stat::stat(self.daemon, opened.file, client),
            Some(StdFsCallKind::Fsync) => Ok(0),
            Some(_) | None => Err(Fault::Unsupported),
        }
    }

    fn read(&mut self, handle: OpenHandle, client: &mut Client<P>) -> Result<usize, Fault> {
        let offset = client.word(3);
        match handle.opened.file {
            File::Device(name) if handle.opened.is_readable => {
                self.read_pages(name, offset, client)
            }
            File::Device(_) => Err(Fault::NoHandle),
            File::Root
            | File::ControlDirectory
            | File::Control(_)
            | File::DeviceDirectory(_)
            | File::Attribute(..) => content::read(self.daemon, handle, offset, client),
        }
    }

    fn read_pages(
        &mut self,
        name: DeviceName,
        offset: u64,
        client: &mut Client<P>,
    ) -> Result<usize, Fault> {
        let pages = self.daemon.devices.named(name)?.pages;
        let transfer = match Transfer::new(offset, client.payload_size(), pages) {
            Err(DataError::PastEnd) => return Ok(0),
            transfer => transfer?,
        };
        let content = self.daemon.devices.content(name.id).ok_or(Fault::NoDevice)?;
        let passage = content.traffic().begin(Way::Load, self.set_clock());
        let result = data::read::<P::Platform>(&content, &mut self.worker, transfer, client);
        passage.end(pages_of(result), || self.daemon.platform.now_ns());
        Ok(result?)
    }

    fn write(&mut self, client: Client<P>) {
        let id = HandleId(client.handle());
        let result = match self.opened(id) {
            Ok(Opened { file: File::Device(name), is_writable: true, .. }) => {
                let result = self.write_pages(name, &client);
                result.inspect_err(|&fault| self.daemon.note_fault(File::Device(name), fault))
            }
            Ok(Opened { file: File::Device(_), is_writable: false, .. }) => Err(Fault::NoHandle),
            Ok(opened) => return write::write(self.daemon, OpenHandle { id, opened }, client),
            Err(fault) => Err(fault),
        };
        let answer = match result {
            Ok(size) => Answer::Number(size),
            Err(fault) => Answer::Error(errno::of_fault(fault)),
        };
        self.daemon.socket.answer(client, answer);
    }

    fn write_pages(&mut self, name: DeviceName, client: &Client<P>) -> Result<usize, Fault> {
        let size = client.payload_size();
        let pages = self.daemon.devices.named(name)?.pages;
        let transfer = match Transfer::new(client.word(3), size, pages) {
            Err(DataError::PastEnd) if size == 0 => return Ok(0),
            transfer => transfer?,
        };
        let content = self.daemon.devices.content(name.id).ok_or(Fault::NoDevice)?;
        let passage = content.traffic().begin(Way::Store, self.set_clock());
        let result = data::write::<P::Platform>(&content, &mut self.worker, transfer, client);
        passage.end(pages_of(result), || self.daemon.platform.now_ns());
        if content.has_reached_watermark() {
            self.daemon.notify(Change::Device(name.id));
        }
        Ok(result?)
    }

    /// Lets the clock of the pages' ages be now, or a second ago. The clock itself is for whoever needs it
    /// exactly.
    fn set_clock(&mut self) -> impl FnOnce() -> u64 + use<'a, P> {
        let platform = &self.daemon.platform;
        self.worker.set_now(self.clock.seconds(platform.ticks(), || platform.now_ns()));
        move || platform.now_ns()
    }

    /// Answers a watch: nothing is ready until something changes.
    fn watch(&self, id: HandleId, flags: u64) -> Result<usize, Fault> {
        let is_watching = flags & EventFlags::EVENT_READ.bits() as u64 != 0;
        self.daemon.handles.lock().watch(id, is_watching)?;
        Ok(0)
    }
}

/// Returns how many pages a transfer was.
fn pages_of(transferred: Result<usize, DataError>) -> u64 {
    transferred.map_or(0, |bytes| (bytes / zram::PAGE_SIZE) as u64)
}
