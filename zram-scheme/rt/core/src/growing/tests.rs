//! The heap that grows, over memory of the test.

use std::alloc::Layout;
use std::ptr::NonNull;

use super::{Growing, STEP_BYTES, Source};

const PAGE: usize = 4096;

/// Room for every test's heap.
const ROOM_BYTES: usize = 8 * STEP_BYTES;

/// Memory that is mapped as far as the test allows.
struct Memory {
    room: NonNull<u8>,
    /// The length of what is mapped.
    mapped: usize,
    /// Mapping more than this fails.
    free: usize,
}

// SAFETY: the room is the test's for as long as it runs, and its bytes are mapped in order.
unsafe impl Source for Memory {
    fn map(&mut self, address: usize, bytes: usize) -> bool {
        assert!(bytes > 0 && bytes.is_multiple_of(PAGE), "{bytes} bytes are not whole pages");
        assert_eq!(address, self.room.addr().get() + self.mapped, "not at the heap's end");
        assert!(self.mapped + bytes <= ROOM_BYTES, "beyond what the heap may have");
        let is_there = bytes <= self.free;
        if is_there {
            self.mapped += bytes;
            self.free -= bytes;
        }
        is_there
    }
}

/// Returns a heap of one page that may have `most_bytes`, with memory for `free` bytes more.
fn heap(most_bytes: usize, free: usize) -> (Growing, Memory) {
    let room = vec![0_u64; ROOM_BYTES / 8 + PAGE / 8].leak();
    let start = room.as_mut_ptr().cast::<u8>();
    // SAFETY: the room has a page more than the heap, so aligning its start stays within it.
    let start = unsafe { start.add(start.align_offset(PAGE)) };
    let room = NonNull::new(start).expect("memory does not begin at 0");
    let mut heap = Growing::empty();
    // SAFETY: the room is leaked, writable, and of this heap only.
    unsafe { heap.initialise(room, PAGE, most_bytes) };
    (heap, Memory { room, mapped: PAGE, free })
}

fn bytes(count: usize) -> Layout {
    Layout::from_size_align(count, 8).expect("8 is a power of two and the size no overflow")
}

#[test]
fn a_full_heap_grows_by_a_step_and_goes_on() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    for number in 0..40 {
        assert!(heap.allocate(bytes(1000), &mut memory).is_some(), "block {number}");
    }
    assert_eq!(memory.mapped, PAGE + STEP_BYTES);
}

#[test]
fn a_block_larger_than_a_step_is_mapped_at_once() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    let size = 2 * STEP_BYTES;
    let block = heap.allocate(bytes(size), &mut memory).unwrap();
    // SAFETY: the block is `size` bytes of this test.
    unsafe { block.as_ptr().write_bytes(0xa5, size) };
    assert!((size..size + STEP_BYTES).contains(&(memory.mapped - PAGE)), "{}", memory.mapped);
}

#[test]
fn blocks_keep_their_bytes_while_the_heap_grows() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    let blocks: Vec<_> = (0..200_u8)
        .map(|number| {
            let block = heap.allocate(bytes(1500), &mut memory).unwrap();
            // SAFETY: the block is 1500 bytes of this test.
            unsafe { block.as_ptr().write_bytes(number, 1500) };
            block
        })
        .collect();
    for (number, block) in (0..).zip(blocks) {
        // SAFETY: as above; nobody writes any more.
        let found = unsafe { std::slice::from_raw_parts(block.as_ptr(), 1500) };
        assert!(found.iter().all(|&byte| byte == number), "block {number}");
    }
}

#[test]
fn an_alignment_of_a_page_is_kept_in_new_memory() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    let layout = Layout::from_size_align(3 * PAGE, PAGE).unwrap();
    let block = heap.allocate(layout, &mut memory).unwrap();
    assert_eq!(block.addr().get() % PAGE, 0);
}

#[test]
fn freed_memory_is_used_before_the_heap_grows() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    for _ in 0..1000 {
        let block = heap.allocate(bytes(3000), &mut memory).unwrap();
        // SAFETY: it was just allocated with this layout.
        unsafe { heap.deallocate(block, bytes(3000)) };
    }
    assert_eq!(memory.mapped, PAGE);
}

#[test]
fn the_maximum_is_used_up_and_never_passed() {
    let most = PAGE + STEP_BYTES + 3 * PAGE;
    let (mut heap, mut memory) = heap(most, ROOM_BYTES);
    let given = std::iter::from_fn(|| heap.allocate(bytes(256), &mut memory)).count();
    assert_eq!(memory.mapped, most);
    // A block of 256 bytes takes 288 with its header.
    assert!(given * 288 > most - PAGE, "{given} blocks");
    assert!(heap.allocate(bytes(isize::MAX as usize - PAGE), &mut memory).is_none());
}

#[test]
fn without_memory_for_a_step_it_grows_by_what_is_needed() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, 2 * PAGE);
    assert!(heap.allocate(bytes(PAGE + 8), &mut memory).is_some());
    assert_eq!((memory.mapped, memory.free), (3 * PAGE, 0));
}

#[test]
fn a_failed_map_is_a_failed_allocation_and_the_heap_goes_on() {
    let (mut heap, mut memory) = heap(ROOM_BYTES, 0);
    let block = heap.allocate(bytes(3000), &mut memory).unwrap();
    assert!(heap.allocate(bytes(3000), &mut memory).is_none());
    // SAFETY: it was allocated with this layout.
    unsafe { heap.deallocate(block, bytes(3000)) };
    assert!(heap.allocate(bytes(3000), &mut memory).is_some());
    memory.free = STEP_BYTES;
    assert!(heap.allocate(bytes(3000), &mut memory).is_some());
    assert_eq!(memory.mapped, PAGE + STEP_BYTES);
}

#[test]
fn a_heap_full_of_holes_takes_and_gives_blocks_as_fast_as_an_empty_one() {
    // Steps of a list would show: the holes are all too small for the block.
    let many = {
        let (mut heap, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
        let blocks: Vec<_> =
            (0..8000).filter_map(|_| heap.allocate(bytes(32), &mut memory)).collect();
        for block in blocks.into_iter().step_by(2) {
            // SAFETY: it was allocated with this layout, and each is freed once.
            unsafe { heap.deallocate(block, bytes(32)) };
        }
        time_of_pairs(&mut heap, &mut memory)
    };
    let (mut empty, mut memory) = heap(ROOM_BYTES, ROOM_BYTES);
    let few = time_of_pairs(&mut empty, &mut memory);
    assert!(many < few * 20 + std::time::Duration::from_millis(2), "{many:?} against {few:?}");
}

/// Returns the best time of some rounds of 1000 blocks that are taken and given back one by one.
fn time_of_pairs(heap: &mut Growing, memory: &mut Memory) -> std::time::Duration {
    let round = || {
        let start = std::time::Instant::now();
        for _ in 0..1000 {
            let block = heap.allocate(bytes(3000), memory).expect("there is room");
            // SAFETY: it was just allocated with this layout.
            unsafe { heap.deallocate(block, bytes(3000)) };
        }
        start.elapsed()
    };
    std::iter::repeat_with(round).take(5).min().expect("five rounds")
}
