//! The loader: PVH entry, long mode, and everything that a Redox kernel needs before its entry.
//!
//! QEMU starts it as it starts this repository's own kernel. The initrd is an archive with one
//! file, `redox-kernel`, and behind it, unchanged, the initrd that the own kernel gets: `init` and
//! all programs. The library knows what a kernel expects; `machine` has all `unsafe` code. An error
//! is printed on the serial line, and the machine ends with a status of failure.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod machine;

use core::ops::Range;

use host_core::cpio::Entries;
use redox_loader::arguments::{Area, Arguments, Places, Use};
use redox_loader::bootstrap::Bootstrap;
use redox_loader::kernel_file::KernelFile;
use redox_loader::root_table;
use redox_loader::tables;
use redox_loader::{PAGE_SIZE, programs_at};

use machine::memory::{self, Memory};
use machine::start_info::StartInfo;
use machine::statics::{AREAS_MAX, Statics};

/// Where the kernel's image goes: above what firmware and loader use.
const KERNEL: u64 = 32 << 20;

/// The kernel in its archive, and the first program in the one behind it.
const KERNEL_NAME: &str = "redox-kernel";
const INIT_NAME: &str = "init";

/// Why there is no kernel to be entered.
type Failure = &'static str;

/// Loads what the start info leads to, and enters it.
fn load(info: StartInfo, memory: &mut Memory) -> Result<(), Failure> {
    let initrd = info.module().ok_or("there is no initrd")?;
    // Nothing below writes there: all places end below it.
    let archive = memory.read(initrd.clone());
    let (kernel, programs) = split(archive)?;
    let init = file(programs, INIT_NAME).ok_or("there is no init behind the kernel's archive")?;
    let kernel = KernelFile::of(kernel).map_err(|_| "the kernel's file is no Redox kernel")?;
    let bootstrap = Bootstrap::new(init, programs).ok_or("init is no static program")?;
    let kernel_place = KERNEL..KERNEL + kernel.size();
    let start = kernel_place.end.next_multiple_of(2 << 20);
    let bootstrap_place = start..start + bootstrap.size();
    if bootstrap_place.end > initrd.start {
        return Err("there is too little memory for kernel and programs below the initrd");
    }
    kernel.place(memory.write(kernel_place.clone()));
    bootstrap.place(memory.write(bootstrap_place.clone()));
    let statics = Statics::take();
    let start = bootstrap.archive_address();
    let archive = start..start + bootstrap.archive_size();
    let written = statics.text.write_env(info.words(), archive);
    written.map_err(|_| "the command line is too long")?;
    let tables_at = memory::address_of(&statics.tables);
    tables::fill(&mut statics.tables, tables_at, kernel_place.clone());
    let text = memory::address_of(statics.text.as_bytes());
    let areas = memory::address_of(&statics.areas);
    let count = list_memory(info, &mut statics.areas)?;
    statics.arguments = Arguments::new(Places {
        kernel: kernel_place,
        text: text..text + statics.text.length() as u64,
        root_pointer: root_pointer(info, memory, &mut statics.pointer, &mut statics.root)?,
        areas: areas..areas + (count * size_of::<Area>()) as u64,
        bootstrap: bootstrap_place,
    });
    memory::enter(kernel.entry(), tables_at, &statics.arguments)
}

/// Returns the kernel's file, and the archive of programs behind its archive.
fn split(archive: &[u8]) -> Result<(&[u8], &[u8]), Failure> {
    let kernel = file(archive, KERNEL_NAME).ok_or("the initrd does not begin with redox-kernel")?;
    let start = programs_at(memory::offset_in(archive, kernel) + kernel.len());
    Ok((kernel, archive.get(start..).unwrap_or(&[])))
}

fn file<'a>(archive: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Entries::of(archive).find(|&(found, _)| found == name).map(|(_, content)| content)
}

/// Writes what memory there is, and that the loader has some of it; returns how many entries that are.
fn list_memory(info: StartInfo, areas: &mut [Area; AREAS_MAX]) -> Result<usize, Failure> {
    let own = Area::new(memory::own(), Use::Loader);
    let found = info
        .memory()
        .map(|(range, is_free)| Area::new(range, if is_free { Use::Free } else { Use::Reserved }));
    let mut count = 0;
    for area in found.chain([own]) {
        *areas.get_mut(count).ok_or("there are too many areas of memory")? = area;
        count += 1;
    }
    Ok(count)
}

/// Returns where a root pointer is whose table has 64-bit addresses.
fn root_pointer(
    info: StartInfo,
    memory: &Memory,
    pointer: &mut [u8; root_table::POINTER_SIZE],
    table: &mut [u8; PAGE_SIZE as usize],
) -> Result<Range<u64>, Failure> {
    let at = info.root_pointer().ok_or("the firmware has no ACPI tables")?;
    let given = at..at + root_table::POINTER_SIZE as u64;
    let old = memory.read(given.clone()).try_into().map_err(|_| "the ACPI pointer is cut")?;
    let Some(old_at) = root_table::old_table(old) else { return Ok(given) };
    let header = memory.read(old_at..old_at + root_table::HEADER_SIZE as u64).try_into();
    let header = header.map_err(|_| "the ACPI root table is cut")?;
    let size = root_table::old_table_size(header).ok_or("the ACPI root table is damaged")?;
    root_table::write_table(memory.read(old_at..old_at + size as u64), table);
    *pointer = root_table::pointer(old, memory::address_of(&*table));
    let place = memory::address_of(&*pointer);
    Ok(place..place + root_table::POINTER_SIZE as u64)
}
