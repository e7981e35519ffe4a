//! `SYS_CALL`: a payload and up to three words of metadata for a file, or descriptors for it.

use alloc::vec::Vec;

use syscall::error::{E2BIG, EBADFD, EBUSY, EFAULT, EINVAL, EOPNOTSUPP};
use syscall::flag::{CallFlags, SchemeSocketCall, StdFsCallKind};
use syscall::schemev2::Opcode;

use super::{Buffer, Caller, Calling};
use crate::errno::{SysResult, fail};
use crate::files::{Description, Object};
use crate::kernel::Kernel;
use crate::limits::REQUEST_PAGES_MAX;
use crate::machine::frames::FRAME_SIZE;
use crate::scheme::proc::ProcFile;
use crate::scheme::user::SchemeId;
use crate::scheme::user::lend::Direction;
use crate::scheme::user::request::{Enclosed, Question, Then};
use crate::slab::Id;
use crate::space::user::UserBuffer;
use crate::swap;

/// Low bits of the flags: how many words of metadata there are.
const COUNT_BITS: usize = 0xff;

/// Words of metadata that are passed on.
pub(crate) type Metadata = [u64; 3];

/// How a payload is meant.
#[derive(Clone, Copy)]
struct Manner {
    flags: CallFlags,
    words: Metadata,
}

impl Kernel {
    pub(super) fn sys_call(
        &mut self,
        caller: Caller,
        descriptor: usize,
        Calling { payload, flags, metadata }: Calling,
    ) -> SysResult {
        let count = flags & COUNT_BITS;
        let Some(flags) = CallFlags::from_bits(flags & !COUNT_BITS) else { return fail(EINVAL) };
        if flags.intersects(CallFlags::CONSUME | CallFlags::MULTIPLE_FDS2) {
            return fail(EOPNOTSUPP);
        }
        let mut words: Metadata = [0; 3];
        for (index, word) in words.iter_mut().enumerate().take(count) {
            let Some(at) = metadata.checked_add(8 * index as u64) else { return fail(EFAULT) };
            [*word] = self.read_words(caller.space, at)?;
        }
        let description = self.description(caller.thread, descriptor)?;
        if flags.contains(CallFlags::FD | CallFlags::WRITE) {
            self.pass_descriptors(caller, description, payload, Manner { flags, words })
        } else if flags.contains(CallFlags::FD | CallFlags::READ) {
            self.receive_descriptors(caller, description, payload, words)
        } else if flags.contains(CallFlags::STD_FS) {
            self.call_standard(caller, description, payload, words)
        } else {
            self.call_plainly(caller, description, payload, Manner { flags, words })
        }
    }

    fn call_plainly(
        &mut self,
        caller: Caller,
        description: Id<Description>,
        payload: Buffer,
        Manner { flags, words: [w0, w1, w2] }: Manner,
    ) -> SysResult {
        let memory = UserBuffer { space: caller.space, buffer: payload };
        match *self.descriptions[description].object() {
            Object::User { scheme, number } => {
                let only_write =
                    flags.contains(CallFlags::WRITE) && !flags.contains(CallFlags::READ);
                let direction = if only_write { Direction::ToScheme } else { Direction::Both };
                let args = [number, 0, 0, w0, w1, w2];
                let question = Question { opcode: Opcode::Call, args, then: Then::Value };
                self.call_user(scheme, question, memory, direction)
            }
            Object::Proc(ProcFile::TableOf(table) | ProcFile::NewTable(table)) => {
                self.call_table(table, memory, w0)
            }
            Object::Swap(_) => swap::scheme_call(self, caller, description, payload, [w0, w1, w2]),
            _ => fail(EOPNOTSUPP),
        }
    }

    fn call_standard(
        &mut self,
        caller: Caller,
        description: Id<Description>,
        payload: Buffer,
        [w0, w1, w2]: Metadata,
    ) -> SysResult {
        let kind = u8::try_from(w0).ok().and_then(StdFsCallKind::try_from_raw);
        let Some(kind) = kind else { return fail(EOPNOTSUPP) };
        match (self.descriptions[description].object(), kind) {
            (&Object::User { scheme, number }, _) => {
                let args = [number, 0, 0, u64::from(kind as u8), w1, w2];
                let question = Question { opcode: Opcode::StdFsCall, args, then: Then::Value };
                let memory = UserBuffer { space: caller.space, buffer: payload };
                self.call_user(scheme, question, memory, Direction::Both)
            }
            (Object::Memory, StdFsCallKind::Fstatvfs) => {
                self.write_memory_totals(caller.space, payload)
            }
            (_, StdFsCallKind::Fstat) => {
                let stat = self.stat_of(description);
                let size = payload.size.min(stat.len());
                self.write_user(caller.space, payload.address, &stat[..size])?;
                Ok(0)
            }
            _ => fail(EOPNOTSUPP),
        }
    }

    /// Asks a scheme with memory of the caller lent; `question` lacks where that lies.
    fn call_user(
        &mut self,
        scheme: SchemeId,
        mut question: Question,
        UserBuffer { space, buffer: payload }: UserBuffer,
        direction: Direction,
    ) -> SysResult {
        if payload.size > (REQUEST_PAGES_MAX - 1) * FRAME_SIZE {
            return fail(E2BIG);
        }
        let loan = self.lend(scheme, space, payload, direction)?;
        question.args[1] = loan.address;
        question.args[2] = payload.size as u64;
        self.ask(scheme, question, Enclosed::memory(loan.lent))
    }

    /// Passes descriptors to a file: they leave the caller's table unless it asks for clones.
    fn pass_descriptors(
        &mut self,
        caller: Caller,
        target: Id<Description>,
        payload: Buffer,
        Manner { flags, words }: Manner,
    ) -> SysResult {
        let descriptors = self.read_descriptors(caller.space, payload)?;
        if !self.takes_descriptors(target) || descriptors.is_empty() {
            return fail(EOPNOTSUPP);
        }
        let table = self.table_of(caller.thread);
        let mut passed = Vec::new();
        for &descriptor in &descriptors {
            passed.push(table.get(descriptor)?);
        }
        let must_be_sole = flags.contains(CallFlags::FD_EXCLUSIVE);
        if must_be_sole && passed.iter().any(|&description| !self.is_sole(description)) {
            return fail(EBUSY);
        }
        let clones = flags.contains(CallFlags::FD_CLONE);
        for (&descriptor, &description) in descriptors.iter().zip(&passed) {
            self.retain(description);
            if !clones && self.take_descriptor(caller.thread, descriptor).is_ok() {
                self.release(description);
            }
        }
        self.deliver(caller, target, passed, words)
    }

    fn takes_descriptors(&self, target: Id<Description>) -> bool {
        matches!(
            self.descriptions[target].object(),
            Object::User { .. }
                | Object::Swap(_)
                | Object::Proc(ProcFile::TableOf(_) | ProcFile::NewTable(_))
        )
    }

    /// Hands over descriptions with one reference each.
    fn deliver(
        &mut self,
        caller: Caller,
        target: Id<Description>,
        passed: Vec<Id<Description>>,
        words: Metadata,
    ) -> SysResult {
        let count = passed.len();
        match *self.descriptions[target].object() {
            Object::User { scheme, number } => {
                let args = [number, 0, words[0], count as u64, 0, 0];
                let then = Then::Instead(count);
                let question = Question { opcode: Opcode::Sendfd, args, then };
                self.ask(scheme, question, Enclosed::descriptions(passed))
            }
            Object::Proc(ProcFile::TableOf(table) | ProcFile::NewTable(table)) => {
                let first = words[0] as usize;
                let placed = passed.into_iter().enumerate().map(|(index, description)| {
                    self.place_in_table(table, first.saturating_add(index), description)
                });
                // Every one is placed or released, also behind the first that fails.
                let results: Vec<SysResult> = placed.collect();
                results.into_iter().find(Result::is_err).unwrap_or(Ok(count))
            }
            Object::Swap(_) => swap::scheme_take(self, caller, target, passed, words),
            _ => {
                for description in passed {
                    self.release(description);
                }
                fail(EOPNOTSUPP)
            }
        }
    }

    /// Takes the descriptors that a request passes; the payload names the numbers for them.
    fn receive_descriptors(
        &mut self,
        caller: Caller,
        source: Id<Description>,
        payload: Buffer,
        [verb, tag, _]: Metadata,
    ) -> SysResult {
        let Object::Socket(scheme) = *self.descriptions[source].object() else {
            return fail(EOPNOTSUPP);
        };
        if SchemeSocketCall::try_from_raw(verb as usize) != Some(SchemeSocketCall::ObtainFd) {
            return fail(EINVAL);
        }
        let Ok(tag) = u32::try_from(tag) else { return fail(EBADFD) };
        let descriptors = self.read_descriptors(caller.space, payload)?;
        for &descriptor in &descriptors {
            self.obtain(scheme, tag, descriptor)?;
        }
        Ok(descriptors.len())
    }
}
