//! The pool as a whole: which classes it uses.

use super::layout::LAYOUTS;
use super::{Handle, Pool, Read};
use crate::HeapPages;
use crate::test_support::TestLock;

type TestPool = Pool<TestLock, HeapPages>;

/// Places an object of 993 bytes and returns it, with the bytes of its place.
fn insert(pool: &TestPool, slot: u32) -> (Handle, usize) {
    let handle = pool.insert(0, slot, &[slot as u8; 993]).expect("memory");
    (handle, LAYOUTS[handle.class()].place_bytes)
}

#[test]
fn a_pool_that_grows_goes_over_to_finer_classes_and_leaves_its_objects_where_they_are() {
    let pool = TestPool::new(HeapPages, 1, 0).expect("memory");
    // Pages that are counted and not there: only their number matters.
    let grow_to = |pages: u64| {
        while pool.budget().used_pages() < pages {
            pool.budget().reserve_page().expect("no limit");
        }
    };
    let handles = [0, 0x4000, 0x1_0000].map(|pages| {
        grow_to(pages);
        insert(&pool, pages as u32 | 7)
    });
    assert_eq!(handles.map(|(_, place_bytes)| place_bytes), [1024, 1008, 1000]);
    for (handle, _) in handles {
        let mut bytes = [0; 993];
        let read = pool.read(handle, &mut bytes, || true);
        assert!(matches!(read, Read::Copied(_)) && bytes == [7; 993]);
    }
}
