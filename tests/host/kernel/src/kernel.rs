//! The kernel proper: all its state in one struct, and the ways in.
//!
//! Whoever holds `&mut Kernel` holds the kernel lock. The machine calls in for one event and then
//! asks for the next action; nothing in between waits. `here` is the CPU of the present entry and
//! says whose current thread and whose shootdown are meant.

use alloc::collections::BTreeSet;
use alloc::string::String;

use crate::calls::interrupt::Interruptions;
use crate::cpus::{self, Cpus};
use crate::errno::Halt;
use crate::files::Description;
use crate::files::table::FileTable;
use crate::futex::Futexes;
use crate::limits;
use crate::machine::action::{Action, Fault};
use crate::machine::boot::BootInfo;
use crate::machine::cpu_id::{CPUS_MAX, CpuId};
use crate::machine::frames::FrameTable;
use crate::machine::paging::UserPage;
use crate::scheme::console::Console;
use crate::scheme::pipe::Pipe;
use crate::scheme::user::UserScheme;
use crate::slab::Slab;
use crate::space::fault::Access;
use crate::space::shootdown::{After, Pending};
use crate::space::{Space, SpaceId};
use crate::swap::{self, Swap};
use crate::text::text;
use crate::thread::scheduler::Scheduler;
use crate::thread::{State, Thread, ThreadId};

/// All state of the kernel.
pub(crate) struct Kernel {
    pub(crate) frames: FrameTable,
    pub(crate) spaces: Slab<Space>,
    pub(crate) threads: Slab<Thread>,
    pub(crate) tables: Slab<FileTable>,
    pub(crate) descriptions: Slab<Description>,
    pub(crate) schemes: Slab<UserScheme>,
    pub(crate) pipes: Slab<Pipe>,
    pub(crate) console: Console,
    pub(crate) futexes: Futexes,
    pub(crate) scheduler: Scheduler,
    /// Deadlines of waiting threads, earliest first.
    pub(crate) deadlines: BTreeSet<(u64, ThreadId)>,
    /// Bytes of the open texts of `sys`, `swap` and `cpu`.
    pub(crate) text_bytes: usize,
    /// Pages lent to user schemes, bounce frames included.
    pub(crate) lent_pages: usize,
    /// The pager.
    pub(crate) swap: Swap,
    /// CPUs that come and go.
    pub(crate) cpus: Cpus,
    pub(crate) local: [Local; CPUS_MAX],
    /// The CPU that is in the kernel.
    pub(crate) here: CpuId,
    pub(crate) cmdline: &'static str,
    pub(crate) interruptions: Interruptions,
    /// Number of the youngest process.
    pub(crate) next_pid: u32,
}

/// What the kernel knows of one CPU.
pub(crate) struct Local {
    /// The thread whose registers it had at its last entry; it may have ended since.
    pub(crate) current: Option<ThreadId>,
    /// The address space that it has loaded; it may have ended since.
    loaded: Option<SpaceId>,
    pub(crate) pending: Pending,
    /// What waits for the shootdown that it is making.
    pub(crate) in_flight: alloc::vec::Vec<After>,
}

impl Kernel {
    /// Returns the kernel with its first program ready to run.
    pub(crate) fn new(boot: BootInfo) -> Self {
        let BootInfo { frames, initrd, cmdline, possible, present } = boot;
        let mut kernel = Self {
            frames,
            spaces: Slab::new(limits::SPACES_MAX),
            threads: Slab::new(limits::THREADS_MAX),
            tables: Slab::new(limits::TABLES_MAX),
            descriptions: Slab::new(limits::DESCRIPTIONS_MAX),
            schemes: Slab::new(limits::SCHEMES_MAX),
            pipes: Slab::new(limits::PIPES_MAX),
            console: Console::default(),
            futexes: Futexes::default(),
            scheduler: Scheduler::new(present),
            deadlines: BTreeSet::new(),
            text_bytes: 0,
            lent_pages: 0,
            swap: Swap::new(),
            cpus: Cpus::new(possible, present),
            local: [const { Local::new() }; CPUS_MAX],
            here: CpuId::BOOT,
            cmdline,
            interruptions: Interruptions::of(cmdline),
            next_pid: 0,
        };
        kernel.make_first_program(initrd);
        kernel
    }

    /// The thread of this CPU made a system call; its registers are saved.
    pub(crate) fn on_syscall(&mut self, cpu: CpuId) {
        if let Some(thread) = self.enter(cpu) {
            self.execute(thread);
        }
    }

    /// The thread of this CPU had a page fault.
    pub(crate) fn on_fault(&mut self, cpu: CpuId, fault: Fault) {
        let Some(thread) = self.enter(cpu) else { return };
        let Some(space) = self.threads[thread].space else { return };
        let access = match fault {
            Fault { instruction: true, .. } => Access::Execute,
            Fault { write: true, .. } => Access::Write,
            Fault { .. } => Access::Read,
        };
        let resolved = match UserPage::containing(fault.address) {
            Some(page) => self.resolve(space, page, access).map(drop),
            None => Err(Halt::Fail(crate::errno::Errno(syscall::error::EFAULT))),
        };
        match resolved {
            Ok(()) | Err(Halt::Again | Halt::Gone) => {}
            Err(Halt::Wait(wait, deadline_ns)) => self.block(thread, wait, deadline_ns),
            Err(Halt::Kill(reason)) => self.kill_process_of(thread, reason),
            Err(Halt::Fail(_)) => {
                let ip = self.threads[thread].regs.get().rip;
                let (kind, address) = (name_of(access), fault.address);
                let reason = if self.has_code(space) {
                    text(format_args!("{kind} of {address:#x} at {ip:#x}"))
                } else {
                    String::from("its code was taken away")
                };
                self.kill_process_of(thread, reason);
            }
        }
    }

    /// Returns whether anything of the program can still be run.
    fn has_code(&self, space: SpaceId) -> bool {
        self.spaces[space].grants.all().iter().any(|(_, grant)| grant.rights.execute)
    }

    /// The thread of this CPU had another exception.
    pub(crate) fn on_exception(&mut self, cpu: CpuId, vector: u8, error: u64, rip: u64) {
        if let Some(thread) = self.enter(cpu) {
            let reason = text(format_args!("exception {vector} (error {error:#x}) at {rip:#x}"));
            self.kill_process_of(thread, reason);
        }
    }

    /// 4 ms have passed on this CPU.
    pub(crate) fn on_tick(&mut self, cpu: CpuId) {
        let thread = self.enter(cpu);
        if self.scheduler.online().iter().next() == Some(cpu) {
            self.poll_console();
        }
        self.expire_deadlines();
        cpus::on_tick(self);
        swap::on_tick(self);
        let Some(thread) = thread else { return };
        if self.threads.get(thread).is_some_and(|found| found.state == State::Running(cpu)) {
            let priority = self.priority_of(thread);
            if self.scheduler.tick(cpu, priority) {
                self.preempt(false);
            }
        }
    }

    /// This CPU has come into the kernel: at boot, or because it was started again.
    pub(crate) fn on_cpu_arrived(&mut self, cpu: CpuId) {
        self.here = cpu;
        cpus::arrived(self);
    }

    /// A CPU that this one started did not come.
    pub(crate) fn on_cpu_missing(&mut self, cpu: CpuId, missing: CpuId) {
        self.here = cpu;
        cpus::missing(self, missing);
    }

    /// Notes which CPU entered; returns its thread, unless that was killed meanwhile.
    fn enter(&mut self, cpu: CpuId) -> Option<ThreadId> {
        self.here = cpu;
        self.bury_killed();
        let thread = self.local[cpu.index()].current?;
        let is_running = |found: &Thread| found.state == State::Running(cpu);
        self.threads.get(thread).is_some_and(is_running).then_some(thread)
    }

    /// Returns what the CPU does next.
    pub(crate) fn next_action(&mut self, cpu: CpuId) -> Action {
        self.here = cpu;
        loop {
            self.bury_killed();
            if let Some(action) = self.next_shootdown() {
                return action;
            }
            if let Some(action) = cpus::next_action(self) {
                return action;
            }
            if let Some(thread) = self.thread_to_keep() {
                return self.run(thread);
            }
            self.local[cpu.index()].current = None;
            let Some(thread) = self.pick() else {
                self.load(None);
                return Action::Idle;
            };
            let found = &mut self.threads[thread];
            found.state = State::Running(cpu);
            found.last_cpu = cpu;
            self.local[cpu.index()].current = Some(thread);
        }
    }

    /// Returns the current thread if it goes on; otherwise it is put back into a queue.
    fn thread_to_keep(&mut self) -> Option<ThreadId> {
        let thread = self.current_thread()?;
        let found = self.threads.get(thread)?;
        if found.state != State::Running(self.here) {
            return None;
        }
        let may_stay = self.scheduler.may_run(found.affinity, self.here);
        if may_stay && !self.scheduler.has_before(self.here, self.priority_of(thread)) {
            return Some(thread);
        }
        self.preempt(may_stay);
        None
    }

    fn run(&mut self, thread: ThreadId) -> Action {
        let found = &self.threads[thread];
        let space = found.space.expect("a thread that runs has an address space");
        let regs = found.regs.handle();
        self.load(Some(space));
        Action::Run { regs, root: self.spaces[space].tree.root() }
    }

    /// Notes which address space this CPU loads now.
    pub(crate) fn load(&mut self, space: Option<SpaceId>) {
        let here = self.here;
        let before = core::mem::replace(&mut self.local[here.index()].loaded, space);
        if before != space
            && let Some(left) = before.and_then(|before| self.spaces.get_mut(before))
        {
            left.loaded.remove(here);
        }
        if let Some(entered) = space.and_then(|space| self.spaces.get_mut(space)) {
            entered.loaded.insert(here);
        }
    }
}

impl Local {
    const fn new() -> Self {
        Self {
            current: None,
            loaded: None,
            pending: Pending::new(),
            in_flight: alloc::vec::Vec::new(),
        }
    }
}

fn name_of(access: Access) -> &'static str {
    match access {
        Access::Read => "invalid read",
        Access::Write | Access::Install => "invalid write",
        Access::Execute => "invalid execution",
    }
}
