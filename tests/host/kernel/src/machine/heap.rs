//! The kernel's heap: one region, fixed at boot.
//!
//! All kernel objects that programs can create are bounded, and `heap_sum` adds the bounds up; the tables
//! of mounted areas have the rest. So the heap cannot run out; if it does, that is a kernel panic.

#![expect(unsafe_code, reason = "gives a region of memory to the allocator")]

use linked_list_allocator::LockedHeap;

use super::cpu::CPU_SIZE;
use crate::heap_sum::HEAP_SUM_ROOM;
use crate::limits::CPUS_MAX;

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

/// The part of memory that becomes heap for the tables of areas: of 13 times the memory in swap, at 2.4
/// bytes a page.
const MEMORY_SHARE: u64 = 128;

/// Bytes of the stacks and blocks of all CPUs, made at boot.
const CPUS_SIZE: usize = CPUS_MAX * CPU_SIZE;

/// Returns the size of the heap on a machine with so much memory.
pub(super) const fn size_bytes(memory_bytes: u64) -> u64 {
    let share = memory_bytes / MEMORY_SHARE;
    (HEAP_SUM_ROOM + CPUS_SIZE) as u64 + share.next_multiple_of(4096)
}

/// Returns the bytes that the tables of all mounted areas may take together.
pub(crate) fn room_for_tables() -> usize {
    HEAP.lock().size().saturating_sub(HEAP_SUM_ROOM + CPUS_SIZE)
}

/// Starts the heap.
///
/// # Safety
/// The memory is mapped and belongs to the heap from now on; called once.
pub(super) unsafe fn start(memory: *mut u8, size_bytes: usize) {
    // SAFETY: the caller's promise is what `init` asks for.
    unsafe { HEAP.lock().init(memory, size_bytes) };
}
