// Entries from ring 3 (system call, exception, interrupt), the return to it, and interrupts of the
// sleeping kernel. An entry from ring 3 saves everything into the running thread's Regs, whose address
// is in the CPU's block, and starts with an empty kernel stack; nothing returns through that stack.

// struct Regs; asserted in regs.rs
.set REGS_RAX, 0
.set REGS_RBX, 8
.set REGS_RCX, 16
.set REGS_RDX, 24
.set REGS_RSI, 32
.set REGS_RDI, 40
.set REGS_RBP, 48
.set REGS_R8, 56
.set REGS_R9, 64
.set REGS_R10, 72
.set REGS_R11, 80
.set REGS_R12, 88
.set REGS_R13, 96
.set REGS_R14, 104
.set REGS_R15, 112
.set REGS_RIP, 120
.set REGS_RFLAGS, 128
.set REGS_RSP, 136
.set REGS_MXCSR, 152
.set REGS_XMM, 160

// struct CpuBlock; asserted in cpu.rs
.set CPU_STACK_TOP, 8
.set CPU_REGS, 16
.set CPU_SCRATCH, 24

// selectors; asserted in descriptors.rs
.set USER_DATA, 0x1b
.set USER_CODE, 0x23

// All general registers but rax (and rsp), and the SSE state. Kernel code uses SSE, so what a program
// had there is saved on every entry. The kernel runs with the program's MXCSR: it computes no floats.
.macro SAVE to
    mov [\to + REGS_RBX], rbx
    mov [\to + REGS_RCX], rcx
    mov [\to + REGS_RDX], rdx
    mov [\to + REGS_RSI], rsi
    mov [\to + REGS_RDI], rdi
    mov [\to + REGS_RBP], rbp
    mov [\to + REGS_R8], r8
    mov [\to + REGS_R9], r9
    mov [\to + REGS_R10], r10
    mov [\to + REGS_R11], r11
    mov [\to + REGS_R12], r12
    mov [\to + REGS_R13], r13
    mov [\to + REGS_R14], r14
    mov [\to + REGS_R15], r15
    stmxcsr [\to + REGS_MXCSR]
    movaps [\to + REGS_XMM + 0], xmm0
    movaps [\to + REGS_XMM + 16], xmm1
    movaps [\to + REGS_XMM + 32], xmm2
    movaps [\to + REGS_XMM + 48], xmm3
    movaps [\to + REGS_XMM + 64], xmm4
    movaps [\to + REGS_XMM + 80], xmm5
    movaps [\to + REGS_XMM + 96], xmm6
    movaps [\to + REGS_XMM + 112], xmm7
    movaps [\to + REGS_XMM + 128], xmm8
    movaps [\to + REGS_XMM + 144], xmm9
    movaps [\to + REGS_XMM + 160], xmm10
    movaps [\to + REGS_XMM + 176], xmm11
    movaps [\to + REGS_XMM + 192], xmm12
    movaps [\to + REGS_XMM + 208], xmm13
    movaps [\to + REGS_XMM + 224], xmm14
    movaps [\to + REGS_XMM + 240], xmm15
.endm

// What SAVE saved, but for rcx, r11 (the returns differ there) and rdi, which holds the address.
.macro RESTORE
    ldmxcsr [rdi + REGS_MXCSR]
    movaps xmm0, [rdi + REGS_XMM + 0]
    movaps xmm1, [rdi + REGS_XMM + 16]
    movaps xmm2, [rdi + REGS_XMM + 32]
    movaps xmm3, [rdi + REGS_XMM + 48]
    movaps xmm4, [rdi + REGS_XMM + 64]
    movaps xmm5, [rdi + REGS_XMM + 80]
    movaps xmm6, [rdi + REGS_XMM + 96]
    movaps xmm7, [rdi + REGS_XMM + 112]
    movaps xmm8, [rdi + REGS_XMM + 128]
    movaps xmm9, [rdi + REGS_XMM + 144]
    movaps xmm10, [rdi + REGS_XMM + 160]
    movaps xmm11, [rdi + REGS_XMM + 176]
    movaps xmm12, [rdi + REGS_XMM + 192]
    movaps xmm13, [rdi + REGS_XMM + 208]
    movaps xmm14, [rdi + REGS_XMM + 224]
    movaps xmm15, [rdi + REGS_XMM + 240]
    mov rax, [rdi + REGS_RAX]
    mov rbx, [rdi + REGS_RBX]
    mov rdx, [rdi + REGS_RDX]
    mov rsi, [rdi + REGS_RSI]
    mov rbp, [rdi + REGS_RBP]
    mov r8, [rdi + REGS_R8]
    mov r9, [rdi + REGS_R9]
    mov r10, [rdi + REGS_R10]
    mov r12, [rdi + REGS_R12]
    mov r13, [rdi + REGS_R13]
    mov r14, [rdi + REGS_R14]
    mov r15, [rdi + REGS_R15]
.endm

.section .text
.balign 16
.global syscall_entry
syscall_entry:
    swapgs
    mov gs:[CPU_SCRATCH], rsp
    mov rsp, gs:[CPU_REGS]      // as a pointer only: interrupts are off, NMI has its own stack
    mov [rsp + REGS_RAX], rax
    SAVE rsp
    mov [rsp + REGS_RIP], rcx   // where `syscall` puts them
    mov [rsp + REGS_RFLAGS], r11
    mov rax, gs:[CPU_SCRATCH]
    mov [rsp + REGS_RSP], rax
    mov rsp, gs:[CPU_STACK_TOP]
    xor ebp, ebp
    call entered_by_syscall
    ud2

// On the stack here: vector, error code, rip, cs, rflags, rsp, ss.
.balign 16
trap_entry:
    cld
    test byte ptr [rsp + 24], 3
    jz trap_in_kernel
    swapgs
    push rax
    mov rax, gs:[CPU_REGS]
    SAVE rax
    pop rbx
    mov [rax + REGS_RAX], rbx
    mov rbx, [rsp + 16]
    mov [rax + REGS_RIP], rbx
    mov rbx, [rsp + 32]
    mov [rax + REGS_RFLAGS], rbx
    mov rbx, [rsp + 40]
    mov [rax + REGS_RSP], rbx
    mov rdi, [rsp]
    mov rsi, [rsp + 8]
    mov rsp, gs:[CPU_STACK_TOP] // the CPU has put this frame at the same place: no longer needed
    xor ebp, ebp
    call entered_by_trap
    ud2

// Only `cpu::sleep` lets interrupts in, and it expects all that a C function may change to be
// changed (SSE too). Everything else that comes here is fatal and does not return.
trap_in_kernel:
    push rax
    push rcx
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    lea rdi, [rsp + 72]         // 9 registers
    call trapped_in_kernel
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rax
    add rsp, 16
    iretq

// Exceptions that can come at any instruction, also between `syscall` and `swapgs`: GS is not used.
.balign 16
fatal_entry:
    cld
    mov rdi, rsp
    and rsp, -16
    call fatal_trap
    ud2

// 256 stubs of 16 bytes: make all frames alike (8, 10-14, 17, 21, 29, 30 come with an error code).
.altmacro
.macro STUB vector
    .balign 16
    .if (\vector == 8) || (\vector >= 10 && \vector <= 14) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30)
    .else
    push 0
    .endif
    push \vector
    .if (\vector == 2) || (\vector == 8) || (\vector == 18)
    jmp fatal_entry
    .else
    jmp trap_entry
    .endif
.endm

.balign 16
.global trap_stubs
trap_stubs:
.set i, 0
.rept 256
    STUB %i
    .set i, i + 1
.endr
.noaltmacro

// fn return_to_program(rdi: *const Regs) -> !
// `sysret` is quicker but loses rcx and r11, so it is for threads that came by `syscall`: there they
// equal rip and rflags. The caller made sure that rip is a program's and that rflags are clean.
.balign 16
.global return_to_program
return_to_program:
    mov rcx, [rdi + REGS_RIP]
    mov r11, [rdi + REGS_RFLAGS]
    cmp rcx, [rdi + REGS_RCX]
    jne 2f
    cmp r11, [rdi + REGS_R11]
    jne 2f
    RESTORE
    mov rsp, [rdi + REGS_RSP]
    mov rdi, [rdi + REGS_RDI]
    swapgs
    sysretq
2:  push USER_DATA
    push qword ptr [rdi + REGS_RSP]
    push r11
    push USER_CODE
    push rcx
    RESTORE
    mov rcx, [rdi + REGS_RCX]
    mov r11, [rdi + REGS_R11]
    mov rdi, [rdi + REGS_RDI]
    swapgs
    iretq
