//! The registers of a thread while it is not running.
//!
//! `trap.s` writes [`Regs`] on every entry from ring 3 and reads it on every return; the offsets at
//! its top must agree with the assertions here. A thread owns a [`SavedRegs`]; to let a CPU run it,
//! the kernel hands out a [`RegsHandle`], which keeps the memory alive. While a CPU runs with them
//! the registers belong to that CPU, and `get`/`get_mut` panic: a kernel bug, never a torn read.
//! x87 and MMX state is not saved: programs here must not use them (SSE is saved in full).

#![expect(unsafe_code, reason = "shares one register block with the entry code")]

use super::paging::UserPage;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering};

/// General registers, `rip`, `rflags`, the FS base, and SSE state of a thread.
#[derive(Clone)]
#[repr(C, align(16))]
pub(crate) struct Regs {
    pub(crate) rax: u64,
    pub(crate) rbx: u64,
    pub(crate) rcx: u64,
    pub(crate) rdx: u64,
    pub(crate) rsi: u64,
    pub(crate) rdi: u64,
    pub(crate) rbp: u64,
    pub(crate) r8: u64,
    pub(crate) r9: u64,
    pub(crate) r10: u64,
    pub(crate) r11: u64,
    pub(crate) r12: u64,
    pub(crate) r13: u64,
    pub(crate) r14: u64,
    pub(crate) r15: u64,
    /// Next instruction; behind `syscall` (2 bytes) after a system call.
    pub(crate) rip: u64,
    rflags: u64,
    pub(crate) rsp: u64,
    fs_base: u64,
    mxcsr: u64,
    xmm: [[u64; 2]; 16],
}

/// End of the addresses that belong to programs.
const USER_END: u64 = UserPage::END.address();

/// RFLAGS: bit 1 is always one, bit 9 lets interrupts in.
const RFLAGS_START: u64 = 1 << 1 | 1 << 9;

/// RFLAGS bits that belong to the program: CF PF AF ZF SF TF DF OF AC ID.
const RFLAGS_USER: u64 = 0x24_0dd5;

/// MXCSR after reset: all exceptions masked, round to nearest.
const MXCSR_START: u64 = 0x1f80;

impl Regs {
    /// Returns the registers of a thread that starts at `rip` on the stack `rsp`; all others are 0.
    pub(crate) const fn new(rip: u64, rsp: u64) -> Self {
        Self {
            rax: 0,
            rbx: 0,
            rcx: 0,
            rdx: 0,
            rsi: 0,
            rdi: 0,
            rbp: 0,
            r8: 0,
            r9: 0,
            r10: 0,
            r11: 0,
            r12: 0,
            r13: 0,
            r14: 0,
            r15: 0,
            rip,
            rflags: RFLAGS_START,
            rsp,
            fs_base: 0,
            mxcsr: MXCSR_START,
            xmm: [[0; 2]; 16],
        }
    }

    /// Returns the base of the FS segment (thread-local storage).
    pub(crate) const fn fs_base(&self) -> u64 {
        self.fs_base
    }

    /// Changes the base of the FS segment; returns false, and changes nothing, if it is no address
    /// of a program (the CPU would not take it).
    #[must_use]
    pub(crate) const fn set_fs_base(&mut self, base: u64) -> bool {
        let is_valid = base < USER_END;
        if is_valid {
            self.fs_base = base;
        }
        is_valid
    }

    /// Could the CPU go on at `rip`?
    pub(super) const fn has_user_rip(&self) -> bool {
        self.rip < USER_END
    }

    /// Leaves in `rflags` only what a program may have chosen, with interrupts on.
    pub(super) const fn clean_rflags(&mut self) {
        self.rflags = (self.rflags & RFLAGS_USER) | RFLAGS_START;
    }
}

// The same numbers as at the top of trap.s.
const _: () = assert!(offset_of!(Regs, rax) == 0);
const _: () = assert!(offset_of!(Regs, rbx) == 8);
const _: () = assert!(offset_of!(Regs, rcx) == 16);
const _: () = assert!(offset_of!(Regs, rdx) == 24);
const _: () = assert!(offset_of!(Regs, rsi) == 32);
const _: () = assert!(offset_of!(Regs, rdi) == 40);
const _: () = assert!(offset_of!(Regs, rbp) == 48);
const _: () = assert!(offset_of!(Regs, r8) == 56);
const _: () = assert!(offset_of!(Regs, r15) == 112);
const _: () = assert!(offset_of!(Regs, rip) == 120);
const _: () = assert!(offset_of!(Regs, rflags) == 128);
const _: () = assert!(offset_of!(Regs, rsp) == 136);
const _: () = assert!(offset_of!(Regs, mxcsr) == 152);
const _: () = assert!(offset_of!(Regs, xmm) == 160);

/// The shared block: the registers and who may touch them.
struct Shared {
    /// A CPU runs with these registers. Changed and read under the kernel lock only.
    is_running: AtomicBool,
    regs: UnsafeCell<Regs>,
}

// SAFETY: `regs` is touched by `SavedRegs` while `is_running` is false and by the CPU that runs the
// thread while it is true; the flag changes under the kernel lock, which orders the two.
unsafe impl Sync for Shared {}

/// The register block that a thread owns.
pub(crate) struct SavedRegs(Arc<Shared>);

impl SavedRegs {
    /// Returns a block with these registers.
    pub(crate) fn new(regs: Regs) -> Self {
        let is_running = AtomicBool::new(false);
        Self(Arc::new(Shared { is_running, regs: UnsafeCell::new(regs) }))
    }

    /// Returns the registers.
    ///
    /// # Panics
    /// If a CPU runs the thread now.
    pub(crate) fn get(&self) -> &Regs {
        self.assert_parked();
        // SAFETY: no CPU runs with the block, and it cannot begin to while `self` is borrowed:
        // that needs the kernel lock, whose holder is the one that borrows here.
        unsafe { &*self.0.regs.get() }
    }

    /// Returns the registers, to change them.
    ///
    /// # Panics
    /// If a CPU runs the thread now.
    pub(crate) fn get_mut(&mut self) -> &mut Regs {
        self.assert_parked();
        // SAFETY: as in `get`; and `self` is the only `SavedRegs` of this block, borrowed mutably.
        unsafe { &mut *self.0.regs.get() }
    }

    /// Returns what a CPU needs to run the thread.
    pub(crate) fn handle(&self) -> RegsHandle {
        RegsHandle(Arc::clone(&self.0))
    }

    fn assert_parked(&self) {
        // Relaxed is enough: the kernel lock orders every change with this read.
        assert!(!self.0.is_running.load(Ordering::Relaxed), "registers of a running thread");
    }
}

/// A CPU's hold on the registers of the thread that it runs.
pub(crate) struct RegsHandle(Arc<Shared>);

impl RegsHandle {
    /// Gives the registers to the calling CPU; called with the kernel lock held.
    ///
    /// # Panics
    /// If another CPU has them.
    pub(super) fn begin_run(&self) -> *mut Regs {
        // Relaxed is enough: the kernel lock orders all accesses.
        let was_running = self.0.is_running.swap(true, Ordering::Relaxed);
        assert!(!was_running, "a thread runs on two CPUs");
        self.0.regs.get()
    }

    /// Gives the registers back to the thread; called with the kernel lock held.
    pub(super) fn end_run(&self) {
        // Relaxed is enough: the kernel lock orders all accesses.
        self.0.is_running.store(false, Ordering::Relaxed);
    }
}
