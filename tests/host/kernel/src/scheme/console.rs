//! `debug`: the console on the serial line.
//!
//! Output goes out as it is. Input is collected by the tick of the first CPU; a read gives what
//! there is and waits when there is nothing. Echo and lines are the shell's business.

use alloc::collections::VecDeque;

use syscall::error::EAGAIN;
use syscall::flag::O_NONBLOCK;

use crate::calls::Buffer;
use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::limits::{CONSOLE_INPUT_MAX, CONSOLE_WRITE_MAX};
use crate::machine::serial;
use crate::space::SpaceId;
use crate::thread::wake::Urgency;
use crate::thread::{ThreadId, Wait};

/// Input that has not been read yet, and the threads that wait for input.
#[derive(Default)]
pub(crate) struct Console {
    input: VecDeque<u8>,
    waiters: VecDeque<ThreadId>,
}

impl Console {
    /// Notes a thread that waits for input.
    pub(crate) fn join(&mut self, thread: ThreadId) {
        self.waiters.push_back(thread);
    }

    /// Forgets a thread that waits no more.
    pub(crate) fn leave(&mut self, thread: ThreadId) {
        self.waiters.retain(|&waiter| waiter != thread);
    }
}

impl Kernel {
    /// Writes to the console; long texts in part.
    pub(crate) fn write_console(&mut self, space: SpaceId, buffer: Buffer) -> SysResult {
        let size = buffer.size.min(CONSOLE_WRITE_MAX);
        let mut bytes = alloc::vec![0; size];
        self.read_user(space, buffer.address, &mut bytes)?;
        serial::write(&bytes);
        Ok(size)
    }

    /// Reads input, waiting for some.
    pub(crate) fn read_console(
        &mut self,
        space: SpaceId,
        buffer: Buffer,
        flags: usize,
    ) -> SysResult {
        let size = buffer.size.min(self.console.input.len());
        if size == 0 && buffer.size > 0 {
            let wait = Halt::until(Wait::Console);
            return if flags & O_NONBLOCK != 0 { fail(EAGAIN) } else { Err(wait) };
        }
        self.expect_writable(space, buffer.address, size)?;
        let bytes: alloc::vec::Vec<u8> = self.console.input.drain(..size).collect();
        self.write_user(space, buffer.address, &bytes)?;
        Ok(size)
    }

    /// Tells who watches the console of input that was there before.
    pub(crate) fn tell_of_old_input(&mut self) {
        if !self.console.input.is_empty() {
            self.tell_of_input();
        }
    }

    /// Collects what has arrived; what does not fit stays in the line's own buffer, whose other end
    /// waits: a long text that is pasted arrives whole.
    pub(crate) fn poll_console(&mut self) {
        let before = self.console.input.len();
        while self.console.input.len() < CONSOLE_INPUT_MAX
            && let Some(byte) = serial::read_byte()
        {
            self.console.input.push_back(byte);
        }
        let has_more = self.console.input.len() > before;
        if self.console.input.is_empty() {
            return;
        }
        if has_more {
            self.tell_of_input();
        }
        if let Some(thread) = self.console.waiters.pop_front() {
            self.make_ready(thread, Urgency::Anywhere);
        }
    }
}
