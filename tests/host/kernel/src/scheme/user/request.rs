//! Requests: what a program wants from a user scheme, until it is answered.
//!
//! A request owns everything that its answer will need: the buffers lent for it, descriptors that
//! it passes, and in [`Then`] what to do with the answer. Its caller waits and owns nothing of
//! this, so it can die at any time: the scheme is told (Cancel), and what was lent stays lent until
//! it answers.

use alloc::vec::Vec;

use syscall::error::{EAGAIN, ENODEV};
use syscall::schemev2::{Opcode, Sqe};

use super::lend::Lent;
use super::{SchemeId, UserScheme};
use crate::errno::{Halt, SysResult, fail};
use crate::events::watch;
use crate::files::Description;
use crate::kernel::Kernel;
use crate::limits::REQUESTS_MAX;
use crate::slab::Id;
use crate::swap;
use crate::thread::{ThreadId, Wait};

/// A request that was not yet answered.
pub(crate) struct Request {
    /// The thread that waits for the answer; none if it has died or the kernel asks.
    pub(crate) caller: Option<ThreadId>,
    /// The scheme's memory that belongs to the request.
    pub(crate) lent: Option<Lent>,
    /// Descriptions that it passes and the scheme has not taken.
    pub(crate) passed: Vec<Id<Description>>,
    /// What becomes of the answer.
    pub(crate) then: Then,
}

/// What becomes of the answer to a request.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// The caller gets it.
    Value,
    /// The caller gets this instead, unless it is an error.
    Instead(usize),
    /// The caller gets a descriptor for the number of a file, with these flags.
    Open { scheme: SchemeId, descriptor: usize, flags: usize, replace: bool },
    /// It is how many of `asked` bytes were moved; see [`Transfer`].
    Transfer(Transfer),
    /// It is the size of a file, which a seek to its end asked for.
    SeekEnd { description: Id<Description>, delta: i64 },
    /// It is what is new about a file that a queue watches from now on.
    Watch(watch::Asked),
    /// The pager asked.
    Swap(swap::Token),
}

/// A read or write that may go on with another request.
#[derive(Clone, Copy)]
pub(crate) struct Transfer {
    /// What it is about; a reference is held. Its offset moves if `moves_offset`.
    pub(crate) description: Id<Description>,
    pub(crate) moves_offset: bool,
    /// Bytes that earlier requests of the transfer moved.
    pub(crate) done: usize,
    /// Bytes that this request is about.
    pub(crate) asked: usize,
    /// There are more bytes to move after this request.
    pub(crate) has_more: bool,
}

/// What a request says, apart from its buffer.
#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub(crate) opcode: Opcode,
    /// Arguments; those of a buffer are filled in when it is lent.
    pub(crate) args: [u64; 6],
    pub(crate) then: Then,
}

/// What goes along with a request: memory, and descriptions with a reference each.
#[derive(Default)]
pub(crate) struct Enclosed {
    pub(crate) lent: Option<Lent>,
    pub(crate) passed: Vec<Id<Description>>,
}

impl Enclosed {
    /// Returns what a request without a buffer has along.
    pub(crate) const fn nothing() -> Self {
        Self { lent: None, passed: Vec::new() }
    }

    /// Returns the memory of a loan.
    pub(crate) const fn memory(lent: Option<Lent>) -> Self {
        Self { lent, passed: Vec::new() }
    }

    /// Returns descriptions.
    pub(crate) const fn descriptions(passed: Vec<Id<Description>>) -> Self {
        Self { lent: None, passed }
    }
}

impl Kernel {
    /// Makes a request for the current thread; there is always a wait.
    ///
    /// # Errors
    ///
    /// EAGAIN when too many are in flight, ENODEV after the scheme's end; what was lent is returned.
    /// Else the wait.
    pub(crate) fn ask(
        &mut self,
        scheme: SchemeId,
        question: Question,
        Enclosed { lent, passed }: Enclosed,
    ) -> SysResult {
        let caller = self.current();
        let then = question.then;
        let request = Request { caller: Some(caller), lent, passed, then };
        let (request, sqe) = self.enter_request(scheme, question, request)?;
        self.send_request(scheme, sqe);
        Err(Halt::until(Wait::Reply { scheme, request }))
    }

    /// Makes a request for the pager; its hook gets the answer.
    ///
    /// # Errors
    ///
    /// EAGAIN, ENODEV.
    pub(crate) fn ask_for_pager(&mut self, scheme: SchemeId, question: Question) -> SysResult<()> {
        let request = Request { caller: None, lent: None, passed: Vec::new(), then: question.then };
        let (_, sqe) = self.enter_request(scheme, question, request)?;
        self.send_request(scheme, sqe);
        Ok(())
    }

    fn enter_request(
        &mut self,
        scheme: SchemeId,
        question: Question,
        request: Request,
    ) -> SysResult<(Id<Request>, Sqe)> {
        let is_too_much = self.is_too_much_unread();
        let is_full = |found: &UserScheme| found.requests.count() >= REQUESTS_MAX || is_too_much;
        let errno = match self.schemes.get(scheme) {
            None => ENODEV,
            Some(found) if is_full(found) => EAGAIN,
            Some(_) => return Ok(self.number_request(scheme, question, request)),
        };
        self.drop_request(request);
        fail(errno)
    }

    fn number_request(
        &mut self,
        scheme: SchemeId,
        question: Question,
        request: Request,
    ) -> (Id<Request>, Sqe) {
        // The pager asks as uid 0 of no process.
        let caller = request.caller.map(|caller| self.threads[caller].identity());
        let (pid, uid, gid) = caller.map_or((0, 0, 0), |found| (found.pid, found.uid, found.gid));
        let id = self.schemes.table[scheme].requests.insert(request).expect("there was room");
        let mut args = question.args;
        if matches!(question.opcode, Opcode::OpenAt | Opcode::Dup) {
            args[5] = u64::from(uid) | u64::from(gid) << 32;
        }
        let sqe = Sqe {
            opcode: question.opcode as u8,
            tag: id.tag(),
            args,
            caller: u64::from(pid),
            ..Sqe::default()
        };
        (id, sqe)
    }

    /// Notes that the caller of a request has died.
    pub(crate) fn abandon_request(&mut self, scheme: SchemeId, request: Id<Request>) {
        let Some(found) = self.schemes.table.get_mut(scheme) else { return };
        if let Some(found) = found.requests.get_mut(request) {
            found.caller = None;
            self.send_one_way(scheme, Opcode::Cancel, 0, request.tag());
        }
    }
}
