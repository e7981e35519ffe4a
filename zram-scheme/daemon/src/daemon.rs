//! What all threads of the daemon share.
//!
//! | thread | runs | may wait for |
//! | --- | --- | --- |
//! | scheme | [`crate::scheme::serve::run`] | the socket |
//! | actor | [`crate::threads::Actor::run`] | its mailbox |
//! | reaper | [`crate::threads::Reaper::run`] | contents to give back |
//! | events | [`crate::threads::events::run`] | the next CPU event, then the actor |
//! | one `in` and one `out` for each CPU | [`crate::threads::queue::run`] | its queue |
//! | log | [`crate::log_buffer::LogBuffer::drain`] | something to write |
//!
//! Neighbour: `main.rs` makes the daemon, the threads, and then publishes the scheme.

use lock_api::Mutex;

use crate::devices::Devices;
use crate::errno;
use crate::notes;
use crate::platform::{self, Client, Platform, Ports, Socket};
use crate::scheme::handles::{Handles, Watcher};
use crate::scheme::{Fault, File, PendingWrite};
use crate::sync::{AtomicU32, Ordering};
use crate::text::Words;
use crate::threads::{Mailbox, Message, PostError, Reaper, ReplyTo};
use crate::words::{self, Circumstances};
use zram_lifecycle::{Answer, DeviceId, DeviceSet, Refusal, Request};

/// What all threads share.
pub struct Daemon<P: Ports> {
    pub(crate) platform: P::Platform,
    pub(crate) socket: P::Socket,
    pub(crate) devices: Devices<P::Platform>,
    pub(crate) mailbox: Mailbox<P::Platform, Client<P>>,
    pub(crate) reaper: Reaper<P::Platform>,
    pub(crate) handles: Mutex<<P::Platform as Platform>::Mutex, Handles>,
    pub(crate) control: Mutex<<P::Platform as Platform>::Mutex, ControlFront>,
    cpu_reply: AtomicU32,
}

/// What the files under `control/` show.
#[derive(Debug)]
pub(crate) struct ControlFront {
    /// The device that the last `hot_add` made.
    pub(crate) last_added: Option<DeviceId>,
    /// Why the last write to a control file was refused.
    pub(crate) last_error: Words,
    /// What is said of the last write to a control file that was taken.
    pub(crate) last_note: Words,
}

/// What is left; all zero after exit (I-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remains {
    /// Instances of the hotplug state: contents installed in devices.
    pub instances: usize,
    /// Devices that are shown.
    pub devices: usize,
    /// Pool pages committed.
    pub pool_pages: usize,
    /// Bytes of slot tables.
    pub table_bytes: u64,
    /// Streams of all devices and CPUs, fallbacks included.
    pub streams: usize,
    /// Handles of clients.
    pub handles: usize,
}

impl core::fmt::Display for Remains {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            formatter,
            "instances {} devices {} pool_pages {} table_bytes {} streams {} handles {}",
            self.instances,
            self.devices,
            self.pool_pages,
            self.table_bytes,
            self.streams,
            self.handles
        )
    }
}

/// What a watcher may want to read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Which devices there are.
    Devices,
    /// Size or state of this device, or its pool has come to the watermark.
    Device(DeviceId),
}

impl Change {
    /// Returns whether who watches `file` is told.
    fn is_about(self, file: File) -> bool {
        match (self, file) {
            (Self::Devices, File::Root | File::ControlDirectory | File::Control(_)) => true,
            (
                Self::Device(id),
                File::Device(name) | File::DeviceDirectory(name) | File::Attribute(name, _),
            ) => name.id == id,
            (Self::Devices, File::Device(_) | File::DeviceDirectory(_) | File::Attribute(..))
            | (Self::Device(_), File::Root | File::ControlDirectory | File::Control(_)) => false,
        }
    }
}

/// States of the word that carries the reply to the events thread.
const WAITING: u32 = 0;
const AGREED: u32 = 1;
const REFUSED: u32 = 2;

impl<P: Ports> Daemon<P> {
    /// Returns a daemon without devices. Called once, at start, where running out of memory may end
    /// the program.
    pub fn new(platform: P::Platform, socket: P::Socket) -> Self {
        Self {
            platform,
            socket,
            devices: Devices::new(),
            mailbox: Mailbox::new(),
            reaper: Reaper::new(),
            handles: Mutex::new(Handles::new()),
            control: Mutex::new(ControlFront {
                last_added: None,
                last_error: Words::NONE,
                last_note: Words::NONE,
            }),
            cpu_reply: AtomicU32::new(WAITING),
        }
    }

    /// Returns the machine's port.
    pub const fn platform(&self) -> &P::Platform {
        &self.platform
    }

    /// Returns what gives back the contents of devices that are gone.
    pub const fn reaper(&self) -> &Reaper<P::Platform> {
        &self.reaper
    }

    /// Counts what exists, with what the reaper has not freed yet.
    pub fn remains(&self) -> Remains {
        let mut remains = Remains {
            instances: 0,
            devices: 0,
            pool_pages: self.platform.pages_committed(),
            table_bytes: self.reaper.backlog().table_bytes,
            streams: 0,
            handles: self.handles.lock().count(),
        };
        for view in self.devices.views() {
            remains.devices += 1;
            // A device that has just gone adds nothing.
            let _ = self.devices.inspect(view.name, |_, content| {
                let Some(content) = content else { return };
                remains.instances += 1;
                remains.table_bytes += content.statistics().metadata.table_bytes;
                remains.streams += content.streams().filter(|stream| stream.is_up).count();
            });
        }
        remains
    }

    /// Hands the reply to who waits for it; called by the actor, once for each message.
    pub(crate) fn reply(&self, reply_to: ReplyTo<Client<P>>, reply: Result<Answer, Refusal>) {
        match reply_to {
            ReplyTo::Client(write) => self.reply_to_client(write, reply),
            ReplyTo::CpuEvents => {
                let word = match reply {
                    Ok(Answer::Done | Answer::Added(_)) => AGREED,
                    Err(refusal) => REFUSED + errno::of_refusal(refusal).unsigned_abs(),
                };
                // Release pairs with the Acquire in `change_cpu`.
                self.cpu_reply.store(word, Ordering::Release);
                self.platform.wake(&self.cpu_reply);
            }
        }
    }

    /// Answers that there is no place for the request now, as a full mailbox does.
    pub(crate) fn refuse_full(&self, reply_to: ReplyTo<Client<P>>) {
        match reply_to {
            ReplyTo::Client(write) => {
                let errno = errno::of_post(PostError::Full);
                self.socket.answer(write.client, platform::Answer::Error(errno));
            }
            ReplyTo::CpuEvents => self.reply(reply_to, Err(Refusal::NoMemory)),
        }
    }

    fn reply_to_client(&self, write: PendingWrite<Client<P>>, reply: Result<Answer, Refusal>) {
        let PendingWrite { client, file, handle, size, asked } = write;
        if let (Ok(answer), Some(asked)) = (reply, asked) {
            self.note_granted(file, asked, answer);
        }
        let answer = match reply {
            Ok(Answer::Done) => platform::Answer::Number(size),
            Ok(Answer::Added(id)) => {
                self.handles.lock().set_added(handle, id);
                self.control.lock().last_added = Some(id);
                platform::Answer::Number(size)
            }
            Err(refusal) => {
                let known = self.circumstances(asked);
                self.set_last_error(file, words::refusal(refusal, file.name(), &known));
                platform::Answer::Error(errno::of_refusal(refusal))
            }
        };
        self.socket.answer(client, answer);
    }

    /// Tells all watchers. Does not wait.
    pub(crate) fn notify(&self, change: Change) {
        let mut place = 0;
        loop {
            // The lock is not held while somebody is told.
            let watcher = self.handles.lock().next_watcher(place, |file| change.is_about(file));
            let Some(Watcher { handle, behind }) = watcher else { return };
            self.socket.notify(handle.0);
            place = behind;
        }
    }

    /// Remembers what is to be said of what was just granted to a write of `file`, before the write is
    /// answered: nothing, of most.
    fn note_granted(&self, file: File, asked: Request, answer: Answer) {
        let id = match answer {
            Answer::Added(id) => Some(id),
            Answer::Done => asked.device(),
        };
        let note = id.and_then(|id| {
            let used_pages = self.devices.content(id).map_or(0, |content| content.used_pages());
            let used_bytes = used_pages * zram::PAGE_SIZE as u64;
            notes::note(file.name(), asked, self.devices.view(id)?, used_bytes)
        });
        self.set_last_note(file, note.unwrap_or(Words::NONE));
    }

    /// Remembers what is said of a write to `file` that was taken.
    pub(crate) fn set_last_note(&self, file: File, words: Words) {
        match file {
            File::Attribute(name, _) | File::Device(name) | File::DeviceDirectory(name) => {
                self.devices.set_last_note(name, words);
            }
            File::Control(_) | File::Root | File::ControlDirectory => {
                self.control.lock().last_note = words;
            }
        }
        if !words.is_empty() {
            // Who wrote it is told by whoever reads `last_note`, once.
            log::debug!("taken: {}", words.text());
        }
    }

    fn circumstances(&self, asked: Option<Request>) -> Circumstances {
        let devices = self.devices.views().map(|view| view.name.id);
        let devices = devices.fold(DeviceSet::EMPTY, DeviceSet::with);
        let about = asked.and_then(Request::device);
        let handles = self.handles.lock();
        let holder_of = |id| handles.holder(id).map(|holder| (id, holder));
        let holder = match about {
            Some(id) => holder_of(id),
            // Exit is about all of them, and the first that is open refuses it.
            None => self.devices.views().find_map(|view| holder_of(view.name.id)),
        };
        Circumstances { asked, device: about.and_then(|id| self.devices.view(id)), holder, devices }
    }

    /// Remembers why a request about `file` was refused, if there are words for it.
    pub(crate) fn note_fault(&self, file: File, fault: Fault) {
        let view = match file {
            File::Attribute(name, _) | File::Device(name) | File::DeviceDirectory(name) => {
                self.devices.named(name).ok()
            }
            File::Control(_) | File::Root | File::ControlDirectory => None,
        };
        if let Some(words) = words::fault(fault, file, view) {
            self.set_last_error(file, words);
        }
    }

    /// Remembers why a request about `file` was refused. Whoever asked tells it to people, once, so the
    /// log is for who looks for trouble.
    pub(crate) fn set_last_error(&self, file: File, words: Words) {
        match file {
            File::Attribute(name, _) | File::Device(name) | File::DeviceDirectory(name) => {
                self.devices.set_last_error(name, words);
            }
            File::Control(_) | File::Root | File::ControlDirectory => {
                self.control.lock().last_error = words;
            }
        }
        log::debug!("refused: {}", words.text());
    }

    /// Lets the actor follow a CPU, and waits for its reply. For the events thread alone.
    ///
    /// # Errors
    ///
    /// The errno to refuse the CPU with.
    pub(crate) fn change_cpu(&self, cpu: hotplug::CpuId, stage: hotplug::Stage) -> Result<(), u32> {
        // Relaxed: the mailbox's lock passes it on, and only this thread waits here.
        self.cpu_reply.store(WAITING, Ordering::Relaxed);
        let message = Message { request: Request::Cpu(cpu, stage), reply_to: ReplyTo::CpuEvents };
        self.mailbox
            .post(&self.platform, message)
            .map_err(|(error, _): (PostError, _)| errno::of_post(error).unsigned_abs())?;
        loop {
            // Acquire pairs with the Release in `reply`.
            match self.cpu_reply.load(Ordering::Acquire) {
                WAITING => self.platform.wait(&self.cpu_reply, WAITING, None),
                AGREED => return Ok(()),
                refused => return Err(refused - REFUSED),
            }
        }
    }
}

#[cfg(test)]
mod tests;
