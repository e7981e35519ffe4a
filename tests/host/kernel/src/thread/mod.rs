//! Threads: registers, identity, and what each is doing now.
//!
//! A thread has no kernel stack. Its present activity is one [`State`]; a waiting thread holds what
//! it waits for in its [`Wait`]. The code that completes the wait either writes the result into the
//! thread's registers or lets it execute its system call (or faulting instruction) once more. So a
//! thread can be killed in every state at once. `Dead` threads stay in the table until no
//! descriptor names them. Run queues: [`scheduler`]; waking and time-outs: [`wake`]; dying:
//! [`kill`].

pub(crate) mod kill;
pub(crate) mod table;
pub(crate) mod wake;

pub(crate) use host_core::scheduler;
pub(crate) use host_core::scheduler::PRIORITY_LAST;

use crate::cpus;
use crate::events::QueueId;
use crate::files::table::FileTable;
use crate::futex::FutexKey;
use crate::machine::regs::{Regs, SavedRegs};
use crate::scheme::pipe::Pipe;
use crate::scheme::user::UserScheme;
use crate::scheme::user::request::Request;
use crate::slab::Id;
use crate::space::Space;
use crate::swap;
use zram_abi::{CpuId, CpuSet};

/// Names a thread.
pub(crate) type ThreadId = Id<Thread>;

/// Default priority of a thread; 0 runs first, as on Redox and as nice levels.
pub(crate) const PRIORITY_USUAL: u8 = 20;

/// A thread.
pub(crate) struct Thread {
    /// Registers while no CPU runs it.
    regs: SavedRegs,
    /// What it is doing.
    state: State,
    /// Its address space; counted there.
    space: Option<Id<Space>>,
    /// Its file table; counted there.
    table: Option<Id<FileTable>>,
    /// Who it is, for schemes and messages.
    identity: Identity,
    /// 0 (first) to 39.
    priority: u8,
    /// CPUs that it may run on, as long as one of them is online.
    affinity: CpuSet,
    /// CPU it ran on last, where its data may still be in the caches.
    last_cpu: CpuId,
    /// Somebody killed it while another CPU ran it; it dies when that CPU enters the kernel.
    is_killed: bool,
    /// What the system call that it executes again has done so far.
    resume: Resume,
    /// Key of its entry among the deadlines.
    deadline_ns: Option<u64>,
    /// Descriptions that name it.
    references: u32,
}

impl Thread {
    /// Returns its registers while no CPU runs it.
    pub(crate) fn regs(&self) -> &SavedRegs {
        &self.regs
    }

    /// Returns what it is doing.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Returns its address space.
    pub(crate) fn space(&self) -> Option<Id<Space>> {
        self.space
    }

    /// Returns its file table.
    pub(crate) fn table(&self) -> Option<Id<FileTable>> {
        self.table
    }

    /// Returns who it is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Returns its own priority, 0 (first) to 39.
    pub(crate) fn priority(&self) -> u8 {
        self.priority
    }

    /// Returns the CPUs that it may run on.
    pub(crate) fn affinity(&self) -> CpuSet {
        self.affinity
    }

    /// Returns the CPU that it ran on last.
    pub(crate) fn last_cpu(&self) -> CpuId {
        self.last_cpu
    }

    /// Returns whether it dies when its CPU enters the kernel.
    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed
    }

    /// Returns what the system call that it executes again has done so far.
    pub(crate) fn resume(&self) -> Resume {
        self.resume
    }
}

/// Name and credentials, set through `proc` and inherited by what the thread creates.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    name: [u8; 32],
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Created, and not told to start.
    NotStarted,
    /// In the run queue of this CPU.
    Ready(CpuId),
    /// The current thread of this CPU.
    Running(CpuId),
    /// Waits for something; in no run queue.
    Waiting(Wait),
    /// Never runs again.
    Dead,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Its deadline alone.
    Sleep,
    /// A wake of this word, or its deadline.
    Futex(FutexKey),
    /// As `Futex`, for a lock that another thread of its space holds.
    Lock(FutexKey),
    /// The answer to a request that it made.
    Reply { scheme: Id<UserScheme>, request: Id<Request> },
    /// Requests to this scheme.
    Requests(Id<UserScheme>),
    /// Bytes in this pipe, or room.
    Pipe(Id<Pipe>),
    /// Console input.
    Console,
    /// News in this event queue.
    Events(QueueId),
    /// Something of the pager's: a page-in, a record of its queue.
    Swap(swap::Wait),
    /// A CPU event, or the end of a CPU transition.
    Cpus(cpus::Wait),
    /// This CPU's shootdown; afterwards the result is in its registers.
    Shootdown,
}

/// What a system call that is executed again has done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Nothing.
    Fresh,
    /// This many bytes of a read or write that goes in pieces.
    Transferred(usize),
}

impl Wait {
    /// Returns whether the system call is executed again when the wait is over.
    ///
    /// The code that ends the wait completes the others.
    pub(crate) fn restarts(self) -> bool {
        match self {
            Self::Requests(_) | Self::Pipe(_) | Self::Console | Self::Events(_) => true,
            Self::Sleep | Self::Futex(_) | Self::Lock(_) | Self::Reply { .. } | Self::Shootdown => {
                false
            }
            Self::Swap(wait) => wait.restarts(),
            Self::Cpus(wait) => wait.restarts(),
        }
    }
}

impl Identity {
    /// The first program's pid, which no other gets; the machine cannot go on without it.
    pub(crate) const FIRST_PID: u32 = 1;

    /// Returns the identity of the first program.
    pub(crate) fn of_init() -> Self {
        let mut identity = Self { pid: Self::FIRST_PID, uid: 0, gid: 0, name: [0; 32] };
        identity.name[..4].copy_from_slice(b"init");
        identity
    }

    /// Returns the identity with this name; what is behind its first 0 byte is dropped.
    ///
    /// Bytes that could disturb a message become `?`.
    pub(crate) fn new(pid: u32, uid: u32, gid: u32, name: [u8; 32]) -> Self {
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        let mut clean = [0; 32];
        for (to, &from) in clean.iter_mut().zip(&name[..end]) {
            *to = if from.is_ascii_graphic() { from } else { b'?' };
        }
        Self { pid, uid, gid, name: clean }
    }

    /// Returns the same of another process.
    pub(crate) fn with_pid(self, pid: u32) -> Self {
        Self { pid, ..self }
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> &str {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(self.name.len());
        core::str::from_utf8(&self.name[..end]).unwrap_or("?")
    }

    /// Returns the name with its padding.
    pub(crate) fn name_bytes(&self) -> [u8; 32] {
        self.name
    }
}

impl Thread {
    /// Returns a thread that has not started and has neither address space nor files.
    pub(crate) fn new(identity: Identity, affinity: CpuSet, cpu: CpuId) -> Self {
        Self {
            regs: SavedRegs::new(Regs::new(0, 0)),
            state: State::NotStarted,
            space: None,
            table: None,
            identity,
            priority: PRIORITY_USUAL,
            affinity,
            last_cpu: cpu,
            is_killed: false,
            resume: Resume::Fresh,
            deadline_ns: None,
            references: 0,
        }
    }
}
