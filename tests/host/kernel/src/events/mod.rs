//! `event`: queues at which programs wait for events of files; as much of Redox's as a client of
//! `zram:` needs.
//!
//! Opening `""` at the root gives a queue. Writing a record {descriptor, flags, data} to it starts
//! or ends a watch of that file ([`watch`]); reads return the same records when there is an event,
//! and wait until there is one. Two kinds of files can be watched: those of user schemes, whose
//! programs are asked and then report events by themselves, and the console.
//!
//! The watches of a queue bound its size ([`host_core::events`]). A queue ends with its last
//! descriptor; a watch ends also when its file is closed. Unlike on Redox, a watcher of a file is
//! told when the file's scheme ends.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use host_core::events::{EventQueue, News};
use syscall::error::{EAGAIN, EINVAL};
use syscall::flag::{EventFlags, O_NONBLOCK};

use crate::errno::{Halt, SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::limits::EVENT_QUEUES_MAX;
use crate::scheme::user::SchemeId;
use crate::slab::{Id, Slab};
use crate::space::user::UserBuffer;
use crate::thread::wake::Urgency;
use crate::thread::{ThreadId, Wait};

pub(crate) mod watch;

/// Bytes of a record: descriptor, flags and data, 8 each.
const EVENT_SIZE: usize = 24;
const _: () = assert!(EVENT_SIZE == size_of::<syscall::Event>(), "the record of redox_syscall 0.9");

/// Records that one read gives at most.
const READ_MAX: usize = 16;

/// Names an event queue.
pub(crate) type QueueId = Id<Queue>;

/// A file that can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchedFile {
    /// The console.
    Console,
    /// A file of a user scheme, by the scheme's own number.
    User {
        /// The scheme.
        scheme: SchemeId,
        /// The number.
        number: u64,
    },
}

/// An event queue, and who waits for news.
pub(crate) struct Queue {
    watched: EventQueue<WatchedFile>,
    waiters: VecDeque<ThreadId>,
}

impl Queue {
    /// Bytes of the tables of one queue at most, without what waits.
    pub(crate) const SIZE_MAX: usize = EventQueue::<WatchedFile>::SIZE_MAX;
}

/// All event queues.
pub(crate) struct Events {
    queues: Slab<Queue>,
}

impl Events {
    /// Returns no queues.
    pub(crate) const fn new() -> Self {
        Self { queues: Slab::new(EVENT_QUEUES_MAX) }
    }
}

impl Kernel {
    /// Makes an event queue.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many.
    pub(crate) fn open_event_queue(&mut self) -> SysResult<Object> {
        let queue = Queue { watched: EventQueue::new(), waiters: VecDeque::new() };
        Ok(Object::Events(self.events.queues.insert(queue)?))
    }

    /// Gives the news of a queue, as many as fit, waiting for the first.
    ///
    /// # Errors
    ///
    /// EINVAL for a buffer smaller than a record, EAGAIN for who does not wait; else the wait. EFAULT, with the
    /// news as they were.
    pub(crate) fn read_events(
        &mut self,
        queue: QueueId,
        UserBuffer { space, buffer }: UserBuffer,
        flags: usize,
    ) -> SysResult {
        let most = (buffer.size / EVENT_SIZE).min(READ_MAX);
        if most == 0 {
            return fail(EINVAL);
        }
        let news = self.events.queues[queue].watched.news(most);
        if news.is_empty() {
            let wait = Halt::until(Wait::Events(queue));
            return if flags & O_NONBLOCK != 0 { fail(EAGAIN) } else { Err(wait) };
        }
        let bytes: Vec<u8> = news.iter().flat_map(record).collect();
        self.write_user(space, buffer.address, &bytes)?;
        self.events.queues[queue].watched.taken(news.len());
        Ok(bytes.len())
    }

    /// Notes what is new about a file of a user scheme, and wakes who waits for it.
    pub(crate) fn tell_events(&mut self, scheme: SchemeId, number: u64, flags: EventFlags) {
        let file = WatchedFile::User { scheme, number };
        self.tell_queues(|watched| watched == file, flags);
    }

    /// Notes that there is input that has not been read yet.
    pub(crate) fn tell_of_input(&mut self) {
        self.tell_queues(|watched| watched == WatchedFile::Console, EventFlags::EVENT_READ);
    }

    /// Wakes who watches a file of a scheme that has ended: it is to look, and finds ENODEV.
    pub(crate) fn tell_of_end(&mut self, ended: SchemeId) {
        let is_of_it =
            |watched| matches!(watched, WatchedFile::User { scheme, .. } if scheme == ended);
        self.tell_queues(is_of_it, EventFlags::all());
    }

    fn tell_queues(&mut self, is_it: impl Fn(WatchedFile) -> bool, flags: EventFlags) {
        for id in self.events.queues.ids() {
            let Some(queue) = self.events.queues.get_mut(id) else { continue };
            if queue.watched.tell(&is_it, flags.bits()) {
                self.wake_queue(id);
            }
        }
    }

    /// Ends the watches of a file of a user scheme that was closed.
    pub(crate) fn forget_watched(&mut self, scheme: SchemeId, number: u64) {
        for id in self.events.queues.ids() {
            if let Some(queue) = self.events.queues.get_mut(id) {
                queue.watched.forget(WatchedFile::User { scheme, number });
            }
        }
    }

    /// Ends a queue, whose last descriptor is closed.
    pub(crate) fn close_event_queue(&mut self, queue: QueueId) {
        self.wake_queue(queue);
        self.events.queues.remove(queue);
    }

    /// Lets all threads that wait for this queue look again.
    fn wake_queue(&mut self, queue: QueueId) {
        for thread in core::mem::take(&mut self.events.queues[queue].waiters) {
            self.make_ready(thread, Urgency::Anywhere);
        }
    }

    /// Notes a thread that waits.
    pub(crate) fn join_events(&mut self, queue: QueueId, thread: ThreadId) {
        self.events.queues[queue].waiters.push_back(thread);
    }

    /// Forgets a thread that waits no more.
    pub(crate) fn leave_events(&mut self, queue: QueueId, thread: ThreadId) {
        if let Some(found) = self.events.queues.get_mut(queue) {
            found.waiters.retain(|&waiter| waiter != thread);
        }
    }
}

fn record(news: &News) -> [u8; EVENT_SIZE] {
    let mut bytes = [0; EVENT_SIZE];
    bytes[..8].copy_from_slice(&news.name.descriptor.to_le_bytes());
    bytes[8..16].copy_from_slice(&news.flags.to_le_bytes());
    bytes[16..].copy_from_slice(&news.name.data.to_le_bytes());
    bytes
}
