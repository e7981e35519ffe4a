//! The kernel proper: all its state in one struct, and the ways in.
//!
//! The holder of `&mut Kernel` holds the kernel lock. The machine calls in for one event and then
//! asks for the next action; nothing in between waits. `here` is the CPU of the present entry and
//! says whose current thread and whose shootdown are meant.
//!
//! Each field is a part with an owner, the folder or file that defines its type: only the owner's
//! methods change its content, and all code may read it.

use alloc::string::String;

use crate::calls::interrupt::Interruptions;
use crate::cpus::{self, Cpus};
use crate::errno::Halt;
use crate::events::Events;
use crate::files::descriptions::Descriptions;
use crate::files::table::Tables;
use crate::futex::Futexes;
use crate::machine::action::{Action, Fault};
use crate::machine::boot::BootInfo;
use crate::machine::frames::FrameTable;
use crate::machine::paging::UserPage;
use crate::scheme::console::Console;
use crate::scheme::pipe::Pipes;
use crate::scheme::sys::Texts;
use crate::scheme::user::Schemes;
use crate::space::SpaceId;
use crate::space::fault::Access;
use crate::space::table::Spaces;
use crate::swap::{self, Swap};
use crate::text::text;
use crate::thread::table::Threads;
use crate::thread::{State, Thread, ThreadId};
use zram_abi::CpuId;

/// All state of the kernel.
pub(crate) struct Kernel {
    pub(crate) frames: FrameTable,
    pub(crate) spaces: Spaces,
    pub(crate) threads: Threads,
    pub(crate) tables: Tables,
    pub(crate) descriptions: Descriptions,
    pub(crate) schemes: Schemes,
    pub(crate) pipes: Pipes,
    pub(crate) console: Console,
    pub(crate) events: Events,
    pub(crate) futexes: Futexes,
    /// The open texts of `sys`, `swap` and `cpu`.
    pub(crate) texts: Texts,
    /// The pager.
    pub(crate) swap: Swap,
    /// CPUs that come and go.
    pub(crate) cpus: Cpus,
    /// The CPU that is in the kernel.
    pub(crate) here: CpuId,
    pub(crate) cmdline: &'static str,
    pub(crate) interruptions: Interruptions,
}

impl Kernel {
    /// Returns the kernel with its first program ready to run.
    pub(crate) fn new(boot: BootInfo) -> Self {
        let BootInfo { frames, initrd, cmdline, possible, present } = boot;
        let mut kernel = Self {
            frames,
            spaces: Spaces::new(),
            threads: Threads::new(present),
            tables: Tables::new(),
            descriptions: Descriptions::new(),
            schemes: Schemes::new(),
            pipes: Pipes::new(),
            console: Console::default(),
            events: Events::new(),
            futexes: Futexes::default(),
            texts: Texts::default(),
            swap: Swap::new(),
            cpus: Cpus::new(possible, present),
            here: CpuId::BOOT,
            cmdline,
            interruptions: Interruptions::of(cmdline),
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
        let Some(space) = self.threads[thread].space() else { return };
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
                let ip = self.threads[thread].regs().get().rip;
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
        self.spaces[space].grants().all().iter().any(|(_, grant)| grant.rights.execute)
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
        if self.threads.online().first() == Some(cpu) {
            self.poll_console();
        }
        self.expire_deadlines();
        cpus::on_tick(self);
        swap::on_tick(self);
        let Some(thread) = thread else { return };
        self.tick_thread(cpu, thread);
    }

    /// This CPU has come into the kernel: at boot, or because it was started again.
    pub(crate) fn on_cpu_arrived(&mut self, cpu: CpuId) {
        self.here = cpu;
        cpus::arrived(self);
    }

    /// A CPU that this CPU started did not arrive.
    pub(crate) fn on_cpu_missing(&mut self, cpu: CpuId, missing: CpuId) {
        self.here = cpu;
        cpus::missing(self, missing);
    }

    /// Notes which CPU entered; returns its thread, unless that was killed meanwhile.
    fn enter(&mut self, cpu: CpuId) -> Option<ThreadId> {
        self.here = cpu;
        self.bury_killed();
        let thread = self.current_thread()?;
        let is_running = |found: &Thread| found.state() == State::Running(cpu);
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
            if !self.choose_thread() {
                self.load(None);
                return Action::Idle;
            }
        }
    }

    fn run(&mut self, thread: ThreadId) -> Action {
        let found = &self.threads[thread];
        let space = found.space().expect("a thread that runs has an address space");
        let regs = found.regs().handle();
        self.load(Some(space));
        Action::Run { regs, root: self.spaces[space].tree().root() }
    }
}

fn name_of(access: Access) -> &'static str {
    match access {
        Access::Read => "invalid read",
        Access::Write | Access::Install => "invalid write",
        Access::Execute => "invalid execution",
    }
}
