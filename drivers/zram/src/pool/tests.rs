//! The pool as a whole: which classes it uses, and how it ends.

use super::layout::{CLASS_COUNT, LAYOUTS, WHOLE_FIRST};
use core::sync::atomic::{AtomicU64, Ordering};

use super::{Handle, InsertError, PageSource, Pool, Read};
use crate::home::Home;
use crate::test_support::TestLock;
use crate::{HeapPages, NoMemory, PageBytes};

type TestPool = Pool<TestLock, HeapPages>;

/// Places an object of 993 bytes and returns it, with the bytes of its place.
fn insert(pool: &TestPool, slot: u32) -> (Handle, usize) {
    let handle = pool.insert(Home::Cpu(0), slot, &[slot as u8; 993]).expect("memory");
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

/// Heap pages whose ways back are counted.
#[derive(Default)]
struct BatchedPages {
    released: AtomicU64,
    waiting: AtomicU64,
    batches: AtomicU64,
}

impl PageSource for &BatchedPages {
    type Page = <HeapPages as PageSource>::Page;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        HeapPages.commit()
    }

    fn release(&self, page: Self::Page) {
        self.released.fetch_add(1, Ordering::Relaxed);
        HeapPages.release(page);
    }

    fn release_later(&self, page: Self::Page) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        HeapPages.release(page);
    }

    fn release_rest(&self) {
        self.batches.fetch_add(1, Ordering::Relaxed);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}

#[test]
fn a_pool_that_ends_gives_back_all_its_pages_in_one_batch() {
    let source = BatchedPages::default();
    let pool: Pool<TestLock, _> = Pool::new(&source, 1, 0).expect("memory");
    for slot in 0..200_u32 {
        pool.insert(Home::Cpu(0), slot, &[7; 4000][..20 * slot as usize + 1]).expect("memory");
    }
    let used = pool.budget().used_pages();
    drop(pool);
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!(count(&source.released), 0);
    assert_eq!(count(&source.waiting), used);
    assert_eq!(count(&source.batches), 1);
}

/// Leaves class `index` without a run for one more object.
fn use_up(pool: &TestPool, index: usize) {
    pool.class_or_new(index).expect("memory").lock().use_up_runs();
}

#[test]
fn an_object_that_its_class_has_no_run_for_goes_to_the_next() {
    let pool = TestPool::new(HeapPages, 1, 0).expect("memory");
    let (first, _) = insert(&pool, 1);
    assert!(pool.remove(Home::Cpu(0), first, 993));
    use_up(&pool, first.class());
    let (next, _) = insert(&pool, 2);
    assert_eq!(next.class(), first.class() + 1);
    let mut bytes = [0; 993];
    assert!(matches!(pool.read(next, &mut bytes, || true), Read::Copied(_)) && bytes == [2; 993]);
    assert!(pool.remove(Home::Cpu(0), next, 993));
}

#[test]
fn a_page_that_no_run_is_left_for_is_refused_in_a_way_of_its_own() {
    let pool = TestPool::new(HeapPages, 1, 0).expect("memory");
    (WHOLE_FIRST..CLASS_COUNT - 1).for_each(|index| use_up(&pool, index));
    let last = pool.insert(Home::Cpu(0), 1, &[1; crate::PAGE_SIZE]).expect("one class is left");
    assert_eq!((last.class(), pool.statistics().whole_pages), (CLASS_COUNT - 1, 1));
    assert!(pool.remove(Home::Cpu(0), last, crate::PAGE_SIZE));
    use_up(&pool, CLASS_COUNT - 1);
    assert_eq!(pool.insert(Home::Cpu(0), 1, &[1; crate::PAGE_SIZE]), Err(InsertError::Full));
}
