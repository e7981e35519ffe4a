//! Bringing other CPUs into the kernel.
//!
//! A CPU is reset (INIT) and started (SIPI) in real mode at a page below 1 MiB, which gets a copy of
//! the trampoline of `boot.s` and two values: the CPU's stack and block. One CPU starts at a time.

#![expect(unsafe_code, reason = "writes the page that other CPUs start in; is called from boot.s")]

use super::cpu::{self, CpuBlock};
use super::cpu_id::{CpuId, CpuMask};
use super::{apic, clock, entry, physical};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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

/// CPUs that are in the kernel.
static ONLINE: AtomicU32 = AtomicU32::new(0);

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

/// Notes that this CPU is in the kernel.
pub(super) fn report_online(this: CpuId) {
    // Release pairs with the Acquire in `online`: what the CPU set up is done.
    ONLINE.fetch_or(CpuMask::of(this).bits(), Ordering::Release);
}

/// Starts a CPU and waits until it has reported.
///
/// # Errors
/// [`NotStarted`] after [`TRIES`] tries; the CPU is reset again and does nothing.
///
/// # Context
/// One CPU at a time is here, without the kernel lock; no shootdown waits for the CPU to start.
pub(super) fn start(cpu: CpuId) -> Result<(), NotStarted> {
    write_trampoline(cpu);
    // Relaxed is enough: the other CPU starts later, by an interrupt.
    HAS_ARRIVED.store(false, Ordering::Relaxed);
    apic::send_init(cpu);
    clock::wait_us(RESET_US);
    for _ in 0..TRIES {
        apic::send_startup(cpu, AP_PAGE);
        let end_ns = clock::now_ns() + START_MAX_NS;
        while clock::now_ns() < end_ns {
            // Acquire pairs with the Release in `ap_main`: what the CPU set up is done.
            if HAS_ARRIVED.load(Ordering::Acquire) {
                return Ok(());
            }
            core::hint::spin_loop();
        }
    }
    apic::send_init(cpu);
    Err(NotStarted)
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
    report_online(block.id());
    // Release pairs with the Acquire in `start`.
    HAS_ARRIVED.store(true, Ordering::Release);
    entry::enter_kernel(block)
}
