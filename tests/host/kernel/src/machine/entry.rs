//! Every way into the kernel and out of it.
//!
//! Entries come from `trap.s` with the program's registers saved. Under the kernel lock the kernel
//! is given the event and asked for the next action, until it lets a thread run. Nothing here
//! returns to its caller: the stack is empty again at the next entry.

#![expect(unsafe_code, reason = "is called from trap.s and goes back to ring 3")]

use super::action::{Action, Fault};
use super::cpu::{self, CpuBlock};
use super::descriptors::{DOUBLE_FAULT, GENERAL_PROTECTION, MACHINE_CHECK, NMI, PAGE_FAULT};
use super::lock::{KernelGuard, KernelLock};
use super::paging::Root;
use super::regs::{Regs, RegsHandle};
use super::{apic, sci, shootdown, smp};
use crate::kernel::Kernel;
use core::arch::global_asm;
use x86_64::instructions::tlb;
use x86_64::registers::control::Cr2;

global_asm!(include_str!("trap.s"));

unsafe extern "C" {
    /// Loads the registers and goes back to ring 3.
    ///
    /// # Safety
    /// The registers are this CPU's, their `rip` is a program's, and their flags are clean.
    fn return_to_program(regs: *const Regs) -> !;
}

/// The kernel; there is one.
static KERNEL: KernelLock<Kernel> = KernelLock::new();

type Guard = KernelGuard<'static, Kernel>;

/// Lets all CPUs into the kernel, this CPU first.
pub(super) fn begin(kernel: Kernel) -> ! {
    // SAFETY: called once, at the end of boot; until now the others wait for the lock.
    let kernel = unsafe { KERNEL.install(kernel) };
    act(CpuBlock::this(), kernel)
}

/// Where a CPU that just started asks for the first time.
pub(super) fn enter_kernel(cpu: &'static CpuBlock) -> ! {
    let mut kernel = KERNEL.lock(cpu.id());
    kernel.on_cpu_arrived(cpu.id());
    act(cpu, kernel)
}

/// Takes the lock after an entry from ring 3; the thread has its registers back.
fn lock_from_program(cpu: &CpuBlock) -> Guard {
    let kernel = KERNEL.lock(cpu.id());
    cpu.end_run();
    kernel
}

/// Asks the kernel what to do, and does it, until a thread runs.
fn act(cpu: &'static CpuBlock, mut kernel: Guard) -> ! {
    let id = cpu.id();
    loop {
        match kernel.next_action(id) {
            Action::Run { regs, root } => kernel = run(cpu, kernel, regs, root),
            Action::Shootdown { cpus, pages } => {
                drop(kernel);
                shootdown::request(id, cpus, &pages);
                kernel = KERNEL.lock(id);
                kernel.on_shootdown_done(id);
                if cpu.take_tick() {
                    kernel.on_tick(id);
                }
            }
            Action::Start { cpu: other } => {
                drop(kernel);
                let started = smp::start(other);
                kernel = KERNEL.lock(id);
                if started.is_err() {
                    kernel.on_cpu_missing(id, other);
                }
            }
            Action::Park => {
                leave_thread(cpu);
                drop(kernel);
                park(cpu);
                kernel = KERNEL.lock(id);
                kernel.on_cpu_arrived(id);
            }
            Action::Idle => {
                leave_thread(cpu);
                drop(kernel);
                cpu::sleep();
                kernel = KERNEL.lock(id);
                if cpu.take_tick() {
                    kernel.on_tick(id);
                }
            }
        }
    }
}

/// Runs a thread. Returns only if the CPU could not go on at the thread's `rip`, which is then the
/// thread's exception, as if it had jumped there.
fn run(cpu: &CpuBlock, mut kernel: Guard, regs: RegsHandle, root: Root) -> Guard {
    let regs = cpu.begin_run(regs);
    // SAFETY: this CPU's until `end_run`.
    let ready = unsafe { &mut *regs };
    ready.clean_rflags();
    if ready.has_user_rip() {
        cpu::load_root(cpu.id(), root);
        drop(kernel);
        // SAFETY: `begin_run` made them this CPU's; the rest was just seen to.
        unsafe { return_to_program(regs) }
    }
    let rip = ready.rip;
    cpu.end_run();
    kernel.on_exception(cpu.id(), GENERAL_PROTECTION as u8, 0, rip);
    kernel
}

/// Makes the CPU run no thread, in no program's address space; called with the kernel lock held.
fn leave_thread(cpu: &CpuBlock) {
    cpu.forget_thread();
    cpu::load_root(cpu.id(), cpu::kernel_root());
}

/// Stops this CPU until it is started again; it still answers what was asked before it left.
fn park(cpu: &CpuBlock) {
    apic::stop_ticks();
    while !smp::take_wake(cpu.id()) {
        cpu::sleep();
    }
    // No shootdown named this CPU meanwhile.
    tlb::flush_all();
    cpu.take_tick();
    apic::start_ticks();
    smp::report_arrival(cpu.id());
}

/// A system call.
#[unsafe(no_mangle)]
extern "C" fn entered_by_syscall() -> ! {
    let cpu = CpuBlock::this();
    let mut kernel = lock_from_program(cpu);
    kernel.on_syscall(cpu.id());
    act(cpu, kernel)
}

/// An exception or interrupt of a program.
#[unsafe(no_mangle)]
extern "C" fn entered_by_trap(vector: u64, error: u64) -> ! {
    let cpu = CpuBlock::this();
    if vector >= u64::from(apic::FIRST_INTERRUPT) {
        interrupted_program(cpu, vector as u8)
    }
    let fault = (vector == PAGE_FAULT).then(|| fault(error));
    let mut kernel = lock_from_program(cpu);
    match fault {
        Some(fault) => kernel.on_fault(cpu.id(), fault),
        None => {
            // SAFETY: saved by the entry, and nobody changes them while the lock is held.
            let rip = unsafe { (*cpu.regs()).rip };
            kernel.on_exception(cpu.id(), vector as u8, error, rip);
        }
    }
    act(cpu, kernel)
}

/// Returns what a page fault was about, from its error code and CR2.
fn fault(error: u64) -> Fault {
    const WRITE: u64 = 1 << 1;
    const INSTRUCTION: u64 = 1 << 4;
    Fault {
        address: Cr2::read_raw(),
        write: error & WRITE != 0,
        instruction: error & INSTRUCTION != 0,
    }
}

/// An interrupt of a program: only ticks and requests to reschedule concern the kernel proper.
fn interrupted_program(cpu: &'static CpuBlock, vector: u8) -> ! {
    // Also one that nobody expects: unended it would keep all lower ones out. A spurious one needs no
    // end, but interrupts do not nest here, so there is nothing else that this could end.
    end_interrupt(vector);
    match vector {
        apic::TICK => {
            let mut kernel = lock_from_program(cpu);
            kernel.on_tick(cpu.id());
            act(cpu, kernel)
        }
        apic::RESCHEDULE => act(cpu, lock_from_program(cpu)),
        apic::SHOOTDOWN => shootdown::serve_in_program(cpu.id()),
        _ => {}
    }
    // SAFETY: still this CPU's, and as the program left them, so its `rip` and flags are valid.
    unsafe { return_to_program(cpu.regs()) }
}

/// Tells the APIC that an interrupt is dealt with; the one that asks until it is satisfied first is.
fn end_interrupt(vector: u8) {
    if vector == apic::SCI {
        sci::note();
    }
    apic::end_of_interrupt();
}

/// What the CPU and `trap.s` put on the stack.
#[derive(Debug)]
#[repr(C)]
struct TrapFrame {
    vector: u64,
    error: u64,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

/// An interrupt of the sleeping kernel, or an exception in the kernel, which is a bug.
#[unsafe(no_mangle)]
extern "C" fn trapped_in_kernel(frame: &TrapFrame) {
    let vector = frame.vector as u8;
    if vector < apic::FIRST_INTERRUPT {
        die(frame)
    }
    end_interrupt(vector);
    let cpu = CpuBlock::this();
    match vector {
        apic::TICK => cpu.note_tick(),
        apic::SHOOTDOWN => shootdown::serve_in_kernel(cpu.id()),
        _ => {}
    }
}

/// An exception that has a stack of its own.
#[unsafe(no_mangle)]
extern "C" fn fatal_trap(frame: &TrapFrame) -> ! {
    die(frame)
}

fn die(frame: &TrapFrame) -> ! {
    let name = match frame.vector {
        NMI => "non-maskable interrupt",
        DOUBLE_FAULT => "double fault",
        GENERAL_PROTECTION => "general protection fault",
        PAGE_FAULT => "page fault",
        MACHINE_CHECK => "machine check",
        _ => "exception",
    };
    let address = Cr2::read_raw();
    let TrapFrame { vector, error, rip, cs, rsp, .. } = frame;
    panic!(
        "{name} (vector {vector}) in ring {}: error {error:#x} rip {rip:#x} rsp {rsp:#x} cr2 {address:#x}",
        cs & 3
    )
}
