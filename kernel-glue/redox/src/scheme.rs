//! `swap:`, as programs see it.
//!
//! The pager defines the files, their verbs and their texts (`swap_pager::files`, the same on every
//! kernel); here are the open files. A text is made when it is opened, so that reading it in pieces
//! gives one state. The binding copies bytes from and to users, with no lock held.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use spin::mutex::SpinMutex;
use swap_pager::files::texts::{self, Memory};
use swap_pager::files::{Asker, Call, File, SwapOn, WRITE_MAX, params};
use swap_pager::ports::{Frame, Frames, QueueId};
use zram_abi::error::{EBADF, EINVAL, ENOMEM, ENOTDIR};
use zram_abi::record::ENTRIES_MAX;

use crate::state::{Glue, Lock};
use crate::{Errno, Kernel};

/// The number of the scheme's root.
pub const ROOT: usize = usize::MAX;

/// Files that can be open at once.
const OPEN_MAX: usize = 4096;

/// Bytes of a user that a call comes with: a record.
pub trait Payload {
    /// Copies them; EINVAL if they are not as many.
    ///
    /// # Errors
    ///
    /// What copying fails with.
    fn read(&mut self, into: &mut [u8]) -> Result<(), Errno>;

    /// Copies to them.
    ///
    /// # Errors
    ///
    /// What copying fails with.
    fn write(&mut self, from: &[u8]) -> Result<(), Errno>;
}

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub number: usize,
    /// Whether the kernel keeps an offset for it.
    pub is_positioned: bool,
}

#[derive(Clone)]
enum Open {
    Control,
    Text(Arc<str>),
    Parameters(Arc<str>),
    Queue(QueueId),
}

impl Open {
    fn name(&self) -> File {
        match *self {
            // Of a text it does not matter which.
            Self::Text(_) => File::Root,
            Self::Control => File::Control,
            Self::Parameters(_) => File::Params,
            Self::Queue(queue) => File::Queue(queue),
        }
    }
}

/// All open files, by number.
pub(crate) struct Files<K: Kernel> {
    open: Lock<K, Vec<Option<Open>>>,
}

impl<K: Kernel> Files<K> {
    pub(crate) const fn new() -> Self {
        Self { open: SpinMutex::new(Vec::new()) }
    }

    fn insert(&self, file: Open) -> Result<usize, Errno> {
        let mut open = self.open.lock();
        if let Some(place) = open.iter().position(Option::is_none) {
            if let Some(free) = open.get_mut(place) {
                *free = Some(file);
            }
            return Ok(place);
        }
        if open.len() >= OPEN_MAX || open.try_reserve(1).is_err() {
            return Err(Errno(ENOMEM));
        }
        open.push(Some(file));
        Ok(open.len().saturating_sub(1))
    }

    fn get(&self, number: usize) -> Result<Open, Errno> {
        self.open.lock().get(number).cloned().flatten().ok_or(Errno(EBADF))
    }

    fn remove(&self, number: usize) -> Option<Open> {
        self.open.lock().get_mut(number)?.take()
    }
}

impl<K: Kernel> Glue<K> {
    fn asker(&self) -> Asker {
        Asker { uid: self.kernel.uid(), is_daemon: self.is_daemon_here() }
    }

    /// Opens a path relative to a file; relative to the root, that is.
    ///
    /// # Errors
    ///
    /// As [`File::named`], [`File::may_open`] and opening a queue.
    pub fn open(&self, directory: usize, path: &str) -> Result<Opened, Errno> {
        if directory != ROOT {
            return Err(Errno(ENOTDIR));
        }
        let file = File::named(path)?;
        file.may_open(self.asker())?;
        self.make()?;
        let open = match file {
            File::Control => Open::Control,
            File::Queue(queue) => {
                self.open_queue(queue)?;
                Open::Queue(queue)
            }
            File::Params => {
                let marks = self.call(|pager, _| params::text(pager.watermarks()));
                Open::Parameters(marks.unwrap_or_default().into())
            }
            File::Root => Open::Text(texts::ROOT.into()),
            File::Areas => Open::Text(self.text(|pager, _| texts::areas(pager)).into()),
            File::Stat => Open::Text(self.statistics().into()),
            File::Latencies => Open::Text(self.text(|pager, _| texts::latencies(pager)).into()),
            File::LastError => {
                Open::Text(self.text(|_, machine| machine.parts.last_error.clone()).into())
            }
            File::Queues => Open::Text(texts::queues(0..self.kernel.cpu_count()).into()),
        };
        let is_positioned = matches!(open, Open::Text(_) | Open::Parameters(_));
        let queue = if let Open::Queue(queue) = open { Some(queue) } else { None };
        match self.files.insert(open) {
            Ok(number) => Ok(Opened { number, is_positioned }),
            Err(error) => {
                if let Some(queue) = queue {
                    self.close_queue(queue);
                }
                Err(error)
            }
        }
    }

    fn text(
        &self,
        of: impl FnOnce(&swap_pager::Pager, &mut crate::ports::Machine<'_, K>) -> String,
    ) -> String {
        self.call(|pager, machine| of(pager, machine)).unwrap_or_default()
    }

    fn statistics(&self) -> String {
        self.text(|pager, machine| {
            let windows = machine.parts.lines.iter().flatten().filter(|line| line.is_open());
            let window_pages = windows.count().saturating_mul(ENTRIES_MAX);
            let window_pages = u64::try_from(window_pages).unwrap_or(u64::MAX);
            let total_pages = u64::from(self.kernel.total_count());
            let free_pages = u64::from(machine.free_count());
            // All that is used: Redox does not count what programs have.
            let resident_pages = total_pages.saturating_sub(free_pages);
            texts::stat(pager, Memory { total_pages, free_pages, resident_pages, window_pages })
        })
    }

    /// Reads a file at an offset; `copy` brings bytes to the user and returns how many.
    ///
    /// # Errors
    ///
    /// EBADF for a file without text; what copying fails with.
    pub fn read(
        &self,
        number: usize,
        offset: u64,
        copy: impl FnOnce(&[u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        if number == ROOT {
            return Err(Errno(EBADF));
        }
        match self.files.get(number)? {
            Open::Text(text) | Open::Parameters(text) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                copy(text.as_bytes().get(from..).unwrap_or_default())
            }
            Open::Control | Open::Queue(_) => Err(Errno(EBADF)),
        }
    }

    /// Writes a text of so many bytes to a file; `copy` brings them.
    ///
    /// # Errors
    ///
    /// As [`File::may_write`]; EINVAL for marks that are refused; what copying fails with.
    pub fn write(
        &self,
        number: usize,
        size_bytes: usize,
        copy: impl FnOnce(&mut [u8]) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        self.files.get(number)?.name().may_write(self.asker(), size_bytes)?;
        let mut bytes = [0; WRITE_MAX];
        let words = bytes.get_mut(..size_bytes).ok_or(Errno(EINVAL))?;
        copy(words)?;
        let words = core::str::from_utf8(words).map_err(|_| Errno(EINVAL))?;
        let done = self.call(|pager, machine| {
            let refused = pager.set_params(words);
            // What hooks look at without the lock follows.
            self.reserve_is(pager.watermarks().reserve);
            let why = refused.err().map(|why| alloc::format!("params: {why}\n"));
            machine.parts.last_error = why.unwrap_or_default();
            machine.parts.last_error.is_empty()
        });
        if done == Some(true) { Ok(size_bytes) } else { Err(Errno(EINVAL)) }
    }

    /// Calls a file with up to three words and a payload.
    ///
    /// # Errors
    ///
    /// As [`File::call`] and what is called.
    ///
    /// # Context
    ///
    /// Waits.
    pub fn call_file(
        &self,
        number: usize,
        metadata: [u64; 3],
        payload: &mut dyn Payload,
    ) -> Result<usize, Errno> {
        match self.files.get(number)?.name().call(self.asker(), metadata)? {
            Call::QueueNext(queue) => self.queue_next(queue, payload),
            Call::SwapOff { device } => self.swapoff(device),
            Call::HandOff => self.probe(),
            Call::Resize(resize) => self.resize(resize),
        }
    }

    /// Takes a device file that is passed to a file.
    ///
    /// # Errors
    ///
    /// As [`File::take`] and mounting.
    ///
    /// # Context
    ///
    /// Waits.
    pub fn take_device(
        &self,
        number: usize,
        metadata: [u64; 3],
        device: K::Device,
    ) -> Result<usize, Errno> {
        let wanted =
            self.files.get(number).and_then(|file| file.name().take(self.asker(), metadata));
        match wanted {
            Ok(SwapOn { priority }) => self.swapon(device, priority),
            Err(error) => {
                self.kernel.close(device);
                Err(error)
            }
        }
    }

    /// Returns the frames of a queue's window.
    ///
    /// # Errors
    ///
    /// EBADF for another file.
    pub fn window(&self, number: usize) -> Result<[Frame; ENTRIES_MAX], Errno> {
        let Open::Queue(queue) = self.files.get(number)? else { return Err(Errno(EBADF)) };
        let window = self.call(|_, machine| machine.line(queue)?.window()).flatten();
        window.ok_or(Errno(EBADF))
    }

    /// The last description of a file was closed.
    ///
    /// # Context
    ///
    /// With no lock held; does not wait.
    pub fn close_file(&self, number: usize) {
        if let Some(Open::Queue(queue)) = self.files.remove(number) {
            self.close_queue(queue);
        }
    }
}
