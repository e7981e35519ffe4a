//! The memory functions that compiled Rust code calls, and the unwinder's names.
//!
//! For everything linked without libc: the programs, the kernel under `tests/host`, and the loader
//! of a Redox kernel. Naming the crate is enough (`use zram_rt_mem as _;`). Copying and filling use
//! the string instructions, which move eight bytes a step on QEMU's interpreter and whole cache
//! lines on hardware. `memcmp` compares eight bytes a step. The names are the C standard's; the
//! assembly must not call them itself.

#![no_std]
#![expect(unsafe_code, reason = "defines symbols that compiled code calls by name")]

use core::arch::naked_asm;

/// C's `memcpy`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep movsq",
        "mov ecx, edx",
        "and ecx, 7",
        "rep movsb",
        "ret",
    )
}

/// C's `memmove`: backwards, bytewise only where the ranges overlap the wrong way.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jae {memcpy}",
        "mov rax, rdi",
        "lea rdi, [rdi + rdx]",
        "lea rsi, [rsi + rdx]",
        "std",
        // Eight bytes a step from the end, then the first count % 8 bytes one by one.
        "mov rcx, rdx",
        "shr rcx, 3",
        "sub rdi, 8",
        "sub rsi, 8",
        "rep movsq",
        "add rdi, 7",
        "add rsi, 7",
        "mov ecx, edx",
        "and ecx, 7",
        "rep movsb",
        "cld",
        "ret",
        memcpy = sym memcpy,
    )
}

/// C's `memset`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    naked_asm!(
        "mov r8, rdi",
        "movzx eax, sil",
        "mov r9, 0x0101010101010101",
        "imul rax, r9",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep stosq",
        "mov ecx, edx",
        "and ecx, 7",
        "rep stosb",
        "mov rax, r8",
        "ret",
    )
}

/// C's `memcmp`: words while they are equal, then the bytes of the first that differ.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    naked_asm!(
        "xor ecx, ecx",
        "mov r9, rdx",
        "and r9, -8",
        "2:",
        "cmp rcx, r9",
        "je 3f",
        "mov rax, [rdi + rcx]",
        "cmp rax, [rsi + rcx]",
        "jne 3f",
        "add rcx, 8",
        "jmp 2b",
        "3:",
        "cmp rcx, rdx",
        "je 4f",
        "movzx eax, byte ptr [rdi + rcx]",
        "movzx r8d, byte ptr [rsi + rcx]",
        "inc rcx",
        "sub eax, r8d",
        "je 3b",
        "ret",
        "4:",
        "xor eax, eax",
        "ret",
    )
}

/// BSD's `bcmp`, which the compiler prefers for equality.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    naked_asm!("jmp {memcmp}", memcmp = sym memcmp)
}

/// C's `strlen`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    naked_asm!(
        "xor eax, eax",
        "2:",
        "cmp byte ptr [rdi + rax], 0",
        "je 3f",
        "inc rax",
        "jmp 2b",
        "3:",
        "ret",
    )
}

/// Named by the unwind tables of the precompiled `core` and `alloc`; panics abort, so never called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Named by the same tables; never called.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    unreachable!("panics abort")
}
