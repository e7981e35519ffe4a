//! Ways to crash: each must end this program and nothing else.

#![expect(unsafe_code, reason = "breaking the rules is what these are for")]

use core::arch::asm;

/// Name and deed.
type Crash = (&'static str, fn());

/// Every way.
pub(crate) const ALL: [Crash; 9] = [
    ("crash", write_to_nothing),
    ("gpf", privileged_instruction),
    ("undefined", undefined_instruction),
    ("divide", divide_by_zero),
    ("stack", overflow_the_stack),
    ("kernelptr", read_the_kernel),
    ("noncanonical", jump_nowhere),
    ("writecode", write_to_code),
    ("rundata", run_data),
];

/// An address that no program of ours maps.
const NOWHERE: usize = 0x10;

/// Where the kernel maps all memory, on ours as on Redox.
const KERNEL: usize = 0xffff_8000_0000_0000;

/// Neither in the lower nor in the upper half.
const NONCANONICAL: usize = 0x0001_0000_0000_0000;

fn write_to_nothing() {
    // SAFETY: nothing of ours lies there; it ends the program.
    unsafe { asm!("mov byte ptr [{at}], 1", at = in(reg) NOWHERE) };
}

fn privileged_instruction() {
    // SAFETY: it is refused to ring 3, which ends the program.
    unsafe { asm!("cli") };
}

fn undefined_instruction() {
    // SAFETY: its only effect is the exception.
    unsafe { asm!("ud2") };
}

fn divide_by_zero() {
    // SAFETY: its only effect is the exception.
    unsafe {
        asm!("div {zero}", zero = in(reg) 0_u64, inout("rax") 1_u64 => _, inout("rdx") 0_u64 => _)
    };
}

fn overflow_the_stack() {
    // SAFETY: pushes until the page below the stack, which is forbidden; it ends the program.
    unsafe { asm!("2:", "push rax", "jmp 2b", options(noreturn)) };
}

fn read_the_kernel() {
    // SAFETY: nothing of ours lies there; it ends the program.
    unsafe { asm!("mov al, byte ptr [{at}]", at = in(reg) KERNEL, out("al") _) };
}

fn jump_nowhere() {
    // SAFETY: the jump faults before anything runs; it ends the program.
    unsafe { asm!("jmp {at}", at = in(reg) NONCANONICAL, options(noreturn)) };
}

fn write_to_code() {
    let code = write_to_code as fn() as usize;
    // SAFETY: code is mapped read-only, so it ends the program.
    unsafe { asm!("mov byte ptr [{at}], 0xc3", at = in(reg) code) };
}

fn run_data() {
    // A single return instruction, where no code may lie.
    let data = alloc::vec![0xc3_u8; 16];
    // SAFETY: data is not executable, so it ends the program; were it, it would only return.
    unsafe { asm!("call {at}", at = in(reg) data.as_ptr(), clobber_abi("C")) };
}
