//! Event queues: waiting for events of several files at once.
//!
//! A file is watched by its descriptor and a word by which the program recognises it. Redox's queue
//! can do more, which no program here needs.

use syscall::flag::{EventFlags, O_RDWR};
use syscall::{Error, Event, Result};

use crate::fd::Fd;
use crate::fs;

/// The scheme of the kernel that has the queues.
const SCHEME: &str = "/scheme/event";

/// An event queue.
#[derive(Debug)]
pub struct Queue(Fd);

impl Queue {
    /// Makes a queue that watches nothing.
    ///
    /// # Errors
    ///
    /// EMFILE when the kernel has too many.
    pub fn open() -> Result<Self> {
        fs::open(SCHEME, O_RDWR).map(Self)
    }

    /// Watches a file from now on; [`Self::next`] gives `word` when there is something new to read. Closing
    /// the file ends it.
    ///
    /// # Errors
    ///
    /// EOPNOTSUPP or EPERM for a file that cannot be watched, EMFILE with too many; what its scheme answers.
    pub fn watch(&self, file: &Fd, word: usize) -> Result<()> {
        let flags = EventFlags::EVENT_READ;
        self.0.write(&Event { id: file.raw(), flags, data: word }).map(drop)
    }

    /// Waits for news and returns the word of the file that has some. It may wait for ever.
    ///
    /// # Errors
    ///
    /// What the kernel answers.
    pub fn next(&self) -> Result<usize> {
        let mut event = Event::default();
        let size = self.0.read(&mut event)?;
        if size == size_of::<Event>() { Ok(event.data) } else { Err(Error::new(syscall::EIO)) }
    }
}
