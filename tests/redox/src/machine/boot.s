// From QEMU (PVH: 32-bit protected mode, no paging, ebx = physical address of the start info) to 64-bit Rust,
// with the first 4 GiB mapped where they are.

.section .note.Xen, "a", @note
    .long 4, 4, 18              // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_start

.section .bss
.balign 4096
boot_top_table: .skip 4096
boot_low_tables: .skip 4096
boot_pages: .skip 4096 * 4      // 4 GiB in pages of 2 MiB
.balign 16
boot_stack: .skip 32768
boot_stack_top:

.set PAGES, 2048
.set PRESENT_WRITABLE, 0x3
.set LARGE_PAGE, 0x83

.section .boot, "ax"
.code32
.global pvh_start
pvh_start:
    cli
    cld
    mov esi, ebx
    mov eax, offset boot_low_tables + PRESENT_WRITABLE
    mov [boot_top_table], eax
    mov eax, offset boot_pages + PRESENT_WRITABLE
    mov edi, offset boot_low_tables
    mov ecx, 4
2:  mov [edi], eax
    add eax, 4096
    add edi, 8
    loop 2b
    mov edi, offset boot_pages
    mov eax, LARGE_PAGE
    mov ecx, PAGES
3:  mov [edi], eax
    add eax, 0x200000
    add edi, 8
    loop 3b
    lgdt [boot_segments_pointer]
    mov eax, cr4                // PAE, PGE; OSFXSR, as compiled code uses SSE
    or eax, (1 << 5) | (1 << 7) | (1 << 9)
    mov cr4, eax
    mov eax, offset boot_top_table
    mov cr3, eax
    mov ecx, 0xc0000080         // EFER: long mode, no-execute
    rdmsr
    or eax, (1 << 8) | (1 << 11)
    wrmsr
    mov eax, cr0                // no emulation, no write-through; paging, write protection
    and eax, ~((1 << 2) | (1 << 3) | (1 << 29) | (1 << 30))
    or eax, (1 << 31) | (1 << 16) | (1 << 1) | (1 << 0)
    mov cr0, eax
    ljmp 0x08, offset boot_64

.code64
boot_64:
    mov eax, 0x10
    mov ds, eax
    mov es, eax
    mov ss, eax
    xor eax, eax
    mov fs, eax
    mov gs, eax
    mov esp, offset boot_stack_top
    mov edi, esi
    xor ebp, ebp
    call loader_main
    ud2

.balign 8
boot_segments:
    .quad 0
    .quad 0x00af9a000000ffff    // 0x08: 64-bit code
    .quad 0x00cf92000000ffff    // 0x10: data
boot_segments_pointer:
    .word 23
    .long boot_segments
.section .text
