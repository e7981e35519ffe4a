//! From the loader to the first program: brings up the machine, then hands it to the kernel.

#![expect(unsafe_code, reason = "is called from boot.s and gives out the machine's memory")]

use super::cpu::{self, CpuBlock};
use super::frames::{FRAME_SIZE, Frame, FrameTable};
use super::initrd::Initrd;
use super::memory_map::MemoryMap;
use super::start_info::StartInfo;
use super::{acpi, apic, cpu_slots, descriptors, entry, heap, physical, sci, serial, smp, stack};
use crate::kernel::Kernel;
use alloc::string::String;
use core::arch::global_asm;
use zram_abi::{CpuId, CpuSet};

global_asm!(include_str!("boot.s"));

/// What the kernel proper begins with.
pub(crate) struct BootInfo {
    /// All memory that the kernel did not keep.
    pub(crate) frames: FrameTable,
    /// The initial file archive; its frames are not yet in `frames`.
    pub(crate) initrd: Initrd,
    /// The command line.
    pub(crate) cmdline: &'static str,
    /// CPUs that are there or may come.
    pub(crate) possible: CpuSet,
    /// CPUs that are there; all of them are in the kernel (online) and wait for it.
    pub(crate) present: CpuSet,
}

unsafe extern "C" {
    static kernel_end: u8;
}

/// Where the booting CPU comes into Rust, called by `boot.s` with interrupts off.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(start_info: u64) -> ! {
    serial::start();
    let info = StartInfo::new(start_info);
    let mut map = memory_map(info);
    let frames = place_memory(&mut map);
    let initrd = info.module().unwrap_or(0..0);
    // SAFETY: `memory_map` kept the archive's frames from everybody else.
    let initrd = unsafe { Initrd::new(initrd.start, (initrd.end - initrd.start) as usize) };
    let cmdline = String::from(info.cmdline()).leak();
    let cpus = start_cpus(info.rsdp());
    let (possible, present) = (cpus.possible, cpus.present);
    let kernel = Kernel::new(BootInfo { frames, initrd, cmdline, possible, present });
    entry::begin(kernel)
}

/// Returns the machine's memory, with the kernel's image and the archive taken.
fn memory_map(info: StartInfo) -> MemoryMap {
    let mut map = MemoryMap::new();
    info.memory().for_each(|range| map.add_usable(range));
    map.take(0..physical::of_image(&raw const kernel_end));
    if let Some(initrd) = info.module() {
        map.take(initrd);
    }
    map
}

/// Places heap and frame table, starts the heap, and returns the table with all memory left over.
fn place_memory(map: &mut MemoryMap) -> FrameTable {
    let heap_size = heap::size_bytes(map.size_bytes());
    let heap = physical::pointer(map.place(heap_size));
    // SAFETY: `place` gave the memory to the heap alone; this runs once.
    unsafe { heap::start(heap, heap_size as usize) };
    let frame_count = (map.end() / FRAME_SIZE as u64) as usize;
    let table = map.place(FrameTable::size_bytes(frame_count) as u64);
    // SAFETY: `place` gave the memory, at a frame border, to this one table.
    let mut frames = unsafe { FrameTable::new(physical::pointer(table), frame_count) };
    map.free_frames().for_each(|start| frames.release_reserved(Frame::containing(start)));
    frames
}

/// Sets this CPU up and brings all present CPUs into the kernel, where they wait for the lock.
fn start_cpus(rsdp: u64) -> acpi::Facts {
    apic::mask_old_controller();
    apic::start();
    let cpus = acpi::read(rsdp);
    apic::calibrate(cpus.pm_timer_port);
    stack::make_area();
    cpus.possible.iter().for_each(CpuBlock::make);
    cpu::make_kernel_root();
    descriptors::make_gates();
    let (block, _) = CpuBlock::start_values(CpuId::BOOT);
    // SAFETY: made above for this CPU; blocks are never freed.
    let descriptors = unsafe { &(*block).descriptors };
    // SAFETY: as above.
    unsafe { descriptors.load(block.addr() as u64) };
    cpu::leave_boot_root(CpuId::BOOT);
    for cpu in cpus.present.without(CpuId::BOOT).iter() {
        smp::start(cpu).unwrap_or_else(|error| panic!("cpu {cpu}: {error:?}"));
    }
    cpu_slots::start();
    if let Some(wiring) = &cpus.sci {
        sci::start(wiring);
    }
    apic::start_ticks();
    cpus
}
