//! The kernel's heap: one region, fixed at boot, a two-level segregated fit over it.
//!
//! Allocating and freeing a block take a few steps each, whatever else the heap holds: every entry
//! into the kernel, also for a page-in, waits for the kernel lock while another call uses the heap.
//!
//! All kernel objects that programs can create are bounded, and `heap_sum` adds the bounds up; the
//! tables of mounted areas use the rest. So the heap cannot run out; if it does, the kernel panics.

#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use rlsf::Tlsf;
use spin::Mutex;

use super::cpu::CPU_SIZE;
use crate::heap_sum::HEAP_SUM_ROOM;
use crate::limits::CPUS_MAX;

/// Free blocks are told apart by the power of two of their size and so many steps in each.
const STEPS: usize = 16;

/// So many powers of two: blocks of up to 256 MiB, where the largest machine's heap has 24.
const POWERS: usize = 23;

/// A block and what the allocator needs beside it at most: a header, rounding up, the end of the region.
const OVERHEAD_BYTES: usize = 3 * rlsf::GRANULARITY;

/// The part of memory that becomes heap for the tables of areas: of 13 times the memory in swap, at 2.4
/// bytes a page.
const MEMORY_SHARE: u64 = 128;

/// Bytes of the stacks and blocks of all CPUs, made at boot.
const CPUS_SIZE: usize = CPUS_MAX * CPU_SIZE;

/// The region, once there is one.
struct Region {
    free: Tlsf<'static, u32, u16, POWERS, STEPS>,
    size_bytes: usize,
}

struct Heap(Mutex<Region>);

#[global_allocator]
static HEAP: Heap = Heap(Mutex::new(Region { free: Tlsf::new(), size_bytes: 0 }));

/// Returns the size of the heap on a machine with so much memory.
///
/// Of a large block the allocator looks for one that is up to a step larger, so the tables have that more.
pub(super) const fn size_bytes(memory_bytes: u64) -> u64 {
    let share = memory_bytes / MEMORY_SHARE;
    let tables = share + share / STEPS as u64;
    (HEAP_SUM_ROOM + CPUS_SIZE) as u64 + tables.next_multiple_of(4096)
}

/// Returns the bytes that the tables of all mounted areas may take together.
pub(crate) fn room_for_tables() -> usize {
    let size_bytes = HEAP.0.lock().size_bytes;
    size_bytes.saturating_sub(HEAP_SUM_ROOM + CPUS_SIZE) / (STEPS + 1) * STEPS
}

/// Starts the heap.
///
/// # Safety
/// The memory is mapped and belongs to the heap from now on; called once.
pub(super) unsafe fn start(memory: *mut u8, size_bytes: usize) {
    let memory = NonNull::new(memory).expect("the heap does not begin at 0");
    let block = NonNull::slice_from_raw_parts(memory, size_bytes);
    let mut region = HEAP.0.lock();
    // SAFETY: the caller's promise is what this asks for.
    let taken = unsafe { region.free.insert_free_block_ptr(block) };
    let is_whole = taken.is_some_and(|taken| taken.get() + OVERHEAD_BYTES >= size_bytes);
    assert!(is_whole, "the heap is one block of the size that was computed");
    region.size_bytes = size_bytes;
}

// SAFETY: the region under the lock hands out disjoint blocks of the requested layout. No interrupt comes
// in ring 0, so the lock's holder is another CPU, which goes on.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.lock().free.allocate(layout).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let block = NonNull::new(block).expect("a freed block has an address");
        // SAFETY: the caller passes a block of `alloc` with the same layout.
        unsafe { self.0.lock().free.deallocate(block, layout.align()) };
    }
}
