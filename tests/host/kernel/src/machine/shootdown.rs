//! Making other CPUs drop old translations.
//!
//! The CPU that asks writes the addresses into its own request, marks itself as pending at each of
//! the others, interrupts them and waits, without the kernel lock, until all have answered. They
//! answer in the interrupt (from ring 3, or while idle), or while they wait for the kernel lock or
//! for a shootdown of their own. A CPU that holds the kernel lock answers once it leaves the
//! kernel; it does leave, because no CPU waits for another while it holds the lock.
//!
//! A CPU that has waited for a while sleeps until an interrupt: the CPU that must answer may share
//! a host's core with it, and spinning would keep that CPU from running.

#![expect(unsafe_code, reason = "a request shared by the protocol described above; invlpg")]

use super::action::Pages;
use super::cpu;
use super::cpu_bits::CpuBits;
use super::{apic, clock};
use crate::limits::CPUS_MAX;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};
use x86_64::VirtAddr;
use x86_64::instructions::tlb;
use zram_abi::{CpuId, CpuSet};

/// After so long without an answer a CPU is taken for dead, which is a kernel panic. The host may
/// keep a virtual CPU waiting for a long time.
const ANSWER_MAX_NS: u64 = 30_000_000_000;

/// So long a CPU spins for answers before it sleeps: some answers of CPUs that run.
const SPIN_NS: u64 = 20_000;

/// What one CPU asks of others.
struct Request {
    /// Who has not answered.
    unanswered: CpuBits,
    /// The asking CPU sleeps, and wants an interrupt when all have answered.
    sleeps: AtomicBool,
    /// Written by the asking CPU while nothing is unanswered, read by the others until they answer.
    pages: UnsafeCell<Pages>,
}

// SAFETY: `pages` is written while `unanswered` is 0 and read while it is not; see the fields.
unsafe impl Sync for Request {}

static REQUESTS: [Request; CPUS_MAX] = [const {
    Request {
        unanswered: CpuBits::new(),
        sleeps: AtomicBool::new(false),
        pages: UnsafeCell::new(Pages::none()),
    }
}; CPUS_MAX];

/// Per CPU: who waits for its answer.
static PENDING: [CpuBits; CPUS_MAX] = [const { CpuBits::new() }; CPUS_MAX];

/// Where a CPU was when it was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Program,
    Kernel,
}

/// Makes the CPUs in the mask forget these pages, and waits until they have.
///
/// # Context
/// Without the kernel lock; the CPUs in the mask are online.
pub(super) fn request(this: CpuId, cpus: CpuSet, pages: &Pages) {
    let others = cpus.without(this);
    let request = &REQUESTS[this.index()];
    // SAFETY: all answered the last request (it was awaited), so nobody reads the pages now.
    unsafe { *request.pages.get() = *pages };
    // Relaxed is enough: published by the Release below.
    request.unanswered.store(others, Ordering::Relaxed);
    for other in others.iter() {
        // Release pairs with the Acquire in `serve`: the other CPU sees the request.
        PENDING[other.index()].insert(this, Ordering::Release);
        apic::send(other, apic::SHOOTDOWN);
    }
    if cpus.contains(this) {
        forget(this, pages, From::Kernel);
    }
    await_answers(this, request);
}

fn await_answers(this: CpuId, request: &Request) {
    let began_ns = clock::now_ns();
    loop {
        // Acquire pairs with the Release in `serve`: the others' TLBs are clean from here on.
        let unanswered = request.unanswered.load(Ordering::Acquire);
        if unanswered.is_empty() {
            return;
        }
        serve_in_kernel(this);
        let waited_ns = clock::now_ns() - began_ns;
        assert!(waited_ns < ANSWER_MAX_NS, "{unanswered:?} do not answer a shootdown");
        if waited_ns < SPIN_NS { core::hint::spin_loop() } else { sleep_until_answered(request) }
    }
}

/// Sleeps until an interrupt, unless all have answered: the last answer's, or any other.
fn sleep_until_answered(request: &Request) {
    // SeqCst here and in `serve`: of this store and load and that change and load, at least one load
    // sees the other side's change, so that either this CPU does not sleep or it is woken.
    request.sleeps.store(true, Ordering::SeqCst);
    if !request.unanswered.load(Ordering::SeqCst).is_empty() {
        cpu::sleep();
    }
    // Relaxed: an interrupt too many does no harm.
    request.sleeps.store(false, Ordering::Relaxed);
}

/// Answers the requests that wait for this CPU, which is in the kernel.
pub(super) fn serve_in_kernel(this: CpuId) {
    serve(this, From::Kernel);
}

/// Answers the requests that wait for this CPU, which goes back to ring 3 at once.
pub(super) fn serve_in_program(this: CpuId) {
    serve(this, From::Program);
}

fn serve(this: CpuId, from: From) {
    let pending = &PENDING[this.index()];
    // Relaxed is enough: a request that is missed now comes with an interrupt.
    if pending.load(Ordering::Relaxed).is_empty() {
        return;
    }
    // Acquire pairs with the Release in `request`.
    let askers = pending.take(Ordering::Acquire);
    for asker in askers.iter() {
        let request = &REQUESTS[asker.index()];
        // SAFETY: the asking CPU does not write the pages before this CPU answered.
        forget(this, unsafe { &*request.pages.get() }, from);
        // The Release in it pairs with the Acquire in `await_answers`; the rest as said there.
        let before = request.unanswered.remove(this, Ordering::SeqCst);
        let is_last = before == CpuSet::of(this);
        if is_last && request.sleeps.load(Ordering::SeqCst) {
            apic::send_reschedule(asker);
        }
    }
}

fn forget(this: CpuId, pages: &Pages, from: From) {
    match (pages, from) {
        (Pages::List { list, count }, _) => {
            for page in &list[..*count] {
                tlb::flush(VirtAddr::new(page.address()));
            }
        }
        (Pages::All, From::Program) => tlb::flush_all(),
        (Pages::All, From::Kernel) => cpu::load_root(this, cpu::kernel_root()),
    }
}
