//! System calls: decodes the registers and passes each call on to its file.
//!
//! Numbers, flags and records are Redox's (crate `redox_syscall`). A handler reads all its arguments
//! before it changes anything, because it may have to wait and be executed again; see
//! [`crate::space::user`].

pub(crate) mod call;
mod file;
pub(crate) mod interrupt;
mod memory;
mod time;
mod transfer;

use alloc::vec::Vec;

use syscall::error::{EACCES, EINTR, EINVAL, ENAMETOOLONG, ENOSYS};
use syscall::number as sys;

use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::limits::PATH_MAX;
use crate::space::SpaceId;
use crate::space::grants::Span;
pub(crate) use crate::space::user::Buffer;
use crate::thread::ThreadId;
use transfer::Position;

/// Who makes a system call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) thread: ThreadId,
    pub(crate) space: SpaceId,
}

/// Two descriptors of a call that opens.
#[derive(Clone, Copy)]
struct Opening {
    /// What is asked to open.
    from: usize,
    /// What the new description is to be called.
    to: usize,
}

/// How a call moves an offset.
#[derive(Clone, Copy)]
struct Move {
    delta: i64,
    /// `SEEK_*`: from where.
    whence: usize,
}

/// What `SYS_CALL` says beside its descriptor.
#[derive(Clone, Copy)]
struct Calling {
    payload: Buffer,
    /// `CallFlags`, and how many words of metadata there are.
    flags: usize,
    /// Where these are.
    metadata: u64,
}

/// What a futex call says beside its operation.
#[derive(Clone, Copy)]
struct FutexCall {
    /// The word.
    address: u64,
    /// What a wait expects there, or how many a wake wakes.
    value: u64,
    /// Address of the time at which a wait ends, 0 for never.
    timeout: u64,
    /// The word once more if it is a lock that another thread of the caller's program holds.
    lock: u64,
}

/// A system call as the registers have it.
#[derive(Clone, Copy)]
struct Arguments {
    number: usize,
    /// rdi, rsi, rdx, r10, r8, r9.
    words: [u64; 6],
}

impl Arguments {
    fn word(&self, index: usize) -> usize {
        self.words[index] as usize
    }

    /// Returns the buffer that two words name.
    ///
    /// # Errors
    ///
    /// EFAULT if it is not wholly in user space.
    fn buffer(&self, index: usize) -> SysResult<Buffer> {
        Buffer::new(self.words[index], self.word(index + 1))
    }
}

impl Kernel {
    /// Expects the caller to be of the root user.
    ///
    /// # Errors
    ///
    /// EACCES if its uid is not 0.
    pub(crate) fn expect_root_user(&self, caller: Caller) -> SysResult<()> {
        if self.threads[caller.thread].identity().uid == 0 { Ok(()) } else { fail(EACCES) }
    }

    /// Executes the system call that the registers of the current thread hold.
    pub(crate) fn execute(&mut self, thread: ThreadId) {
        let regs = self.threads[thread].regs().get();
        let words = [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9];
        let arguments = Arguments { number: regs.rax as usize, words };
        let space = self.threads[thread].space().expect("a thread that runs has an address space");
        let result = self.dispatch(Caller { thread, space }, arguments);
        self.finish_syscall(thread, result);
    }

    fn dispatch(&mut self, caller: Caller, arguments: Arguments) -> SysResult {
        if self.is_interrupted(caller.thread, arguments.number, arguments.words) {
            return fail(EINTR);
        }
        let [a, b, c, d, e, f] = arguments.words;
        let first = arguments.word(0);
        match arguments.number {
            sys::SYS_READ | sys::SYS_WRITE | sys::SYS_READ2 | sys::SYS_WRITE2 => {
                self.transfer_by_number(caller, arguments)
            }
            sys::SYS_OPENAT_INTO => {
                let path = self.read_path(caller.space, arguments.buffer(1)?)?;
                self.sys_open(
                    caller,
                    Opening { from: first, to: f as usize },
                    &path,
                    (d | e) as usize,
                )
            }
            sys::SYS_DUP_INTO => {
                let word = self.read_path(caller.space, arguments.buffer(1)?)?;
                self.sys_dup(caller, Opening { from: first, to: d as usize }, &word, false)
            }
            sys::SYS_DUP2 => {
                let word = self.read_path(caller.space, arguments.buffer(2)?)?;
                self.sys_dup(caller, Opening { from: first, to: b as usize }, &word, true)
            }
            sys::SYS_CLOSE => self.sys_close(caller, first),
            sys::SYS_LSEEK => {
                self.sys_seek(caller, first, Move { delta: b as i64, whence: c as usize })
            }
            sys::SYS_FCNTL => self.sys_fcntl(caller, first, b as usize, c as usize),
            sys::SYS_FSYNC => self.sys_sync(caller, first),
            sys::SYS_FSTAT => self.sys_stat(caller, first, arguments.buffer(1)?),
            sys::SYS_FPATH => self.sys_path(caller, first, arguments.buffer(1)?),
            sys::SYS_CALL => {
                let payload = arguments.buffer(1)?;
                self.sys_call(caller, first, Calling { payload, flags: d as usize, metadata: e })
            }
            sys::SYS_FMAP => self.sys_map(caller, first, arguments.buffer(1)?),
            sys::SYS_FUNMAP => self.sys_unmap(caller, a, b),
            sys::SYS_MPROTECT => self.sys_protect(caller, Span::of_bytes(a, b), c as usize),
            sys::SYS_YIELD => self.sys_yield(caller),
            sys::SYS_NANOSLEEP => self.sys_sleep(caller, a),
            sys::SYS_CLOCK_GETTIME => self.write_time(caller.space, first, b),
            sys::SYS_FUTEX => {
                let call = FutexCall { address: a, value: c, timeout: d, lock: e };
                self.sys_futex(caller, b as usize, call)
            }
            _ => fail(ENOSYS),
        }
    }

    fn transfer_by_number(&mut self, caller: Caller, arguments: Arguments) -> SysResult {
        let descriptor = arguments.word(0);
        let buffer = arguments.buffer(1)?;
        let at = || -> SysResult<Position> {
            let flags = match arguments.word(4) {
                usize::MAX => None,
                flags if u32::try_from(flags).is_ok() => Some(flags),
                _ => return fail(EINVAL),
            };
            Ok(Position::At(arguments.words[3], flags))
        };
        match arguments.number {
            sys::SYS_READ => self.sys_read(caller, descriptor, buffer, Position::Own),
            sys::SYS_WRITE => self.sys_write(caller, descriptor, buffer, Position::Own),
            sys::SYS_READ2 => self.sys_read(caller, descriptor, buffer, at()?),
            _ => self.sys_write(caller, descriptor, buffer, at()?),
        }
    }

    /// Returns the bytes of a path, or of the word of a dup.
    ///
    /// # Errors
    ///
    /// ENAMETOOLONG, EFAULT.
    fn read_path(&mut self, space: SpaceId, buffer: Buffer) -> SysResult<Vec<u8>> {
        if buffer.size > PATH_MAX {
            return fail(ENAMETOOLONG);
        }
        let mut bytes = alloc::vec![0; buffer.size];
        self.read_user(space, buffer.address, &mut bytes)?;
        Ok(bytes)
    }
}
