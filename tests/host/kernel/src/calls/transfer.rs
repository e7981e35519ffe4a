//! Reads and writes.
//!
//! Files of the kernel transfer at once or wait. A transfer of a user scheme's file becomes one
//! request after the other, each of at most as many pages as may be lent at a time; between
//! requests the caller executes its system call again, and `Resume` tells the call how far it came.

use syscall::error::{EBADF, EOVERFLOW};
use syscall::schemev2::Opcode;

use super::{Buffer, Caller};
use crate::cpus;
use crate::errno::{Halt, SysResult, fail};
use crate::files::{Description, Object};
use crate::kernel::Kernel;
use crate::scheme::pipe::End;
use crate::scheme::user::lend::{Direction, Loan};
use crate::scheme::user::request::{Enclosed, Question, Then, Transfer};
use crate::slab::Id;
use crate::space::user::UserBuffer;
use crate::swap;
use crate::thread::Resume;

/// Where a transfer begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// At the description's own offset, which moves.
    Own,
    /// At this offset, with these flags instead of the description's if there are some.
    At(u64, Option<usize>),
}

/// What is to be moved.
#[derive(Clone, Copy)]
struct Wanted {
    /// Read or write.
    opcode: Opcode,
    buffer: Buffer,
    position: Position,
}

/// What a scheme is told for the offset of a file without one, as on Redox.
const NO_OFFSET: u64 = u64::MAX;

impl Kernel {
    pub(super) fn sys_read(
        &mut self,
        caller: Caller,
        descriptor: usize,
        buffer: Buffer,
        position: Position,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        let space = caller.space;
        let memory = UserBuffer { space, buffer };
        let found = &self.descriptions[description];
        let flags = found.flags();
        match *found.object() {
            Object::User { .. } => self.transfer_user(
                caller,
                description,
                Wanted { opcode: Opcode::Read, buffer, position },
            ),
            Object::Console => self.read_console(space, buffer, flags),
            Object::Clock(id) => self.read_clock(space, id, buffer),
            Object::Pipe(pipe, End::Read) => self.read_pipe(pipe, memory, flags),
            Object::Events(queue) => self.read_events(queue, memory, flags),
            Object::SysText(_) => self.read_text(caller, description, buffer, position),
            Object::Proc(file) => self.read_proc(file, memory),
            Object::Socket(scheme) => self.read_socket(scheme, memory, flags),
            Object::Swap(_) => {
                // Those of its files that have none do not look at it.
                let offset = self.offset_of(description, position).unwrap_or(0);
                let result = swap::scheme_read(self, caller, description, buffer, offset);
                self.advance(description, position, result)
            }
            Object::Cpus(_) => {
                // Those of its files that have none do not look at it.
                let offset = self.offset_of(description, position).unwrap_or(0);
                let result = cpus::scheme_read(self, caller, description, buffer, offset);
                self.advance(description, position, result)
            }
            Object::Memory
            | Object::TimeRoot
            | Object::EventRoot
            | Object::PipeRoot
            | Object::Pipe(_, End::Write)
            | Object::SysRoot
            | Object::PowerSwitch
            | Object::SchemeCreation => fail(EBADF),
        }
    }

    pub(super) fn sys_write(
        &mut self,
        caller: Caller,
        descriptor: usize,
        buffer: Buffer,
        position: Position,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        let space = caller.space;
        let memory = UserBuffer { space, buffer };
        let found = &self.descriptions[description];
        let flags = found.flags();
        match *found.object() {
            Object::User { .. } => self.transfer_user(
                caller,
                description,
                Wanted { opcode: Opcode::Write, buffer, position },
            ),
            Object::Console => self.write_console(space, buffer),
            Object::Pipe(pipe, End::Write) => self.write_pipe(pipe, memory, flags),
            Object::Events(queue) => self.write_events(caller, queue, buffer),
            Object::PowerSwitch => self.write_power_switch(space, buffer),
            Object::Proc(file) => self.write_proc(caller.thread, description, file, memory),
            Object::Socket(scheme) => self.write_socket(scheme, memory),
            Object::Swap(_) => {
                let result = swap::scheme_write(self, caller, description, buffer);
                self.advance(description, position, result)
            }
            Object::Cpus(_) => {
                let result = cpus::scheme_write(self, caller, description, buffer);
                self.advance(description, position, result)
            }
            Object::Memory
            | Object::Clock(_)
            | Object::TimeRoot
            | Object::EventRoot
            | Object::PipeRoot
            | Object::Pipe(_, End::Read)
            | Object::SysRoot
            | Object::SysText(_)
            | Object::SchemeCreation => fail(EBADF),
        }
    }

    /// Returns where a transfer begins, or nothing in a file without offsets.
    fn offset_of(&self, description: Id<Description>, position: Position) -> Option<u64> {
        let found = &self.descriptions[description];
        match position {
            Position::At(offset, _) => Some(offset),
            Position::Own => found.is_positioned().then_some(found.offset()),
        }
    }

    /// Moves the offset of a description by what a transfer moved.
    fn advance(
        &mut self,
        description: Id<Description>,
        position: Position,
        result: SysResult,
    ) -> SysResult {
        if let (&Ok(count), Position::Own) = (&result, position) {
            self.move_offset(description, count);
        }
        result
    }

    fn read_text(
        &mut self,
        caller: Caller,
        description: Id<Description>,
        buffer: Buffer,
        position: Position,
    ) -> SysResult {
        let offset = self.offset_of(description, position);
        let offset = offset.expect("a text is opened with an offset");
        let Object::SysText(text) = self.descriptions[description].object() else {
            return fail(EBADF);
        };
        let bytes = text.piece(offset, buffer.size);
        self.write_user(caller.space, buffer.address, &bytes)?;
        self.advance(description, position, Ok(bytes.len()))
    }

    /// Asks a user scheme for the next piece of a read or write.
    fn transfer_user(
        &mut self,
        caller: Caller,
        description: Id<Description>,
        Wanted { opcode, buffer, position }: Wanted,
    ) -> SysResult {
        let found = &self.descriptions[description];
        let Object::User { scheme, number } = *found.object() else { return fail(EBADF) };
        let own_flags = found.flags();
        let offset = self.offset_of(description, position);
        let done = match self.threads[caller.thread].resume() {
            Resume::Fresh => 0,
            Resume::Transferred(done) => done.min(buffer.size),
        };
        let rest = buffer.behind(done);
        let at = match offset.map(|offset| offset.checked_add(done as u64)) {
            None => NO_OFFSET,
            Some(Some(at)) => at,
            Some(None) if done > 0 => return self.advance(description, position, Ok(done)),
            Some(None) => return fail(EOVERFLOW),
        };
        let asked = self.request_size(rest);
        let direction = match opcode {
            Opcode::Write => Direction::ToScheme,
            _ => Direction::FromScheme,
        };
        let piece = rest.first(asked);
        let Loan { address, lent } = match self.lend(scheme, caller.space, piece, direction) {
            // What was moved before counts; the next call meets the error again.
            Err(Halt::Fail(_)) if done > 0 => return self.advance(description, position, Ok(done)),
            lent => lent?,
        };
        let has_more = offset.is_some() && asked < rest.size;
        let flags = match position {
            Position::At(_, Some(flags)) => flags,
            Position::At(_, None) | Position::Own => own_flags,
        };
        self.retain(description);
        let moves_offset = matches!(position, Position::Own) && offset.is_some();
        let then = Then::Transfer(Transfer { description, moves_offset, done, asked, has_more });
        let args = [number, address, asked as u64, at, flags as u64, 0];
        self.ask(scheme, Question { opcode, args, then }, Enclosed::memory(lent))
    }
}
