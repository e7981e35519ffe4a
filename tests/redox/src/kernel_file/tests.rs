//! Files that are a Redox kernel, and files that are something else.

extern crate std;

use std::vec::Vec;

use super::{BASE, KernelFile, Wrong};

/// A part of a file under test.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) in_file: u64,
    pub(crate) in_memory: u64,
}

const TEXT: Part =
    Part { address: BASE + 0x1000, offset: 0x1000, in_file: 0x800, in_memory: 0x2800 };

/// Returns an ELF file of that kind, for that machine, with parts that are to be loaded.
pub(crate) fn elf(kind: u16, machine: u16, entry: u64, parts: &[Part]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(kind.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    for word in [entry, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    for short in [64, 56, parts.len() as u16, 64, 0, 0] {
        file.extend(short.to_le_bytes());
    }
    for part in parts {
        header(&mut file, 1, part);
    }
    let end = parts.iter().map(|part| part.offset + part.in_file).max().unwrap_or(0);
    file.resize(file.len().max(end as usize), 0);
    file
}

fn header(file: &mut Vec<u8>, kind: u32, part: &Part) {
    file.extend(kind.to_le_bytes());
    file.extend(7_u32.to_le_bytes());
    let Part { address, offset, in_file, in_memory } = *part;
    for word in [offset, address, 0, in_file, in_memory, 4] {
        file.extend(word.to_le_bytes());
    }
}

fn wrong(file: &[u8]) -> Wrong {
    KernelFile::of(file).expect_err("it is something else")
}

#[test]
fn a_file_linked_as_a_redox_kernel_is_placed_with_zeros_behind_what_it_has() {
    let mut file = elf(2, 62, BASE + 0x1000, &[TEXT]);
    file[0x1000..0x1800].fill(0x90);
    // Symbols, which lie in the file where the part has zeros.
    file.resize(0x1900, 0x53);
    let kernel = KernelFile::of(&file).expect("it is a kernel");
    assert_eq!((kernel.size(), kernel.entry()), (0x4000, BASE + 0x1000));
    let mut memory = std::vec![0xff; 0x4000];
    kernel.place(&mut memory);
    assert!(memory[0x1000..0x1800].iter().all(|&byte| byte == 0x90));
    assert!(memory[0x1800..].iter().all(|&byte| byte == 0));
}

#[test]
fn what_is_no_elf_file_is_told() {
    assert_eq!(wrong(b"#!/bin/sh\n"), Wrong::NoElf);
    assert_eq!(wrong(&[]), Wrong::NoElf);
}

#[test]
fn a_file_that_ends_before_its_parts_is_damaged() {
    let mut file = elf(2, 62, BASE + 0x1000, &[TEXT]);
    file.truncate(0x1400);
    assert_eq!(wrong(&file), Wrong::NoElf);
}

#[test]
fn a_kernel_for_another_machine_is_told() {
    const AARCH64: u16 = 183;
    assert_eq!(wrong(&elf(2, AARCH64, BASE + 0x1000, &[TEXT])), Wrong::OtherMachine);
}

#[test]
fn a_program_is_no_kernel() {
    let program = elf(2, 62, 0x40_1000, &[Part { address: 0x40_1000, ..TEXT }]);
    assert_eq!(wrong(&program), Wrong::NoKernel);
    let with_libraries = elf(3, 62, 0x1000, &[Part { address: 0x1000, ..TEXT }]);
    assert_eq!(wrong(&with_libraries), Wrong::NoKernel);
}

#[test]
fn a_kernel_that_qemu_starts_by_itself_is_told() {
    let note = Part { address: 0, offset: 0x2000, in_file: 20, in_memory: 20 };
    let mut file = elf(2, 62, BASE + 0x1000, &[TEXT, TEXT]);
    // The second header becomes that of a note.
    let mut second = Vec::new();
    header(&mut second, 4, &note);
    file[64 + 56..64 + 112].copy_from_slice(&second);
    file.resize(0x2000, 0);
    for number in [4_u32, 4, 18] {
        file.extend(number.to_le_bytes());
    }
    file.extend(b"Xen\0");
    file.extend(0x10_0000_u32.to_le_bytes());
    assert_eq!(wrong(&file), Wrong::StartsByItself);
}

#[test]
fn a_kernel_with_another_layout_is_told() {
    let moved = Part { offset: 0x800, ..TEXT };
    assert_eq!(wrong(&elf(2, 62, BASE + 0x1000, &[moved])), Wrong::OtherLayout);
    assert_eq!(wrong(&elf(2, 62, BASE + 0x9000, &[TEXT])), Wrong::OtherLayout);
}

#[test]
fn a_kernel_that_wants_more_than_its_limit_is_told() {
    let large = Part { in_memory: super::SIZE_MAX, ..TEXT };
    assert_eq!(wrong(&elf(2, 62, BASE + 0x1000, &[large])), Wrong::TooLarge);
}
