//! Answers: what a scheme's program writes to its socket.
//!
//! Each answer (CQE, 16 bytes) names a request by its tag. First everything lent for the request is
//! taken back; the caller continues when the shootdown for that is done. An answer that names no
//! request is an error for the program that wrote it and affects no other program.

use syscall::error::{EBADFD, EINVAL, EIO, ENODEV, ENOENT, EOPNOTSUPP, EOVERFLOW};
use syscall::flag::EventFlags;
use syscall::schemev2::{CqeOpcode, NewFdFlags};

use super::SchemeId;
use super::request::{Request, Then, Transfer};
use crate::errno::{Errno, Halt, SysResult, decode, fail};
use crate::files::{Description, Object, Opened};
use crate::kernel::Kernel;
use crate::limits::BATCH_MAX;
use crate::slab::Id;
use crate::space::shootdown::After;
use crate::space::user::UserBuffer;
use crate::swap;
use crate::thread::{Resume, ThreadId};

/// Bytes of an answer: opcode (1), extra (3), tag (4), result (8).
const CQE_SIZE: usize = 16;

/// An answer as it was written.
#[derive(Clone, Copy)]
struct Answer {
    opcode: CqeOpcode,
    extra: u8,
    tag: u32,
    result: u64,
}

/// What the caller of a request gets.
enum Outcome {
    Result(Result<usize, Errno>),
    /// Its system call is executed again, to do the rest.
    Again,
}

impl Answer {
    fn parse(bytes: &[u8; CQE_SIZE]) -> Result<Self, Errno> {
        let number = u128::from_le_bytes(*bytes);
        let opcode = CqeOpcode::try_from_raw(bytes[0] & 0b111).ok_or(Errno(EINVAL))?;
        let (tag, result) = ((number >> 32) as u32, (number >> 64) as u64);
        Ok(Self { opcode, extra: bytes[1], tag, result })
    }
}

impl Kernel {
    /// Takes answers; returns how many bytes of them were good.
    ///
    /// # Errors
    ///
    /// Of the first answer: EINVAL, EBADFD if it names no request, ENOENT, EBADF. ENODEV, EFAULT.
    pub(crate) fn write_socket(
        &mut self,
        scheme: SchemeId,
        UserBuffer { space, buffer }: UserBuffer,
    ) -> SysResult {
        if self.schemes.get(scheme).is_none() {
            return fail(ENODEV);
        }
        let size = (buffer.size / CQE_SIZE).min(BATCH_MAX) * CQE_SIZE;
        let mut bytes = alloc::vec![0; size];
        self.read_user(space, buffer.address, &mut bytes)?;
        let (answers, _) = bytes.as_chunks::<CQE_SIZE>();
        let mut taken = 0;
        for answer in answers {
            match Answer::parse(answer).and_then(|answer| self.take_answer(scheme, answer)) {
                Ok(()) => taken += CQE_SIZE,
                Err(_) if taken > 0 => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(taken)
    }

    fn take_answer(&mut self, scheme: SchemeId, answer: Answer) -> Result<(), Errno> {
        match answer.opcode {
            CqeOpcode::RespondRegular | CqeOpcode::RespondAndNotifyOnDetach => {
                let request = self.take_request(scheme, answer.tag)?;
                self.finish_regular(request, decode(answer.result), answer.extra);
                Ok(())
            }
            CqeOpcode::RespondWithFd => {
                self.find_request(scheme, answer.tag)?;
                let thread = self.current();
                let moved = self.take_descriptor(thread, answer.result as usize)?;
                let request = self.take_request(scheme, answer.tag)?;
                self.finish_with_description(request, moved);
                Ok(())
            }
            CqeOpcode::ObtainFd => self.obtain(scheme, answer.tag, answer.result as usize),
            CqeOpcode::SendFevent => {
                // The tag has the flags.
                let flags = EventFlags::from_bits_truncate(answer.tag as usize);
                self.tell_events(scheme, answer.result, flags);
                Ok(())
            }
            // Only receiving descriptors has several.
            CqeOpcode::RespondWithMultipleFds => Err(Errno(EOPNOTSUPP)),
        }
    }

    fn find_request(&self, scheme: SchemeId, tag: u32) -> Result<Id<Request>, Errno> {
        let found = self.schemes.get(scheme).ok_or(Errno(ENODEV))?;
        found.requests.find_tag(tag).ok_or(Errno(EBADFD))
    }

    fn take_request(&mut self, scheme: SchemeId, tag: u32) -> Result<Request, Errno> {
        let request = self.find_request(scheme, tag)?;
        Ok(self.schemes.table[scheme].requests.remove(request).expect("it was just found"))
    }

    /// Moves the next description that a request passes to the current thread, as `descriptor`.
    pub(crate) fn obtain(
        &mut self,
        scheme: SchemeId,
        tag: u32,
        descriptor: usize,
    ) -> Result<(), Errno> {
        let request = self.find_request(scheme, tag)?;
        let thread = self.current();
        self.table_of(thread).expect_free(descriptor)?;
        let passed = &mut self.schemes.table[scheme].requests[request].passed;
        if passed.is_empty() {
            return Err(Errno(ENOENT));
        }
        let description = passed.remove(0);
        let installed = self.install(thread, descriptor, description);
        installed.expect("the descriptor was free");
        Ok(())
    }

    fn finish_regular(&mut self, request: Request, result: Result<usize, Errno>, extra: u8) {
        if let Then::Open { scheme, flags, .. } = request.then
            && let Ok(number) = result
        {
            let is_positioned =
                NewFdFlags::from_bits_truncate(extra).contains(NewFdFlags::POSITIONED);
            let object = Object::User { scheme, number: number as u64 };
            match self.describe(Opened { object, offset: is_positioned.then_some(0), flags }) {
                Ok(description) => self.finish_with_description(request, description),
                Err(errno) => self.finish_request(request, Err(errno)),
            }
        } else {
            self.finish_request(request, result);
        }
    }

    /// Answers a request to open something with what was opened.
    fn finish_with_description(&mut self, request: Request, description: Id<Description>) {
        let result = match (request.then, request.caller) {
            (Then::Open { descriptor, replace, .. }, Some(caller)) => {
                let installed = if replace {
                    self.replace(caller, descriptor, description)
                } else {
                    self.install(caller, descriptor, description)
                };
                match installed {
                    Ok(descriptor) => Ok(descriptor),
                    Err(Halt::Fail(errno)) => Err(errno),
                    Err(_) => Err(Errno(EIO)),
                }
            }
            _ => {
                self.release(description);
                Err(Errno(EIO))
            }
        };
        self.finish_request(request, result);
    }

    /// Takes back what was lent for a request that was just removed, and lets its caller go on.
    pub(crate) fn finish_request(&mut self, request: Request, result: Result<usize, Errno>) {
        let Request { caller, lent, passed, then } = request;
        let must_wait = lent.is_some();
        if let Some(lent) = lent {
            self.take_back(lent, result.is_ok());
        }
        for description in passed {
            self.release(description);
        }
        let outcome = self.apply(caller, then, result);
        let Some(caller) = caller else { return };
        self.await_shootdown(caller);
        let result = match outcome {
            Outcome::Result(result) => Some(result),
            Outcome::Again => None,
        };
        if must_wait {
            self.afterwards(match result {
                Some(result) => After::Complete(caller, result),
                None => After::Restart(caller),
            });
        } else {
            self.complete_after(caller, result);
        }
    }

    fn apply(
        &mut self,
        caller: Option<ThreadId>,
        then: Then,
        result: Result<usize, Errno>,
    ) -> Outcome {
        match then {
            Then::Value | Then::Open { .. } => Outcome::Result(result),
            Then::Instead(value) => Outcome::Result(result.map(|_| value)),
            Then::Transfer(transfer) => self.apply_transfer(caller, transfer, result),
            Then::SeekEnd { description, delta } => {
                let moved = result.and_then(|size| self.seek_from(description, size as u64, delta));
                self.release(description);
                Outcome::Result(moved)
            }
            Then::Watch(asked) => Outcome::Result(self.watch_answered(asked, result)),
            Then::Swap(token) => {
                swap::answered(self, token, result);
                Outcome::Result(result)
            }
        }
    }

    fn apply_transfer(
        &mut self,
        caller: Option<ThreadId>,
        transfer: Transfer,
        result: Result<usize, Errno>,
    ) -> Outcome {
        let Transfer { description, moves_offset, done, asked, has_more } = transfer;
        let total = match result {
            Ok(count) if count > asked => Err(Errno(EIO)),
            Ok(count) => Ok(done + count),
            // What was moved before the error counts; the next call meets the error again.
            Err(_) if done > 0 => Ok(done),
            Err(errno) => Err(errno),
        };
        let is_whole = result == Ok(asked);
        if let Ok(total) = total
            && is_whole
            && has_more
            && let Some(caller) = caller
        {
            self.set_resume(caller, Resume::Transferred(total));
            self.release(description);
            return Outcome::Again;
        }
        if let Ok(total) = total
            && moves_offset
        {
            self.move_offset(description, total);
        }
        self.release(description);
        Outcome::Result(total)
    }

    /// Moves the offset of a description to `delta` bytes from `origin`.
    ///
    /// # Errors
    ///
    /// EOVERFLOW, and EINVAL before the beginning.
    pub(crate) fn seek_from(
        &mut self,
        description: Id<Description>,
        origin: u64,
        delta: i64,
    ) -> Result<usize, Errno> {
        let origin = i64::try_from(origin).map_err(|_| Errno(EOVERFLOW))?;
        let offset = origin.checked_add(delta).ok_or(Errno(EOVERFLOW))?;
        let offset = u64::try_from(offset).map_err(|_| Errno(EINVAL))?;
        self.set_offset(description, offset);
        Ok(offset as usize)
    }

    /// Releases what a request's future holds.
    pub(crate) fn drop_then(&mut self, then: Then) {
        match then {
            Then::Transfer(Transfer { description, .. }) | Then::SeekEnd { description, .. } => {
                self.release(description);
            }
            Then::Value | Then::Instead(_) | Then::Open { .. } | Then::Watch(_) | Then::Swap(_) => {
            }
        }
    }
}
