//! A class follows its rules: lowest place first, one page at a time, no gaps left.

use std::vec::Vec;

use super::{Class, ObjectPlace, Sweep};
use crate::pool::audit::{Audit, Damage, Object};
use crate::pool::layout::{LAYOUTS, WHOLE_FIRST};
use crate::pool::run::Header;
use crate::pool::run_set::RUNS_MAX;
use crate::pool::{Handle, HeapPages, PageSource};
use crate::{NoMemory, PageBytes};

impl<P: PageSource> Class<P> {
    pub(in crate::pool) fn audit(&self, audit: &mut Audit) {
        let before = audit.objects.len();
        for (run, content) in self.runs.iter().enumerate() {
            let (places, pages) = content.audit(self.layout);
            audit.pages += pages;
            audit.objects.extend(places.into_iter().map(|place| {
                let handle = self.handle(ObjectPlace { run, place }).bits();
                Object { slot: content.header(place).slot, handle }
            }));
            // A set knows its smallest member: ask it about each run by taking the ones below out.
            assert!(!content.has_free_place() || self.open.first().is_some_and(|open| open <= run));
            assert!(
                !content.is_missing_pages() || self.growable.first().is_some_and(|low| low <= run)
            );
        }
        assert_eq!((audit.objects.len() - before) as u64, self.objects);
    }

    /// Makes all runs that a handle can name, as if each were full.
    pub(in crate::pool) fn use_up_runs(&mut self) {
        while self.add_run().is_some() {}
        for run in 0..RUNS_MAX {
            self.open.set(run, false);
            self.growable.set(run, false);
        }
    }

    pub(in crate::pool) fn damage(&mut self, source: &P, handle: Handle, damage: Damage) {
        let at = self.live(handle).expect("an object to damage");
        self.runs[at.run].damage(source, self.layout, at.place, damage);
    }
}

/// 96 bytes: 128 places on three pages, so places cross pages.
const INDEX: usize = 8;

fn header(slot: u32) -> Header {
    Header { slot, checksum: 0 }
}

fn full_run() -> (Class<HeapPages>, Vec<Handle>) {
    let mut class = Class::new(INDEX);
    let mut handles = Vec::new();
    for slot in 0..128 {
        if class
            .insert(&HeapPages, header(slot), &[slot as u8; 96])
            .map(|it| handles.push(it))
            .is_none()
        {
            class.add_page(HeapPages.commit().expect("memory")).expect("memory");
            handles.push(class.insert(&HeapPages, header(slot), &[slot as u8; 96]).expect("room"));
        }
    }
    (class, handles)
}

fn audit(class: &Class<HeapPages>) -> Audit {
    let mut audit = Audit::default();
    class.audit(&mut audit);
    audit
}

fn content(class: &Class<HeapPages>, handle: Handle) -> Option<[u8; 96]> {
    let mut bytes = [0; 96];
    class.read(&HeapPages, handle, &mut bytes).map(|_| bytes)
}

#[test]
fn a_full_run_takes_exactly_its_pages() {
    let (class, handles) = full_run();
    assert_eq!(audit(&class).pages, 3);
    for (slot, handle) in handles.iter().enumerate() {
        assert_eq!(content(&class, *handle), Some([slot as u8; 96]));
    }
}

#[test]
fn a_page_goes_as_soon_as_nothing_lies_on_it() {
    let (mut class, handles) = full_run();
    // Places 43 to 84 lie wholly on the middle page, 42 and 85 reach into it.
    let mut emptied = 0;
    for handle in &handles[42..=85] {
        let pages = class.remove(*handle, 96).expect("an object");
        emptied += pages.iter().flatten().count();
    }
    assert_eq!((emptied, audit(&class).pages), (1, 2));
    assert_eq!(class.insert(&HeapPages, header(1), &[1; 96]), None, "no place is backed");
    class.add_page(HeapPages.commit().expect("memory")).expect("memory");
    let handle = class.insert(&HeapPages, header(1), &[1; 96]);
    assert_eq!(handle, Some(handles[42]), "the gap is filled from below");
}

#[test]
fn an_object_is_freed_once() {
    let (mut class, handles) = full_run();
    assert!(class.remove(handles[5], 96).is_some());
    assert!(class.remove(handles[5], 96).is_none());
    assert_eq!(content(&class, handles[5]), None);
}

#[test]
fn a_handle_of_nothing_finds_nothing() {
    let (class, _) = full_run();
    for handle in [Handle::new(INDEX, 1, 0), Handle::new(INDEX, 60_000, 127)] {
        assert_eq!(content(&class, handle), None);
    }
}

#[test]
fn compaction_leaves_no_gap_and_skips_what_cannot_be_redirected() {
    let (mut class, mut handles) = full_run();
    for slot in (0..128).filter(|slot| slot % 3 != 0) {
        class.remove(handles[slot], 96).expect("an object");
    }
    let (mut sweep, mut buffer) = (Sweep::new(), [0; 4096]);
    let mut redirect = |slot: u32, from, to| {
        assert_eq!(handles[slot as usize], from);
        let is_allowed = slot != 126;
        if is_allowed {
            handles[slot as usize] = to;
        }
        is_allowed
    };
    while !class.compact(&HeapPages, &mut sweep, &mut buffer, &mut redirect).is_done {}
    // 43 objects of 96 bytes: one page and a bit, and the page of the one that stayed.
    assert_eq!(audit(&class).objects.len(), 43);
    assert_eq!(audit(&class).pages + u64::from(sweep.spare.is_some()), 3);
    for slot in (0..128).step_by(3) {
        assert_eq!(content(&class, handles[slot]), Some([slot as u8; 96]));
    }
    let below: Vec<_> = handles.iter().step_by(3).filter(|it| it.place() < 42).collect();
    assert_eq!(below.len(), 42);
}

#[test]
fn a_page_added_for_an_object_that_then_stays_is_taken_back() {
    let (mut class, handles) = full_run();
    // Page 1 of 3 goes; what lies on page 2 could move there, but its slots were changed meanwhile.
    for handle in handles.iter().filter(|it| (42..=85).contains(&it.place())) {
        class.remove(*handle, 96).expect("an object");
    }
    let pages = audit(&class).pages;
    let (mut sweep, mut buffer) = (Sweep::new(), [0; 4096]);
    sweep.spare = HeapPages.commit().ok();
    let mut refuse = |_, _, _| false;
    while !class.compact(&HeapPages, &mut sweep, &mut buffer, &mut refuse).is_done {}
    assert_eq!((audit(&class).pages, sweep.spare.is_some()), (pages, true));
}

/// Pages that are counted and have no content.
#[derive(Debug)]
struct Numbers;

impl PageSource for Numbers {
    type Page = ();

    fn commit(&self) -> Result<(), NoMemory> {
        Ok(())
    }

    fn release(&self, (): ()) {}

    fn bytes<'a>(&'a self, (): &'a ()) -> &'a PageBytes {
        unreachable!("no object is placed")
    }

    fn bytes_mut<'a>(&'a self, (): &'a mut ()) -> &'a mut PageBytes {
        unreachable!("no object is placed")
    }
}

#[test]
fn a_class_of_whole_pages_takes_16_gib_and_refuses_the_next_page() {
    let mut class = Class::<Numbers>::new(WHOLE_FIRST);
    let pages = (0..).take_while(|_| class.add_page(()).is_ok()).count();
    assert_eq!(pages, RUNS_MAX * LAYOUTS[WHOLE_FIRST].pages);
    assert_eq!(pages * crate::PAGE_SIZE, 16 << 30);
    assert_eq!(class.runs.len(), RUNS_MAX, "no run is beyond what a handle can name");
}
