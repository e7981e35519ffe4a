// From the loader (PVH: 32-bit protected mode, no paging, ebx = physical address of the start info)
// to 64-bit Rust at the kernel's own addresses. Also the start of the other CPUs, which come from
// real mode through a page below 1 MiB that `smp` copies the trampoline to.
// Everything in .boot is linked where it is loaded; the rest of the image at -2 GiB + that address.

.section .note.Xen, "a", @note
    .long 4, 4, 18              // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_start

.section .bootbss, "aw", @nobits
.balign 4096
.global boot_top_table, boot_high_tables
boot_top_table: .skip 4096
boot_low_tables: .skip 4096     // level 3 of the physical map: 4 entries
boot_high_tables: .skip 4096    // level 3: the kernel image in the last but one entry, then stacks
boot_pages: .skip 4096 * 4      // level 2: 4 GiB of 2 MiB pages

.section .bss
.balign 4096
.global kernel_top_table
kernel_top_table: .skip 4096
.balign 16
boot_stack: .skip 65536
boot_stack_top:

.set PAGES, 2048                // pages of 2 MiB in 4 GiB
.set PRESENT_WRITABLE, 0x3
.set LARGE_PAGE, 0x83
.set UNCACHED, 0x18
.set DEVICES_PAGE, 1536         // memory ends below 3 GiB: devices from there on
.set PHYSICAL_MAP_ENTRY, 256

// The page of the trampoline; the numbers are in smp.rs too
.set AP_PAGE, 0x8000
.set AP_STACK, AP_PAGE + 0xff0  // upper end of the stack
.set AP_BLOCK, AP_PAGE + 0xff8  // address of the CPU's block

.section .boot, "ax"
.code32
.global pvh_start
pvh_start:
    cli
    cld
    mov esi, ebx
    mov eax, offset boot_low_tables + PRESENT_WRITABLE
    mov [boot_top_table], eax
    mov [boot_top_table + PHYSICAL_MAP_ENTRY * 8], eax
    mov eax, offset boot_high_tables + PRESENT_WRITABLE
    mov [boot_top_table + 511 * 8], eax
    mov eax, offset boot_pages + PRESENT_WRITABLE
    mov [boot_high_tables + 510 * 8], eax
    mov edi, offset boot_low_tables
    mov ecx, 4
2:  mov [edi], eax
    add eax, 4096
    add edi, 8
    loop 2b
    mov edi, offset boot_pages
    mov eax, LARGE_PAGE
    xor ecx, ecx
3:  mov [edi], eax
    cmp ecx, DEVICES_PAGE
    jb 4f
    or dword ptr [edi], UNCACHED
4:  add eax, 0x200000
    add edi, 8
    inc ecx
    cmp ecx, PAGES
    jb 3b
    lgdt [boot_segments_pointer]
    mov ebp, offset start64
    jmp enter_long_mode

// Switches to 64-bit mode and continues at ebp. Before any Rust code runs: SSE is on, as the compiler
// uses it (CR4: PAE, PGE, OSFXSR, OSXMMEXCPT; CR0: no emulation), pages can be no-execute and
// read-only also for the kernel.
enter_long_mode:
    mov eax, cr4
    or eax, (1 << 5) | (1 << 7) | (1 << 9) | (1 << 10)
    mov cr4, eax
    mov eax, offset boot_top_table
    mov cr3, eax
    mov ecx, 0xc0000080         // EFER: syscall, long mode, no-execute
    rdmsr
    or eax, (1 << 0) | (1 << 8) | (1 << 11)
    wrmsr
    mov eax, cr0
    and eax, ~((1 << 2) | (1 << 3) | (1 << 29) | (1 << 30))
    or eax, (1 << 31) | (1 << 16) | (1 << 1) | (1 << 0)
    mov cr0, eax
    ljmp 0x08, offset continue64

.code64
continue64:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    jmp rbp

start64:
    movabs rsp, offset boot_stack_top
    mov edi, esi
    xor ebp, ebp
    movabs rax, offset kernel_main
    call rax
    ud2

// Where another CPU comes from the trampoline; see AP_STACK and AP_BLOCK there.
ap_start64:
    mov rsp, [AP_STACK]
    mov rdi, [AP_BLOCK]
    xor ebp, ebp
    movabs rax, offset ap_main
    call rax
    ud2

.balign 8
boot_segments:
    .quad 0
    .quad 0x00af9a000000ffff    // 0x08: 64-bit code
    .quad 0x00cf92000000ffff    // 0x10: data
    .quad 0x00cf9a000000ffff    // 0x18: 32-bit code
boot_segments_pointer:
    .word 31
    .long boot_segments

// The trampoline, copied to AP_PAGE; the CPU starts at its first byte in real mode.
.section .rodata
.balign 16
.global ap_trampoline, ap_trampoline_end
ap_trampoline:
.code16
    .byte 0xeb, 0x0e            // jmp short to offset 16
    .balign 8, 0x90
    .word 31                    // offset 8: the segments again, with an address within reach
    .long boot_segments
    .word 0
    cli                         // offset 16
    cld
    xor ax, ax
    mov ds, ax
    lgdt [AP_PAGE + 8]
    mov eax, cr0
    or eax, 1
    mov cr0, eax
    .byte 0x66, 0xea            // jmp far 0x18:(32-bit offset)
    .long AP_PAGE + (5f - ap_trampoline)
    .word 0x18
.code32
5:  mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov ebp, offset ap_start64
    mov eax, offset enter_long_mode
    jmp eax
ap_trampoline_end:
.code64
.section .text
