//! Bugs of the engine that the whole path has shown, each by itself.

use std::sync::{Arc, Mutex};

use zram::{Compressor, Config, HeapPages, NoMemory, PageBytes, PageSource, Purpose, Worker, Zram};

use crate::content::{self, Kind};

/// What happens while a page is being committed.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// Heap pages; the next commit takes so long that something else happens.
#[derive(Clone, Default)]
struct SlowPages(Arc<Mutex<Option<Meanwhile>>>);

impl PageSource for SlowPages {
    type Page = Box<PageBytes>;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        let meanwhile = self.0.lock().expect("nobody panics here").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        HeapPages.commit()
    }

    fn release(&self, page: Self::Page) {
        HeapPages.release(page);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}

type Device = Zram<spin::Mutex<()>, SlowPages>;

fn store(device: &Device, cpu: usize, slot: u32) {
    let mut worker = Worker::new(cpu).expect("the host has memory");
    let page = content::page(Kind::Noise(300), u64::from(slot));
    device.store(&mut worker, slot, &page, Purpose::Swap).expect("the host has memory");
}

#[test]
fn two_stores_that_both_find_their_class_full_leave_no_page_without_objects() {
    let pages = SlowPages::default();
    let config = Config {
        disksize_pages: 16,
        compressor: Compressor::DEFAULT,
        possible_cpus: 2,
        mem_limit_pages: 0,
    };
    let device = Arc::new(Device::new(config, pages.clone()).expect("the host has memory"));
    let other = Arc::clone(&device);
    *pages.0.lock().expect("nobody panics here") = Some(Box::new(move || store(&other, 1, 1)));
    store(&device, 0, 0);
    let mut worker = Worker::new(0).expect("the host has memory");
    device.discard(&worker, 0, 16);
    device.compact(&mut worker);
    assert_eq!(device.statistics().mem_used_total, 0, "nothing is stored, and compacted");
}
