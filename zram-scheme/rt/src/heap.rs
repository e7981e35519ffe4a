//! The heap of a program: it starts small and grows up to a maximum, both chosen by the program.
//!
//! It lies in a range of addresses that nothing else uses ([`REGION`]): the whole of it is reserved at the
//! start, because a Redox kernel puts what it may place in the smallest hole that is large enough, which
//! can be the one behind a heap. Memory comes piece by piece ([`zram_rt_core`]). In a program that the
//! kernel has pinned, a piece comes with all its frames or not at all; elsewhere frames come as they
//! are touched, or with the piece where [`HeapSize::is_resident`] says so. When no piece can be had, an
//! allocation fails like any other; nothing here waits for memory.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use syscall::{PAGE_SIZE, Result};

use crate::futex::Mutex;
use crate::memory;
use zram_rt_core::{Growing, Source};

/// Address of every heap: far from the addresses that kernels choose, and near the first stack, so
/// that both share page tables.
const REGION: usize = 0x7f80_0000_0000;

/// How large a program's heap is.
#[derive(Clone, Copy, Debug)]
pub struct HeapSize {
    /// Bytes at the start: a page or more, in whole pages.
    pub start_bytes: usize,
    /// Bytes that it may have grown to, in whole pages.
    pub most_bytes: usize,
    /// Whether each piece is touched when it comes. Which blocks of a piece are ever used depends on how the
    /// threads take turns; so a program whose use of memory shall not depend on that takes all at once.
    pub is_resident: bool,
}

impl HeapSize {
    /// The heap of a program that does not choose: next to nothing, up to more than ours need.
    pub const DEFAULT: Self =
        Self { start_bytes: 64 << 10, most_bytes: 16 << 20, is_resident: false };
}

struct Arena(Mutex<Growing>);

#[global_allocator]
static ARENA: Arena = Arena(Mutex::new(Growing::empty()));

/// [`HeapSize::is_resident`] of this program.
static IS_RESIDENT: AtomicBool = AtomicBool::new(false);

/// The kernel, at addresses of [`REGION`].
struct Kernel;

impl Kernel {
    /// Maps a piece of the region.
    ///
    /// # Safety
    ///
    /// As for [`memory::map_reserved`].
    unsafe fn map_piece(address: usize, bytes: usize) -> Result<NonNull<u8>> {
        // SAFETY: forwarded from the caller.
        let piece = unsafe { memory::map_reserved(address, bytes) }?;
        // Relaxed: set once, before there is a second thread.
        if IS_RESIDENT.load(Ordering::Relaxed) {
            for offset in (0..bytes).step_by(PAGE_SIZE) {
                // SAFETY: within the piece.
                let page = unsafe { piece.add(offset) };
                // SAFETY: the piece was just mapped, for writing, and is nobody's yet.
                unsafe { page.write_volatile(0) };
            }
        }
        Ok(piece)
    }
}

// SAFETY: the kernel maps private memory or refuses; what it maps is never unmapped, and who does not
// have it from the allocator does not know its address.
unsafe impl Source for Kernel {
    fn map(&mut self, address: usize, bytes: usize) -> bool {
        // SAFETY: the heap asks for each address of its region once, and `initialise` reserved it.
        let mapped = unsafe { Self::map_piece(address, bytes) };
        if mapped.is_err() {
            // The refusal may have cost the reservation. Without it the next attempt can fail, no more.
            let _ = memory::reserve(address, bytes);
        }
        mapped.is_ok()
    }
}

/// Maps the start of the heap; called once, before anything is allocated.
pub(crate) fn initialise(size: HeapSize) {
    let most_bytes = size.most_bytes.max(size.start_bytes);
    memory::reserve(REGION, most_bytes).expect("a new process has nothing there");
    IS_RESIDENT.store(size.is_resident, Ordering::Relaxed);
    // SAFETY: just reserved.
    let start = unsafe { Kernel::map_piece(REGION, size.start_bytes) };
    let start = start.expect("a new process has room for its heap");
    // SAFETY: it was just mapped, as `Kernel` maps, and this is the only call.
    unsafe { ARENA.0.lock().initialise(start, size.start_bytes, size.most_bytes) };
}

// SAFETY: the heap under the lock hands out disjoint blocks of the requested layout.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.0.lock().allocate(layout, &mut Kernel);
        block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let block = NonNull::new(block).expect("a freed block has an address");
        // SAFETY: the caller passes a block of `alloc` with the same layout.
        unsafe { self.0.lock().deallocate(block, layout) };
    }
}
