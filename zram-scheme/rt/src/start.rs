//! The first instructions of a program.
//!
//! The creator of a process leaves argc, arguments, environment and auxiliary vector on the stack,
//! as on Redox and Linux. The first program of the system is started without a stack (Redox does
//! the same with its bootstrap); it gets one of this file's. Relies on `entry!` for the program.

use core::arch::naked_asm;

use crate::heap::HeapSize;
use crate::{environment, heap, process};

/// What `entry!` says about a program.
#[derive(Debug)]
pub struct Program {
    /// The program itself; returns the exit code.
    pub main: fn() -> u8,
    /// How large its heap is.
    pub heap: HeapSize,
}

/// Stack of the system's first program; 64 KiB is a quarter of what others get, and it starts
/// threads of its own for everything deep.
const FIRST_STACK_SIZE: usize = 64 * 1024;

#[repr(C, align(16))]
struct FirstStack(core::cell::UnsafeCell<[u8; FIRST_STACK_SIZE]>);

// SAFETY: only the first thread uses it, as its stack, through `_start`.
unsafe impl Sync for FirstStack {}

static FIRST_STACK: FirstStack = FirstStack(core::cell::UnsafeCell::new([0; FIRST_STACK_SIZE]));

unsafe extern "Rust" {
    static ZRAM_RT_PROGRAM: Program;
}

/// Where the kernel enters the program.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!(
        "xor ebp, ebp",
        "mov rdi, rsp",
        "test rsp, rsp",
        "jnz 2f",
        "lea rsp, [rip + {stack} + {size}]",
        "2:",
        "and rsp, -16",
        "call {start}",
        "ud2",
        stack = sym FIRST_STACK,
        size = const FIRST_STACK_SIZE,
        start = sym start,
    )
}

extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: `_start` passes the stack pointer of the entry, before anything was pushed: null, or
    // what the creator of the process laid out.
    unsafe { environment::initialise(stack) };
    // SAFETY: `entry!` defines this symbol with this type; without it the program does not link.
    let program = unsafe { &ZRAM_RT_PROGRAM };
    heap::initialise(program.heap);
    process::exit((program.main)())
}
