//! The actor's mailbox: bounded, first in first out.
//!
//! Clients' requests fill at most [`MAILBOX_MAX`] places and are refused beyond that, so a storm of
//! requests needs no more memory than was allocated at start. CPU events have places of their own,
//! because a storm must not refuse a CPU; there is at most one at a time, as each waits for its
//! answer. After [`Mailbox::close`] nothing comes in any more.
//!
//! The mailbox touches only as many places as it has had messages at once: an empty mailbox begins
//! again at its first place. Otherwise each message would take the next place, and every so often
//! one more page, until all were touched.

use alloc::collections::VecDeque;

use lock_api::Mutex;

use crate::platform::Platform;
use crate::scheme::PendingWrite;
use crate::sync::{AtomicU32, Ordering};
use zram_lifecycle::Request;

/// Most requests of clients that wait: more than a shell or a storm of tests has writers.
pub const MAILBOX_MAX: usize = 64;

/// Places for CPU events: one transition at a time, and one more for a new subscription's first.
const CPU_PLACES: usize = 2;

/// Who waits for the reply.
#[derive(Debug)]
pub enum ReplyTo<C> {
    /// A client, whose write it is.
    Client(PendingWrite<C>),
    /// The thread that reads CPU events.
    CpuEvents,
}

/// A request and who asks.
#[derive(Debug)]
pub struct Message<C> {
    /// What is asked.
    pub request: Request,
    /// Who gets the one reply.
    pub reply_to: ReplyTo<C>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostError {
    /// All places are taken: try again later.
    Full,
    /// The actor has ended.
    Closed,
}

/// The mailbox.
pub struct Mailbox<P: Platform, C> {
    queue: Mutex<P::Mutex, Queue<C>>,
    /// Counts posts, for the actor to sleep on.
    posts: AtomicU32,
}

struct Queue<C> {
    messages: VecDeque<Message<C>>,
    is_closed: bool,
}

impl<P: Platform, C> Mailbox<P, C> {
    /// Returns an empty mailbox. Called once, at start, where running out of memory may end the
    /// daemon.
    pub fn new() -> Self {
        let messages = VecDeque::with_capacity(MAILBOX_MAX + CPU_PLACES);
        Self { queue: Mutex::new(Queue { messages, is_closed: false }), posts: AtomicU32::new(0) }
    }

    /// Puts a message behind the others.
    ///
    /// # Errors
    ///
    /// The message, and why it was not taken.
    pub fn post(&self, platform: &P, message: Message<C>) -> Result<(), (PostError, Message<C>)> {
        let places = match message.reply_to {
            ReplyTo::Client(_) => MAILBOX_MAX,
            ReplyTo::CpuEvents => MAILBOX_MAX + CPU_PLACES,
        };
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err((PostError::Closed, message));
        }
        if queue.messages.len() >= places {
            return Err((PostError::Full, message));
        }
        queue.messages.push_back(message);
        drop(queue);
        // Release pairs with the Acquire in `take`; the message itself is passed by the lock.
        self.posts.fetch_add(1, Ordering::Release);
        platform.wake(&self.posts);
        Ok(())
    }

    /// Waits for the oldest message and takes it out.
    pub fn take(&self, platform: &P) -> Message<C> {
        loop {
            // Acquire: a post that this does not count yet changes the word, so the wait returns.
            let posts = self.posts.load(Ordering::Acquire);
            if let Some(message) = self.try_take() {
                return message;
            }
            platform.wait(&self.posts, posts, None);
        }
    }

    /// Waits for the oldest message and takes it out, or returns nothing once it is `deadline_ns`.
    pub fn take_until(&self, platform: &P, deadline_ns: u64) -> Option<Message<C>> {
        loop {
            // Acquire: as in `take`.
            let posts = self.posts.load(Ordering::Acquire);
            let message = self.try_take();
            if message.is_some() || platform.now_ns() >= deadline_ns {
                return message;
            }
            platform.wait(&self.posts, posts, Some(deadline_ns));
        }
    }

    /// Takes out the oldest message if there is one.
    pub fn try_take(&self) -> Option<Message<C>> {
        let messages = &mut self.queue.lock().messages;
        let oldest = messages.pop_front();
        if messages.is_empty() {
            // Puts the next one at the first place.
            messages.clear();
        }
        oldest
    }

    /// Lets nothing in any more and returns what has not been taken out.
    pub fn close(&self) -> VecDeque<Message<C>> {
        let mut queue = self.queue.lock();
        queue.is_closed = true;
        ::core::mem::take(&mut queue.messages)
    }
}

impl<P: Platform, C> Default for Mailbox<P, C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
