//! User schemes: files that a program serves.
//!
//! A program with the right to do so makes a scheme and gets its socket. Operations of other
//! programs on the scheme's files become requests ([`request`]) that it reads from the socket, and
//! it writes its answers there ([`answer`]); the caller waits between. Buffers are lent ([`lend`])
//! to the address space that made the scheme. The scheme ends when its socket is closed or its
//! maker's last thread dies: every caller, waiting or future, then gets ENODEV.

pub(crate) mod answer;
pub(crate) mod lend;
pub(crate) mod request;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Deref;

use syscall::error::{EACCES, EAGAIN, EINVAL, ENODEV};
use syscall::flag::O_NONBLOCK;
use syscall::schemev2::{NewFdFlags, Opcode, Sqe, SqeFlags};

use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::{Object, Opened};
use crate::kernel::Kernel;
use crate::limits::{BATCH_MAX, REQUESTS_MAX, SCHEMES_MAX, SERVERS_MAX, UNREAD_MAX};
use crate::slab::{Id, Slab};
use crate::space::SpaceId;
use crate::space::grants::server_most;
use crate::space::user::UserBuffer;
use crate::thread::wake::Urgency;
use crate::thread::{Identity, ThreadId, Wait};
use request::Request;

/// Names a user scheme.
pub(crate) type SchemeId = Id<UserScheme>;

/// Bytes of a request as the socket gives it.
const SQE_SIZE: usize = size_of::<Sqe>();
const _: () = assert!(SQE_SIZE == 64, "the record of redox_syscall 0.9");

/// Bytes of NewFdParams: offset, number, flags (8 each), internal flags (1), padding.
const NEW_FD_SIZE: usize = 32;

/// All user schemes. Others read who made one; only this folder changes what is in it.
pub(crate) struct Schemes {
    table: Slab<UserScheme>,
    /// Pages lent to all of them, bounce frames included.
    lent_pages: usize,
}

impl Deref for Schemes {
    type Target = Slab<UserScheme>;

    fn deref(&self) -> &Slab<UserScheme> {
        &self.table
    }
}

impl Schemes {
    /// Returns no schemes.
    pub(crate) const fn new() -> Self {
        Self { table: Slab::new(SCHEMES_MAX), lent_pages: 0 }
    }
}

/// A scheme that a program serves.
pub(crate) struct UserScheme {
    /// The address space that made it, where buffers are lent; it may be gone.
    pub(crate) space: SpaceId,
    /// What the socket has not yet given.
    queue: VecDeque<Sqe>,
    /// What was not yet answered.
    requests: Slab<Request>,
    readers: VecDeque<ThreadId>,
}

impl Kernel {
    /// Returns whether programs have so many messages to read that nothing new may be asked of them.
    ///
    /// What may still come are a message for each open file and one for each request in flight.
    pub(super) fn is_too_much_unread(&self) -> bool {
        let unread: usize = self.schemes.iter().map(|(_, scheme)| scheme.queue.len()).sum();
        unread >= UNREAD_MAX
    }

    /// Makes a scheme for the process of this thread, and returns its socket.
    ///
    /// # Errors
    ///
    /// EACCES for another uid than 0, EINVAL for another word than "create-scheme", EMFILE.
    pub(crate) fn create_scheme(&mut self, thread: ThreadId, word: &[u8]) -> SysResult<Object> {
        if word != b"create-scheme" {
            return fail(EINVAL);
        }
        let caller = &self.threads[thread];
        if caller.identity().uid != 0 {
            return fail(EACCES);
        }
        let space = caller.space().expect("a thread that runs has an address space");
        let scheme = self.schemes.table.insert(UserScheme {
            space,
            queue: VecDeque::new(),
            requests: Slab::new(REQUESTS_MAX),
            readers: VecDeque::new(),
        })?;
        let servers = self.spaces.iter().filter(|(_, space)| space.grants().may_be_many());
        if caller.identity().pid != Identity::FIRST_PID && servers.count() < SERVERS_MAX {
            let most = server_most(self.cmdline, self.frames.total_count());
            self.allow_grants(space, most);
        }
        Ok(Object::Socket(scheme))
    }

    /// Returns a new file of a scheme as its maker describes it (NewFdParams), flags and all.
    ///
    /// # Errors
    ///
    /// EINVAL for a description of another size or with unknown flags, EAGAIN while too much is unread.
    pub(crate) fn new_user_file(&self, scheme: SchemeId, parameters: &[u8]) -> SysResult<Opened> {
        let Ok(bytes) = <&[u8; NEW_FD_SIZE]>::try_from(parameters) else { return fail(EINVAL) };
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        if self.is_too_much_unread() {
            return fail(EAGAIN);
        }
        let Some(internal) = NewFdFlags::from_bits(bytes[24]) else { return fail(EINVAL) };
        let object = Object::User { scheme, number: word(8) };
        let offset = internal.contains(NewFdFlags::POSITIONED).then(|| word(0));
        Ok(Opened { object, offset, flags: word(16) as usize })
    }

    /// Gives requests to the scheme's program, as many as fit, waiting for the first.
    ///
    /// # Errors
    ///
    /// EINVAL for a buffer smaller than one, ENODEV after the scheme's end, EAGAIN, EFAULT.
    pub(crate) fn read_socket(
        &mut self,
        scheme: SchemeId,
        UserBuffer { space, buffer }: UserBuffer,
        flags: usize,
    ) -> SysResult {
        let room = (buffer.size / SQE_SIZE).min(BATCH_MAX);
        let Some(found) = self.schemes.get(scheme) else { return fail(ENODEV) };
        if room == 0 {
            return fail(EINVAL);
        }
        let count = room.min(found.queue.len());
        if count == 0 {
            let wait = Halt::until(Wait::Requests(scheme));
            return if flags & O_NONBLOCK != 0 { fail(EAGAIN) } else { Err(wait) };
        }
        let size = count * SQE_SIZE;
        self.expect_writable(space, buffer.address, size)?;
        let requests = self.schemes.table[scheme].queue.drain(..count);
        let bytes: Vec<u8> =
            requests.flat_map(|sqe| <[u8; SQE_SIZE]>::try_from(&*sqe)).flatten().collect();
        self.write_user(space, buffer.address, &bytes)?;
        Ok(size)
    }

    /// Queues a request that the current thread is about to wait for, and hands this CPU over to a
    /// thread of the scheme if one waits.
    pub(crate) fn send_request(&mut self, scheme: SchemeId, sqe: Sqe) {
        self.schemes.table[scheme].queue.push_back(sqe);
        if let Some(reader) = self.pop_reader(scheme) {
            self.make_ready(reader, Urgency::Here);
            self.switch_to(reader);
        }
    }

    /// Queues a message that no thread waits for; a scheme that has ended does not get it.
    pub(crate) fn send_one_way(&mut self, scheme: SchemeId, opcode: Opcode, number: u64, tag: u32) {
        let Some(found) = self.schemes.table.get_mut(scheme) else { return };
        let sqe = Sqe {
            opcode: opcode as u8,
            sqe_flags: SqeFlags::ONEWAY,
            tag,
            args: [number, 0, 0, 0, 0, 0],
            ..Sqe::default()
        };
        found.queue.push_back(sqe);
        if let Some(reader) = self.pop_reader(scheme) {
            self.make_ready(reader, Urgency::Anywhere);
        }
    }

    /// Removes and returns the reader that can go on with least trouble: one that ran here last.
    fn pop_reader(&mut self, scheme: SchemeId) -> Option<ThreadId> {
        let (threads, here) = (&self.threads, self.here);
        let readers = &mut self.schemes.table[scheme].readers;
        let near = readers.iter().position(|&reader| threads[reader].last_cpu() == here);
        readers.remove(near.unwrap_or(0))
    }

    /// Notes a thread that waits for requests.
    pub(crate) fn join_readers(&mut self, scheme: SchemeId, thread: ThreadId) {
        self.schemes.table[scheme].readers.push_back(thread);
    }

    /// Forgets a thread that waits no more.
    pub(crate) fn leave_readers(&mut self, scheme: SchemeId, thread: ThreadId) {
        if let Some(found) = self.schemes.table.get_mut(scheme) {
            found.readers.retain(|&reader| reader != thread);
        }
    }

    /// Tells a scheme that a file of its own was closed for the last time.
    pub(crate) fn close_user_file(&mut self, scheme: SchemeId, number: u64) {
        self.forget_watched(scheme, number);
        self.send_one_way(scheme, Opcode::CloseMsg, number, 0);
    }

    /// Ends the schemes that an address space has made.
    pub(crate) fn close_schemes_of(&mut self, space: SpaceId) {
        for scheme in self.schemes.ids() {
            if self.schemes.get(scheme).is_some_and(|found| found.space == space) {
                self.close_socket(scheme);
            }
        }
    }

    /// Ends a scheme: all its callers get ENODEV, and who watches a file of it is told.
    pub(crate) fn close_socket(&mut self, scheme: SchemeId) {
        let Some(mut ended) = self.schemes.table.remove(scheme) else { return };
        for reader in ended.readers.drain(..) {
            self.make_ready(reader, Urgency::Anywhere);
        }
        for request in ended.requests.ids() {
            if let Some(request) = ended.requests.remove(request) {
                self.finish_request(request, Err(Errno(ENODEV)));
            }
        }
        self.tell_of_end(scheme);
    }
}
