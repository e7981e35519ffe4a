//! The allocator of this crate's tests: it fails or stops on demand.

pub(crate) use kit::allocator::{FailingAllocator, held, with_allocations, with_stops};

#[global_allocator]
static ALLOCATOR: FailingAllocator = FailingAllocator;
