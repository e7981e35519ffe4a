//! The heap: one arena of fixed size, chosen by the program.
//!
//! The arena is one anonymous mapping made at start; its frames come as they are touched (or all at
//! once when the kernel pins the program). It never grows: a program whose needs can change says so
//! by a bigger arena, and an exhausted one fails like any other allocation.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use linked_list_allocator::Heap;

use crate::futex::Mutex;
use crate::memory::Mapping;

/// Heap of a program that does not choose; more than our small programs have needed so far.
pub const DEFAULT_ARENA_BYTES: usize = 1 << 20;

struct Arena(Mutex<Heap>);

#[global_allocator]
static ARENA: Arena = Arena(Mutex::new(Heap::empty()));

/// Reserves the arena; called once, before anything is allocated.
pub(crate) fn initialise(bytes: usize) {
    let mapping = Mapping::anonymous(bytes.next_multiple_of(zram_abi::PAGE_SIZE))
        .expect("a new process has room for its heap");
    let (start, length) = mapping.leak();
    // SAFETY: the mapping is ours alone, readable and writable, stays for ever, and this is the
    // only call.
    unsafe { ARENA.0.lock().init(start.as_ptr(), length) };
}

// SAFETY: the list allocator under the lock hands out disjoint blocks of the requested layout.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.0.lock().allocate_first_fit(layout);
        block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let block = NonNull::new(block).expect("a freed block has an address");
        // SAFETY: the caller passes a block of `alloc` with the same layout.
        unsafe { self.0.lock().deallocate(block, layout) };
    }
}
