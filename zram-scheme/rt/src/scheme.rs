//! The server's side of a scheme: requests come from a socket, answers go back to it.
//!
//! A [`Request`] owns one request of a client until it is answered. Its payload is the client's own
//! memory, mapped here by the kernel; the client may change it at any time, so it is only ever
//! copied. Answers go by plain write of the socket (`redox_syscall`'s Sqe and Cqe). The capability to create one
//! was given to the program by `init` of this repository, or is a file of Redox's namespace manager.

use alloc::vec::Vec;

use syscall::data::NewFdParams;
use syscall::flag::{EventFlags, StdFsCallKind};
use syscall::schemev2::{Cqe, CqeOpcode, NewFdFlags, Opcode, Sqe, SqeFlags};
use syscall::{Error, O_RDONLY, Result, Stat};

use crate::environment;
use crate::fd::Fd;
use crate::foreign::Foreign;
use crate::fs;

/// Most requests that one read of the socket takes.
pub const BATCH_MAX: usize = 32;

/// First word of the dup that asks the namespace manager for a registration (Redox `NsDup`).
pub const ISSUE_REGISTER: usize = 2;

/// Where Redox's namespace manager has the scheme-creation capability, for those who may have it.
const CREATION_CAP: &str = "/scheme/namespace/scheme-creation-cap";

/// A scheme of this program.
#[derive(Debug)]
pub struct Socket(Fd);

/// One request of a client.
#[derive(Debug)]
pub struct Request(Sqe);

/// An answer to one request, or news for who watches a handle.
#[derive(Clone, Copy, Debug)]
pub struct Answer(Cqe);

impl Socket {
    /// Creates a scheme; its requests are mapped into the calling program.
    ///
    /// # Errors
    ///
    /// EPERM for a program without the scheme-creation capability; on Redox's own user space EACCES in a
    /// namespace that may not create schemes; what the kernel answers.
    pub fn create() -> Result<Self> {
        const CREATE: &[u8] = b"create-scheme";
        if let Some(cap) = environment::scheme_creation_cap() {
            return Fd::dup_of(cap, CREATE).map(Self);
        }
        if environment::process().is_none() {
            return Err(Error::new(syscall::EPERM));
        }
        fs::open(CREATION_CAP, O_RDONLY)?.dup(CREATE).map(Self)
    }

    /// Returns a root of the scheme, whose requests name `handle`.
    ///
    /// # Errors
    ///
    /// What the kernel answers.
    pub fn root(&self, handle: usize) -> Result<Fd> {
        let mut parameters = [0; size_of::<NewFdParams>()];
        // offset u64, number usize, flags usize, internal_flags u8
        parameters[8..16].copy_from_slice(&handle.to_ne_bytes());
        self.0.dup(&parameters)
    }

    /// Waits for requests and appends them to `requests`, at most [`BATCH_MAX`].
    ///
    /// # Errors
    ///
    /// What the kernel answers; ENODEV once the socket is gone.
    pub fn receive(&self, requests: &mut Vec<Request>) -> Result<()> {
        let mut bytes = [0; BATCH_MAX * size_of::<Sqe>()];
        let length = self.0.read(&mut bytes)?;
        for bytes in bytes[..length].chunks_exact(size_of::<Sqe>()) {
            let mut sqe = Sqe::default();
            sqe.copy_from_slice(bytes);
            requests.push(Request(sqe));
        }
        Ok(())
    }

    /// Sends an answer.
    ///
    /// # Errors
    ///
    /// What the kernel answers; the client waits on when it is not taken.
    pub fn send(&self, answer: Answer) -> Result<()> {
        self.0.write(&answer.0).map(drop)
    }

    /// Answers with a descriptor, which moves from this program to the client.
    ///
    /// # Errors
    ///
    /// What the kernel answers.
    pub fn send_with_fd(&self, request: Request, passed: Fd) -> Result<()> {
        let cqe = request.cqe(CqeOpcode::RespondWithFd, passed.raw() as u64);
        self.0.write(&cqe)?;
        passed.moved_away();
        Ok(())
    }

    /// Takes the descriptor that a request of [`Opcode::Sendfd`] brings.
    ///
    /// # Errors
    ///
    /// ENOENT if it brings none (any more).
    pub fn obtain_fd(&self, request: &Request) -> Result<Fd> {
        Fd::received(|slot| {
            let cqe = request.cqe(CqeOpcode::ObtainFd, slot as u64);
            self.0.write(&cqe)
        })
    }
}

impl Answer {
    /// Returns what tells who watches `handle` that there is something to read. It answers no request.
    pub fn something_to_read(handle: usize) -> Self {
        let flags = CqeOpcode::SendFevent as u8;
        let tag = EventFlags::EVENT_READ.bits() as u32;
        Self(Cqe { flags, extra_raw: [0; 3], tag, result: handle as u64 })
    }
}

/// Who opens a file of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opener {
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
}

impl Request {
    /// Returns what is asked; nothing for a number that `redox_syscall` does not know.
    pub fn opcode(&self) -> Option<Opcode> {
        Opcode::try_from_raw(self.0.opcode)
    }

    /// Returns whether nobody waits for an answer; such a request must not be answered.
    pub fn is_one_way(&self) -> bool {
        let by_opcode =
            matches!(self.opcode(), Some(Opcode::CloseMsg | Opcode::Cancel | Opcode::Detach));
        by_opcode || self.0.sqe_flags.contains(SqeFlags::ONEWAY)
    }

    /// Returns the handle it is about.
    pub fn handle(&self) -> usize {
        self.0.args[0] as usize
    }

    /// Returns argument `index` as it came; 0 for one beyond the last.
    pub fn word(&self, index: usize) -> u64 {
        self.0.args.get(index).copied().unwrap_or(0)
    }

    /// Returns the user who calls OpenAt.
    pub fn opener(&self) -> Opener {
        let word = self.word(5);
        Opener { uid: word as u32, gid: (word >> 32) as u32 }
    }

    /// Returns the bytes of the payload; 0 for an operation without one.
    pub fn payload_length(&self) -> usize {
        let has_payload = matches!(
            self.opcode(),
            Some(
                Opcode::OpenAt
                    | Opcode::Dup
                    | Opcode::Read
                    | Opcode::Write
                    | Opcode::Fpath
                    | Opcode::Fstat
                    | Opcode::Fstatvfs
                    | Opcode::Getdents
                    | Opcode::Call
                    | Opcode::StdFsCall
                    | Opcode::UnlinkAt
            )
        );
        if has_payload { self.0.args[2] as usize } else { 0 }
    }

    /// Copies the payload from `offset` on into `buffer`; returns how much there was.
    pub fn copy_payload(&self, offset: usize, buffer: &mut [u8]) -> usize {
        self.payload().read(offset, buffer)
    }

    /// Copies `bytes` into the payload from `offset` on; returns how much fitted.
    ///
    /// Only payloads that the client reads back are writable: Read, Fstat, Getdents, Call, StdFsCall
    /// and the like. For others nothing is copied.
    pub fn fill_payload(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let read_back = !matches!(
            self.opcode(),
            Some(Opcode::OpenAt | Opcode::Dup | Opcode::Write | Opcode::UnlinkAt)
        );
        if !read_back {
            return 0;
        }
        // SAFETY: the kernel maps these payloads writable.
        unsafe { self.payload().write(offset, bytes) }
    }

    fn payload(&self) -> Foreign {
        // SAFETY: the kernel mapped `payload_length` bytes until the answer, which takes `self`, at
        // addresses that it maps for nothing but requests.
        unsafe { Foreign::new(self.0.args[1] as usize, self.payload_length()) }
    }

    /// Answers a question for the attributes of a file: its kind and size.
    ///
    /// Serves [`Opcode::Fstat`], [`Opcode::StdFsCall`] and [`Opcode::Fsize`]; others are EOPNOTSUPP.
    pub fn answer_stat(mut self, mode: u16, size: u64) -> Answer {
        let stat = Stat { st_mode: mode, st_size: size, ..Stat::default() };
        let wanted = match self.opcode() {
            Some(Opcode::Fsize) => return self.answer(Ok(size as usize)),
            Some(Opcode::Fstat) => true,
            Some(Opcode::StdFsCall) => self.word(3) as u8 == StdFsCallKind::Fstat as u8,
            Some(_) | None => false,
        };
        if !wanted {
            return self.answer(Err(Error::new(syscall::EOPNOTSUPP)));
        }
        self.fill_payload(0, &stat);
        self.answer(Ok(0))
    }

    /// Answers with a number or an error.
    pub fn answer(self, result: Result<usize>) -> Answer {
        Answer(self.cqe(CqeOpcode::RespondRegular, Error::mux(result) as u64))
    }

    /// Answers an OpenAt or Dup with the handle that it made; `positioned` asks the kernel to keep
    /// the offset.
    pub fn answer_opened(self, handle: usize, positioned: bool) -> Answer {
        let flags = if positioned { NewFdFlags::POSITIONED } else { NewFdFlags::empty() };
        let cqe = self.cqe(CqeOpcode::RespondRegular, handle as u64);
        Answer(Cqe { extra_raw: [flags.bits(), 0, 0], ..cqe })
    }

    fn cqe(&self, opcode: CqeOpcode, result: u64) -> Cqe {
        Cqe { flags: opcode as u8, extra_raw: [0; 3], tag: self.0.tag, result }
    }
}

/// Registers `root` under `name` with the namespace manager, so that `/scheme/NAME` leads there.
///
/// # Errors
///
/// EEXIST if the name is taken, ENODEV in a program without namespace manager.
pub fn publish_root(name: &str, root: Fd) -> Result<()> {
    let namespace = environment::namespace().ok_or(Error::new(syscall::ENODEV))?;
    let mut request = ISSUE_REGISTER.to_ne_bytes().to_vec();
    request.extend_from_slice(name.as_bytes());
    Fd::dup_of(namespace, &request)?.call_with_fd(root, &[]).map(drop)
}
