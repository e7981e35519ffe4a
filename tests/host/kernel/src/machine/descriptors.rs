//! Segments, the task state segment and the interrupt table: what the CPU itself looks up.
//!
//! Each CPU has its own segments and stacks; all share one interrupt table, whose 256 gates lead to
//! the stubs in `trap.s`. NMI, double fault and machine check get a stack of their own, because they
//! can come at any instruction. No gate may be called by programs.

#![expect(unsafe_code, reason = "loads descriptor tables and model-specific registers")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering};
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::{lidt, load_tss};
use x86_64::registers::model_specific::{GsBase, KernelGsBase, LStar, SFMask, Star};
use x86_64::registers::rflags::RFlags;
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

/// Non-maskable interrupt: the kernel reports where it was and ends.
pub(super) const NMI: u64 = 2;
pub(super) const DOUBLE_FAULT: u64 = 8;
pub(super) const GENERAL_PROTECTION: u64 = 13;
pub(super) const PAGE_FAULT: u64 = 14;
pub(super) const MACHINE_CHECK: u64 = 18;

/// The interrupt stack of [`NMI`], [`DOUBLE_FAULT`] and [`MACHINE_CHECK`]; the gate counts from 1.
const FATAL_STACK: usize = 0;

/// Selectors; `trap.s` has the user ones too.
const KERNEL_CODE: u16 = 0x08;
const USER_DATA: u16 = 0x1b;
const USER_CODE: u16 = 0x23;

/// Bytes of one stub in `trap.s`.
const STUB_SIZE: u64 = 16;

unsafe extern "C" {
    /// 256 stubs of [`STUB_SIZE`] bytes.
    static trap_stubs: u8;
    fn syscall_entry();
}

/// The interrupt table of all CPUs: 256 gates of two words. Atomic only to be a safe static: written
/// once at boot.
static GATES: [AtomicU64; 512] = [const { AtomicU64::new(0) }; 512];

/// Fills the interrupt table (once, at boot).
pub(super) fn make_gates() {
    let stubs = (&raw const trap_stubs).expose_provenance() as u64;
    for vector in 0..256 {
        let is_fatal = matches!(vector, NMI | DOUBLE_FAULT | MACHINE_CHECK);
        let stack = if is_fatal { FATAL_STACK as u64 + 1 } else { 0 };
        let gate = gate(stubs + vector * STUB_SIZE, stack);
        for (word, place) in gate.into_iter().zip(&GATES[vector as usize * 2..]) {
            // Relaxed is enough: no CPU uses the table yet.
            place.store(word, Ordering::Relaxed);
        }
    }
}

/// Returns the words of an interrupt gate (it switches interrupts off) for ring 0 only.
const fn gate(handler: u64, stack: u64) -> [u64; 2] {
    const PRESENT_INTERRUPT_GATE: u64 = 0x8e << 40;
    let low = (handler & 0xffff)
        | (KERNEL_CODE as u64) << 16
        | stack << 32
        | PRESENT_INTERRUPT_GATE
        | (handler >> 16 & 0xffff) << 48;
    [low, handler >> 32]
}

/// The tables of one CPU.
pub(super) struct Descriptors {
    segments: UnsafeCell<GlobalDescriptorTable>,
    task: TaskStateSegment,
}

impl Descriptors {
    /// Returns tables with these stacks, given by their upper ends.
    pub(super) fn new(stack_top: u64, fatal_stack_top: u64) -> Self {
        let mut task = TaskStateSegment::new();
        task.privilege_stack_table[0] = VirtAddr::new(stack_top);
        task.interrupt_stack_table[FATAL_STACK] = VirtAddr::new(fatal_stack_top);
        Self { segments: UnsafeCell::new(GlobalDescriptorTable::new()), task }
    }

    /// Loads the tables and lets GS and the system call entry know the CPU's block.
    ///
    /// # Safety
    /// `self` belongs to this CPU and is never moved or freed; `block` is the address of its
    /// `CpuBlock`.
    pub(super) unsafe fn load(&self, block: u64) {
        // SAFETY: only the CPU itself comes here, once each time it starts.
        let segments = unsafe { &mut *self.segments.get() };
        // Made anew each time: loading the task register marks its descriptor as busy.
        *segments = GlobalDescriptorTable::new();
        let code = segments.append(Descriptor::kernel_code_segment());
        let data = segments.append(Descriptor::kernel_data_segment());
        let user_data = segments.append(Descriptor::user_data_segment());
        let user_code = segments.append(Descriptor::user_code_segment());
        assert!((code.0, user_data.0, user_code.0) == (KERNEL_CODE, USER_DATA, USER_CODE));
        // SAFETY: the task state segment is a field of `self`, which stays where it is.
        let task = segments.append(unsafe { Descriptor::tss_segment_unchecked(&self.task) });
        // SAFETY: the table stays where it is, and was just filled for this kernel.
        unsafe { segments.load_unsafe() };
        // SAFETY: all selectors are those of the table just loaded.
        unsafe { select(code, data, task) };
        load_gates();
        start_syscalls(block, [user_code, user_data, code, data]);
    }
}

/// Makes the CPU use these segments.
///
/// # Safety
/// The loaded table has 64-bit code, data, and an available task state segment at these places.
unsafe fn select(code: SegmentSelector, data: SegmentSelector, task: SegmentSelector) {
    // SAFETY: 64-bit code with the same base, by the caller's promise.
    unsafe { CS::set_reg(code) };
    // SAFETY: flat data, by the caller's promise; so are the next two.
    unsafe { SS::set_reg(data) };
    // SAFETY: as above.
    unsafe { DS::set_reg(data) };
    // SAFETY: as above.
    unsafe { ES::set_reg(data) };
    // SAFETY: an available task state segment, by the caller's promise.
    unsafe { load_tss(task) };
}

fn load_gates() {
    let limit = (size_of_val(&GATES) - 1) as u16;
    let base = VirtAddr::from_ptr(&raw const GATES);
    // SAFETY: the table is static, and its gates lead to stubs made for them.
    unsafe { lidt(&DescriptorTablePointer { limit, base }) };
}

/// Sets GS and the model-specific registers of `syscall` and `sysret`; selectors as `Star` orders them.
fn start_syscalls(block: u64, [user_code, user_data, code, data]: [SegmentSelector; 4]) {
    GsBase::write(VirtAddr::new(block));
    KernelGsBase::write(VirtAddr::zero());
    Star::write(user_code, user_data, code, data).expect("the segments are in syscall's order");
    LStar::write(VirtAddr::new(syscall_entry as *const () as u64));
    // Interrupts, direction, single step: everything a program may set is off in the kernel.
    SFMask::write(RFlags::all().difference(RFlags::from_bits_retain(1 << 1)));
}
