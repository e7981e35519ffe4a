//! The loader's entry, and its end if it cannot go on.

#![expect(unsafe_code, reason = "is called from boot.s, and ends the machine by a port")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::global_asm;
use core::panic::PanicInfo;

use x86_64::instructions::port::Port;

use super::memory::Memory;
use super::start_info::StartInfo;
use super::{interrupts, serial};

global_asm!(include_str!("boot.s"));

/// Port of QEMU's isa-debug-exit device.
const DEBUG_EXIT: u16 = 0xf4;

/// The code of a loader that could not load; QEMU then exits with status 255.
const FAILED: u32 = 0x7f;

/// Where `boot.s` comes into Rust.
#[unsafe(no_mangle)]
extern "C" fn loader_main(info: u64) -> ! {
    interrupts::open_wire();
    // SAFETY: the first and only call; memory is nobody else's before a kernel runs.
    let mut memory = unsafe { Memory::all() };
    let loaded = StartInfo::at(info).and_then(|info| crate::load(info, &mut memory));
    end(loaded.err().unwrap_or("the kernel has come back"))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    end(info.message().as_str().unwrap_or("it has found a mistake of its own"))
}

/// Says why there is no kernel, and ends the machine.
fn end(why: &str) -> ! {
    for text in ["loader: ", why, "\n"] {
        serial::write(text);
    }
    // SAFETY: the port ends the virtual machine, or does nothing without the device.
    unsafe { Port::<u32>::new(DEBUG_EXIT).write(FAILED) };
    loop {
        x86_64::instructions::hlt();
    }
}

/// The loader allocates nothing; a library that it uses names an allocator.
struct NoHeap;

#[global_allocator]
static HEAP: NoHeap = NoHeap;

// SAFETY: it gives nothing out.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
