//! Per-CPU data: a block found through GS, and the page tree that the CPU has loaded.
//!
//! Blocks exist for all possible CPUs from boot on. Only its own CPU touches a block, except that the
//! booting CPU makes it; so its fields are cells. `trap.s` knows the first four fields.

#![expect(unsafe_code, reason = "finds the block through GS, loads CR3, sleeps")]

use super::descriptors::Descriptors;
use super::paging::Root;
use super::physical;
use super::regs::{Regs, RegsHandle};
use super::stack;
use crate::limits::CPUS_MAX;
use alloc::boxed::Box;
use core::arch::asm;
use core::cell::{Cell, RefCell};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::PhysFrame;
use zram_abi::CpuId;

/// Pages of a kernel stack, one a CPU; unoptimised builds need most of it.
const STACK_PAGES: usize = 16;

/// Pages of the stacks for exceptions that can come at any instruction (NMI, double fault).
const FATAL_STACK_PAGES: usize = 4;

/// Bytes that one CPU takes from the heap at boot, or a little less: stacks, alignment, block.
pub(super) const CPU_SIZE: usize = (STACK_PAGES + FATAL_STACK_PAGES + 4) * zram_abi::PAGE_SIZE;

/// A CPU's own block.
#[repr(C)]
pub(super) struct CpuBlock {
    /// Its own address, as GS can only be read through.
    this: Cell<*const CpuBlock>,
    /// Upper end of the kernel stack.
    stack_top: u64,
    /// Where an entry from ring 3 saves the registers.
    regs: Cell<*mut Regs>,
    /// The program's stack pointer during the first instructions of a system call.
    scratch: Cell<u64>,
    id: CpuId,
    /// Keeps the memory behind `regs` alive.
    running: RefCell<Option<RegsHandle>>,
    /// The FS base that was loaded for the thread in `running`.
    fs_base: Cell<u64>,
    /// A tick came while the CPU slept in the kernel.
    has_ticked: Cell<bool>,
    pub(super) descriptors: Descriptors,
}

// The same numbers as at the top of trap.s.
const _: () = assert!(offset_of!(CpuBlock, this) == 0);
const _: () = assert!(offset_of!(CpuBlock, stack_top) == 8);
const _: () = assert!(offset_of!(CpuBlock, regs) == 16);
const _: () = assert!(offset_of!(CpuBlock, scratch) == 24);

/// The blocks, once made.
static BLOCKS: [AtomicPtr<CpuBlock>; CPUS_MAX] =
    [const { AtomicPtr::new(ptr::null_mut()) }; CPUS_MAX];

/// The root that each CPU has in CR3; 0 before it starts.
static LOADED: [AtomicU64; CPUS_MAX] = [const { AtomicU64::new(0) }; CPUS_MAX];

impl CpuBlock {
    /// Makes the block of a CPU, with its stacks (boot).
    pub(super) fn make(id: CpuId) {
        let stack_top = stack::make(STACK_PAGES);
        let fatal_stack_top = stack::make(FATAL_STACK_PAGES);
        let block = Box::leak(Box::new(Self {
            this: Cell::new(ptr::null()),
            stack_top,
            regs: Cell::new(ptr::null_mut()),
            scratch: Cell::new(0),
            id,
            running: RefCell::new(None),
            fs_base: Cell::new(0),
            has_ticked: Cell::new(false),
            descriptors: Descriptors::new(stack_top, fatal_stack_top),
        }));
        block.this.set(block);
        // Release pairs with the Acquire in `of`.
        BLOCKS[id.index()].store(block, Ordering::Release);
    }

    /// Returns the address of a CPU's block and of the upper end of its stack, to start it with.
    ///
    /// # Panics
    /// If the block was not made.
    pub(super) fn start_values(id: CpuId) -> (*const Self, u64) {
        // Acquire pairs with the Release in `make`.
        let block = BLOCKS[id.index()].load(Ordering::Acquire).cast_const();
        assert!(!block.is_null(), "cpu {id} is not possible");
        // SAFETY: made by `make` and never freed; `stack_top` does not change.
        (block, unsafe { (*block).stack_top })
    }

    /// Returns this CPU's block; after its descriptors and GS were loaded.
    pub(super) fn this() -> &'static Self {
        let block: *const Self;
        // SAFETY: GS points to this CPU's block in ring 0, and its first field is its address.
        unsafe { asm!("mov {}, gs:[0]", out(reg) block, options(nostack, readonly, pure)) };
        // SAFETY: blocks are never freed, and only their own CPU comes here.
        unsafe { &*block }
    }

    /// Returns which CPU this is.
    pub(super) const fn id(&self) -> CpuId {
        self.id
    }

    /// Takes the registers of a thread, to run it; called with the kernel lock held.
    pub(super) fn begin_run(&self, handle: RegsHandle) -> *mut Regs {
        let regs = handle.begin_run();
        let is_same_thread = self.regs.replace(regs) == regs;
        // The last thread's block may go now: if it is not this one, it is no longer pointed to.
        self.running.replace(Some(handle));
        // SAFETY: the registers are this CPU's until `end_run`.
        let fs_base = unsafe { (*regs).fs_base() };
        if !is_same_thread || self.fs_base.get() != fs_base {
            self.fs_base.set(fs_base);
            x86_64::registers::model_specific::FsBase::write(x86_64::VirtAddr::new(fs_base));
        }
        regs
    }

    /// Gives the registers back to the thread; called with the kernel lock held.
    ///
    /// # Panics
    /// If this CPU runs no thread: ring 3 was entered without one.
    pub(super) fn end_run(&self) {
        self.running.borrow().as_ref().expect("a program ran, so it has registers").end_run();
    }

    /// Forgets the last thread: this CPU runs none; called with the kernel lock held.
    pub(super) fn forget_thread(&self) {
        self.regs.set(ptr::null_mut());
        self.running.replace(None);
    }

    /// Returns the registers that this CPU runs with.
    pub(super) fn regs(&self) -> *mut Regs {
        self.regs.get()
    }

    /// Notes a tick that came while the CPU slept.
    pub(super) fn note_tick(&self) {
        self.has_ticked.set(true);
    }

    /// Returns whether a tick was noted, and forgets it.
    pub(super) fn take_tick(&self) -> bool {
        self.has_ticked.take()
    }
}

unsafe extern "C" {
    /// The page tables of boot: the kernel's mappings, and physical = virtual below 4 GiB.
    static boot_top_table: [u64; 512];
    /// The kernel's own top table: only the kernel's mappings.
    static kernel_top_table: [u64; 512];
}

/// Returns the tree that has no program's pages; CPUs that run no thread use it.
pub(super) fn kernel_root() -> Root {
    Root::new(physical::of_image(&raw const kernel_top_table))
}

/// Returns the tree of boot, for CPUs that start. It is linked where it is loaded.
fn boot_root() -> Root {
    Root::new((&raw const boot_top_table).expose_provenance() as u64)
}

/// Loads a tree into CR3, unless this CPU has it already.
pub(super) fn load_root(this: CpuId, root: Root) {
    let loaded = &LOADED[this.index()];
    // Relaxed is enough: written by this CPU; others read it under the kernel lock, for an assertion.
    if loaded.load(Ordering::Relaxed) == root.address() {
        return;
    }
    let frame = PhysFrame::containing_address(PhysAddr::new(root.address()));
    // SAFETY: every tree maps the kernel's half as it is, so the kernel goes on; a `Root` is made
    // from a `PageTree` or for the kernel, and `PageTree::destroy` refuses while it is loaded.
    unsafe { Cr3::write(frame, Cr3Flags::empty()) };
    loaded.store(root.address(), Ordering::Relaxed);
}

/// Does any CPU have this tree loaded? Called with the kernel lock held.
pub(super) fn loaded_by_any(root: Root) -> bool {
    // Relaxed is enough: a CPU loads a program's tree under the kernel lock only.
    LOADED.iter().any(|loaded| loaded.load(Ordering::Relaxed) == root.address())
}

/// Goes from the tree of boot to the kernel's, on a CPU that just started.
pub(super) fn leave_boot_root(this: CpuId) {
    // Relaxed is enough: as in `load_root`.
    LOADED[this.index()].store(boot_root().address(), Ordering::Relaxed);
    load_root(this, kernel_root());
}

/// Fills the kernel's own tree: the kernel's half of the tree of boot (once, at boot).
pub(super) fn make_kernel_root() {
    let boot: *const u64 = physical::pointer(boot_root().address());
    let kernel: *mut u64 = physical::pointer(kernel_root().address());
    let (boot, kernel) = (boot.wrapping_add(256), kernel.wrapping_add(256));
    // SAFETY: both tables have 512 entries, and no CPU uses the copy yet.
    unsafe { kernel.copy_from_nonoverlapping(boot, 256) };
}

/// Sleeps until an interrupt was served. One that came before `sti` ends the sleep at once: `sti`
/// holds interrupts back for one more instruction.
///
/// # Context
/// Without the kernel lock; the thread's registers are saved, SSE included.
pub(super) fn sleep() {
    // SAFETY: interrupts arrive at `hlt` only; their handler may change what `clobber_abi` names,
    // which includes the SSE registers that `trap.s` does not save there.
    unsafe { asm!("sti", "hlt", "cli", clobber_abi("C")) };
}
