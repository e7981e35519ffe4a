//! Opening, duplicating, closing and asking about files.

use syscall::error::{EBADF, EINVAL, EISDIR, ENOENT, EOPNOTSUPP, ESPIPE};
use syscall::flag::{
    F_DUPFD, F_GETFD, F_GETFL, F_SETFD, F_SETFL, MODE_CHR, MODE_FILE, O_ACCMODE, SEEK_CUR,
    SEEK_END, SEEK_SET,
};
use syscall::schemev2::Opcode;
use syscall::{Stat, flag::MODE_DIR};

use super::{Buffer, Caller, Move, Opening};
use crate::cpus;
use crate::errno::{SysResult, fail};
use crate::files::{Description, Object, Opened};
use crate::kernel::Kernel;
use crate::scheme::time;
use crate::scheme::user::SchemeId;
use crate::scheme::user::lend::{Direction, Loan};
use crate::scheme::user::request::{Enclosed, Question, Then};
use crate::slab::Id;
use crate::space::user::UserBuffer;
use crate::swap;

impl Kernel {
    /// Opens `path` relative to a descriptor, as another.
    pub(super) fn sys_open(
        &mut self,
        caller: Caller,
        Opening { from: directory, to: descriptor }: Opening,
        path: &[u8],
        flags: usize,
    ) -> SysResult {
        let directory = self.description(caller.thread, directory)?;
        self.table_of(caller.thread).expect_free(descriptor)?;
        let Ok(path) = core::str::from_utf8(path) else { return fail(EINVAL) };
        let object = match *self.descriptions[directory].object() {
            Object::User { scheme, number } => {
                let Loan { address, lent } = self.lend_bytes(scheme, path.as_bytes())?;
                let args = [number, address, path.len() as u64, flags as u64, 0, 0];
                let then = Then::Open { scheme, descriptor, flags, replace: false };
                let question = Question { opcode: Opcode::OpenAt, args, then };
                return self.ask(scheme, question, Enclosed::memory(lent));
            }
            Object::Console if path.is_empty() => Object::Console,
            Object::Memory if path.is_empty() => Object::Memory,
            Object::TimeRoot => time::open(path)?,
            Object::EventRoot if path.is_empty() => self.open_event_queue()?,
            Object::PipeRoot if path.is_empty() => self.open_pipe()?,
            Object::SysRoot => {
                let object = self.open_sys(caller, path)?;
                let opened = Opened { object, offset: Some(0), flags };
                return self.open_as(caller.thread, descriptor, opened);
            }
            Object::Swap(_) => {
                let opened = swap::scheme_open(self, caller, directory, path, flags)?;
                return self.open_as(caller.thread, descriptor, opened);
            }
            Object::Cpus(_) => {
                let opened = cpus::scheme_open(self, caller, directory, path, flags)?;
                return self.open_as(caller.thread, descriptor, opened);
            }
            _ => return fail(ENOENT),
        };
        self.open_as(caller.thread, descriptor, Opened::without_offset(object, flags))
    }

    /// Makes another descriptor: of the same description, or of what the scheme makes of `word`.
    pub(super) fn sys_dup(
        &mut self,
        caller: Caller,
        Opening { from, to }: Opening,
        word: &[u8],
        replace: bool,
    ) -> SysResult {
        let description = self.description(caller.thread, from)?;
        if replace && from == to && word.is_empty() {
            return Ok(to);
        }
        if !replace {
            self.table_of(caller.thread).expect_free(to)?;
        }
        let made = if word.is_empty() {
            self.retain(description);
            description
        } else if let Object::User { scheme, number } = *self.descriptions[description].object() {
            let flags = self.descriptions[description].flags();
            let Loan { address, lent } = self.lend_bytes(scheme, word)?;
            let args = [number, address, word.len() as u64, 0, 0, 0];
            let then = Then::Open { scheme, descriptor: to, flags, replace };
            let question = Question { opcode: Opcode::Dup, args, then };
            return self.ask(scheme, question, Enclosed::memory(lent));
        } else {
            self.dup_kernel(caller, description, word)?
        };
        if replace {
            self.replace(caller.thread, to, made)
        } else {
            self.install(caller.thread, to, made)
        }
    }

    /// Returns what a kernel scheme makes of a word, as a new description.
    fn dup_kernel(
        &mut self,
        caller: Caller,
        description: Id<Description>,
        word: &[u8],
    ) -> SysResult<Id<Description>> {
        let found = &self.descriptions[description];
        let flags = found.flags();
        let object = match *found.object() {
            Object::Pipe(pipe, crate::scheme::pipe::End::Read) => self.dup_pipe(pipe, word)?,
            Object::Proc(file) => self.dup_proc(caller.thread, file, word)?,
            Object::SchemeCreation => self.create_scheme(caller.thread, word)?,
            Object::Socket(scheme) => {
                let opened = self.new_user_file(scheme, word)?;
                return Ok(self.describe(opened)?);
            }
            _ => return fail(EINVAL),
        };
        Ok(self.describe(Opened::without_offset(object, flags))?)
    }

    pub(super) fn sys_close(&mut self, caller: Caller, descriptor: usize) -> SysResult {
        let description = self.take_descriptor(caller.thread, descriptor)?;
        self.release(description);
        Ok(0)
    }

    pub(super) fn sys_seek(
        &mut self,
        caller: Caller,
        descriptor: usize,
        Move { delta, whence }: Move,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        let found = &self.descriptions[description];
        let origin = match whence {
            SEEK_SET => 0,
            SEEK_CUR => found.offset(),
            SEEK_END => match found.object() {
                Object::SysText(text) => text.size(),
                &Object::User { scheme, number } => {
                    self.retain(description);
                    let then = Then::SeekEnd { description, delta };
                    let args = [number, 0, 0, 0, 0, 0];
                    let question = Question { opcode: Opcode::Fsize, args, then };
                    return self.ask(scheme, question, Enclosed::nothing());
                }
                _ => return fail(ESPIPE),
            },
            _ => return fail(EINVAL),
        };
        Ok(self.seek_from(description, origin, delta)?)
    }

    /// Changes or tells flags; the scheme is not asked, unlike on Redox.
    pub(super) fn sys_fcntl(
        &mut self,
        caller: Caller,
        descriptor: usize,
        command: usize,
        argument: usize,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        match command {
            F_DUPFD => {
                self.retain(description);
                self.install(caller.thread, argument, description)
            }
            F_GETFD | F_SETFD => Ok(0),
            F_GETFL => Ok(self.descriptions[description].flags()),
            F_SETFL => {
                let access = self.descriptions[description].flags() & O_ACCMODE;
                self.set_flags(description, access | argument & !O_ACCMODE);
                Ok(0)
            }
            _ => fail(EINVAL),
        }
    }

    pub(super) fn sys_sync(&mut self, caller: Caller, descriptor: usize) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        match *self.descriptions[description].object() {
            Object::User { scheme, number } => {
                let args = [number, 0, 0, 0, 0, 0];
                let question = Question { opcode: Opcode::Fsync, args, then: Then::Value };
                self.ask(scheme, question, Enclosed::nothing())
            }
            _ => Ok(0),
        }
    }

    pub(super) fn sys_stat(
        &mut self,
        caller: Caller,
        descriptor: usize,
        buffer: Buffer,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        if buffer.size < size_of::<Stat>() {
            return fail(EINVAL);
        }
        let memory = UserBuffer { space: caller.space, buffer };
        match *self.descriptions[description].object() {
            Object::User { scheme, number } => {
                self.ask_to_fill(scheme, number, Opcode::Fstat, memory)
            }
            _ => {
                let stat = self.stat_of(description);
                self.write_user(caller.space, buffer.address, &stat)?;
                Ok(0)
            }
        }
    }

    /// Returns the attributes of a file of the kernel: its kind and size.
    pub(super) fn stat_of(&self, description: Id<Description>) -> Stat {
        let (st_mode, st_size) = match self.descriptions[description].object() {
            Object::SysText(text) => (MODE_FILE | 0o444, text.size()),
            Object::TimeRoot
            | Object::EventRoot
            | Object::PipeRoot
            | Object::SysRoot
            | Object::Proc(_) => (MODE_DIR | 0o555, 0),
            _ => (MODE_CHR | 0o666, 0),
        };
        Stat { st_mode, st_size, ..Stat::default() }
    }

    pub(super) fn sys_path(
        &mut self,
        caller: Caller,
        descriptor: usize,
        buffer: Buffer,
    ) -> SysResult {
        let description = self.description(caller.thread, descriptor)?;
        let memory = UserBuffer { space: caller.space, buffer };
        match *self.descriptions[description].object() {
            Object::User { scheme, number } => {
                self.ask_to_fill(scheme, number, Opcode::Fpath, memory)
            }
            Object::SysRoot | Object::PipeRoot | Object::TimeRoot => fail(EISDIR),
            Object::SchemeCreation => fail(EBADF),
            _ => fail(EOPNOTSUPP),
        }
    }

    /// Asks a scheme for something about its file `number` that fits into one page.
    fn ask_to_fill(
        &mut self,
        scheme: SchemeId,
        number: u64,
        opcode: Opcode,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        let buffer = buffer.first(zram_abi::PAGE_SIZE);
        let loan = self.lend(scheme, space, buffer, Direction::FromScheme)?;
        let args = [number, loan.address, buffer.size as u64, 0, 0, 0];
        let question = Question { opcode, args, then: Then::Value };
        self.ask(scheme, question, Enclosed::memory(loan.lent))
    }
}
