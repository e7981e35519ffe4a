//! `pipe`: bytes from writers to readers.
//!
//! As on Redox: opening `""` at the root gives a reading end, and its dup `"write"`, once, a writing
//! end. A read of an empty pipe waits while there is a writing end, or none was made yet; afterwards
//! it gives 0 bytes. A write without a reader is EPIPE.

use alloc::collections::VecDeque;

use syscall::error::{EAGAIN, EBADF, EINVAL, EPIPE};
use syscall::flag::O_NONBLOCK;

use crate::errno::{Halt, SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::limits::{PIPE_SIZE, PIPES_MAX};
use crate::slab::{Id, Slab};
use crate::space::user::UserBuffer;
use crate::thread::wake::Urgency;
use crate::thread::{ThreadId, Wait};

/// A pipe.
#[derive(Default)]
pub(crate) struct Pipe {
    bytes: VecDeque<u8>,
    has_reader: bool,
    writer: Writer,
    /// Readers of an empty pipe or writers of a full one; never both.
    waiters: VecDeque<ThreadId>,
}

/// All pipes.
pub(crate) struct Pipes(Slab<Pipe>);

impl Pipes {
    /// Returns no pipes.
    pub(crate) const fn new() -> Self {
        Self(Slab::new(PIPES_MAX))
    }
}

/// Whether a pipe has a writing end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Writer {
    #[default]
    NotYet,
    Open,
    Closed,
}

/// Which end of a pipe is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Read,
    Write,
}

impl Kernel {
    /// Makes a pipe and returns its reading end.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many.
    pub(crate) fn open_pipe(&mut self) -> SysResult<Object> {
        let pipe = self.pipes.0.insert(Pipe { has_reader: true, ..Pipe::default() })?;
        Ok(Object::Pipe(pipe, End::Read))
    }

    /// Returns the writing end of a pipe, once.
    ///
    /// # Errors
    ///
    /// EINVAL for another word than "write", EBADF the second time.
    pub(crate) fn dup_pipe(&mut self, id: Id<Pipe>, word: &[u8]) -> SysResult<Object> {
        if word != b"write" {
            return fail(EINVAL);
        }
        let pipe = &mut self.pipes.0[id];
        if pipe.writer != Writer::NotYet {
            return fail(EBADF);
        }
        pipe.writer = Writer::Open;
        Ok(Object::Pipe(id, End::Write))
    }

    /// Reads what is in a pipe.
    ///
    /// # Errors
    ///
    /// EAGAIN for a reader that does not wait; else the wait. EFAULT.
    pub(crate) fn read_pipe(
        &mut self,
        id: Id<Pipe>,
        UserBuffer { space, buffer }: UserBuffer,
        flags: usize,
    ) -> SysResult {
        let pipe = &self.pipes.0[id];
        let size = buffer.size.min(pipe.bytes.len());
        if size == 0 {
            return if buffer.size == 0 || pipe.writer == Writer::Closed {
                Ok(0)
            } else {
                would_wait(id, flags)
            };
        }
        self.expect_writable(space, buffer.address, size)?;
        let bytes: alloc::vec::Vec<u8> = self.pipes.0[id].bytes.drain(..size).collect();
        self.wake_pipe(id);
        self.write_user(space, buffer.address, &bytes)?;
        Ok(size)
    }

    /// Writes as much as a pipe has room for.
    ///
    /// # Errors
    ///
    /// EPIPE without a reader, EAGAIN for a writer that does not wait; else the wait. EFAULT.
    pub(crate) fn write_pipe(
        &mut self,
        id: Id<Pipe>,
        UserBuffer { space, buffer }: UserBuffer,
        flags: usize,
    ) -> SysResult {
        let pipe = &self.pipes.0[id];
        if !pipe.has_reader {
            return fail(EPIPE);
        }
        let size = buffer.size.min(PIPE_SIZE - pipe.bytes.len());
        if size == 0 {
            return if buffer.size == 0 { Ok(0) } else { would_wait(id, flags) };
        }
        let mut bytes = alloc::vec![0; size];
        self.read_user(space, buffer.address, &mut bytes)?;
        self.pipes.0[id].bytes.extend(bytes);
        self.wake_pipe(id);
        Ok(size)
    }

    /// Closes an end; without both ends the pipe is gone.
    pub(crate) fn close_pipe(&mut self, id: Id<Pipe>, end: End) {
        let pipe = &mut self.pipes.0[id];
        match end {
            End::Read => pipe.has_reader = false,
            End::Write => pipe.writer = Writer::Closed,
        }
        let is_gone = !pipe.has_reader && pipe.writer != Writer::Open;
        self.wake_pipe(id);
        if is_gone {
            self.pipes.0.remove(id);
        }
    }

    /// Lets all threads that wait for this pipe look again.
    fn wake_pipe(&mut self, id: Id<Pipe>) {
        for thread in core::mem::take(&mut self.pipes.0[id].waiters) {
            self.make_ready(thread, Urgency::Anywhere);
        }
    }

    /// Notes a thread that waits.
    pub(crate) fn join_pipe(&mut self, id: Id<Pipe>, thread: ThreadId) {
        self.pipes.0[id].waiters.push_back(thread);
    }

    /// Forgets a thread that waits no more.
    pub(crate) fn leave_pipe(&mut self, id: Id<Pipe>, thread: ThreadId) {
        if let Some(pipe) = self.pipes.0.get_mut(id) {
            pipe.waiters.retain(|&waiter| waiter != thread);
        }
    }
}

fn would_wait(id: Id<Pipe>, flags: usize) -> SysResult {
    if flags & O_NONBLOCK != 0 { fail(EAGAIN) } else { Err(Halt::until(Wait::Pipe(id))) }
}
