//! Bringing other CPUs into the kernel.
//!
//! A CPU is reset (INIT) and started (SIPI) in real mode at a page below 1 MiB, which gets a copy of
//! the trampoline of `boot.s` and two values: the CPU's stack and block. A CPU that was taken offline
//! is parked instead and needs only a word. One CPU starts at a time.

#![expect(unsafe_code, reason = "writes the page that other CPUs start in; is called from boot.s")]

use super::cpu::{self, CpuBlock};
use super::cpu_bits::CpuBits;
use super::{apic, clock, entry, physical, shootdown};
use core::sync::atomic::{AtomicBool, Ordering};
use zram_abi::CpuId;

/// Number of the page that CPUs start in; boot.s has it too. Boot data is no longer needed there.
const AP_PAGE: u8 = 8;
/// Offsets of the two values in the page.
const AP_STACK: usize = 0xff0;
const AP_BLOCK: usize = 0xff8;

/// Time between reset and start.
const RESET_US: u64 = 200;
/// Time for a CPU to report after it was started; a busy host may take long.
const START_MAX_NS: u64 = 5_000_000_000;
/// How often to start a CPU.
const TRIES: u32 = 2;

/// CPUs that have come into the kernel once; they are running or parked.
static STARTED: CpuBits = CpuBits::new();

/// Parked CPUs that shall come back.
static WANTED: CpuBits = CpuBits::new();

/// The CPU that is being started has arrived. Not the same as being online: when the starting CPU
/// looks again, the other may be offline once more.
static HAS_ARRIVED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    static ap_trampoline: u8;
    static ap_trampoline_end: u8;
}

/// A CPU did not report after it was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotStarted;

/// Notes that this CPU has come into the kernel, for [`start`].
pub(super) fn report_arrival(this: CpuId) {
    // Relaxed is enough: read under the same turn of `start` that the Release below ends.
    STARTED.insert(this, Ordering::Relaxed);
    // Release pairs with the Acquire in `arrives`.
    HAS_ARRIVED.store(true, Ordering::Release);
}

/// Returns whether this CPU, which is parked, is wanted again, and forgets it.
pub(super) fn take_wake(this: CpuId) -> bool {
    // Acquire pairs with the Release in `wake`: `HAS_ARRIVED` was cleared before.
    WANTED.remove(this, Ordering::Acquire).contains(this)
}

/// Starts a CPU and waits until it has reported: by a reset if it was never here, else it is parked.
///
/// # Errors
/// [`NotStarted`] if it does not report in time; a CPU that was reset is reset again and does nothing.
///
/// # Context
/// One CPU at a time is here, without the kernel lock.
pub(super) fn start(cpu: CpuId) -> Result<(), NotStarted> {
    // Relaxed is enough: the other CPU sees it by what starts it.
    HAS_ARRIVED.store(false, Ordering::Relaxed);
    // Relaxed is enough: as in `report_arrival`.
    if STARTED.load(Ordering::Relaxed).contains(cpu) { wake(cpu) } else { reset(cpu) }
}

fn wake(cpu: CpuId) -> Result<(), NotStarted> {
    // Release pairs with the Acquire in `take_wake`.
    WANTED.insert(cpu, Ordering::Release);
    apic::send_reschedule(cpu);
    if arrives() {
        return Ok(());
    }
    // Relaxed is enough: if the CPU has taken it, it comes late, which the kernel sees.
    WANTED.remove(cpu, Ordering::Relaxed);
    Err(NotStarted)
}

fn reset(cpu: CpuId) -> Result<(), NotStarted> {
    write_trampoline(cpu);
    apic::send_init(cpu);
    clock::wait_us(RESET_US);
    for _ in 0..TRIES {
        apic::send_startup(cpu, AP_PAGE);
        if arrives() {
            return Ok(());
        }
    }
    apic::send_init(cpu);
    Err(NotStarted)
}

/// Waits for the CPU that was started, and serves requests to this CPU meanwhile.
fn arrives() -> bool {
    let this = CpuBlock::this().id();
    let end_ns = clock::now_ns() + START_MAX_NS;
    while clock::now_ns() < end_ns {
        // Acquire pairs with the Release in `report_arrival`: what the CPU set up is done.
        if HAS_ARRIVED.load(Ordering::Acquire) {
            return true;
        }
        shootdown::serve_in_kernel(this);
        core::hint::spin_loop();
    }
    false
}

fn write_trampoline(cpu: CpuId) {
    let page: *mut u8 = physical::pointer(u64::from(AP_PAGE) << 12);
    let start = &raw const ap_trampoline;
    let size = (&raw const ap_trampoline_end).addr() - start.addr();
    assert!(size <= AP_STACK, "the trampoline leaves no room for its values");
    // SAFETY: the page is below 1 MiB, where nothing of the kernel is, and `size` fits into it.
    unsafe { page.copy_from_nonoverlapping(start, size) };
    let (block, stack_top) = CpuBlock::start_values(cpu);
    // SAFETY: in the page and aligned.
    unsafe { page.wrapping_add(AP_STACK).cast::<u64>().write(stack_top) };
    let block = block.expose_provenance() as u64;
    // SAFETY: in the page and aligned.
    unsafe { page.wrapping_add(AP_BLOCK).cast::<u64>().write(block) };
}

/// Where a CPU comes into Rust, called by `boot.s` with interrupts off, on its own stack.
///
/// # Safety
/// `block` is this CPU's block.
#[unsafe(no_mangle)]
unsafe extern "C" fn ap_main(block: *const CpuBlock) -> ! {
    // SAFETY: by the caller's promise; blocks are never freed.
    let block = unsafe { &*block };
    // SAFETY: as above: it is this CPU's, and stays where it is.
    unsafe { block.descriptors.load((&raw const *block).addr() as u64) };
    cpu::leave_boot_root(block.id());
    apic::start();
    apic::start_ticks();
    report_arrival(block.id());
    entry::enter_kernel(block)
}
