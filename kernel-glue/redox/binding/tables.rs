//! Page tables: their entries as atomic words.

use core::sync::atomic::{AtomicU64, Ordering};

use redox_glue::{Frame as Number, Page as PageNumber, Span, TableId, Tables};
use rmm::{FrameAllocator, PageTable};

use super::machine;
use crate::{
    context::memory::{AddrSpace, PageSpan, Provider},
    memory::{PAGE_SIZE, Page, PageFlags, PageMapper, RmmA, RmmArch, VirtualAddress},
};

/// The kernel's page as a number.
pub(super) fn number(page: Page) -> PageNumber {
    PageNumber((page.start_address().data() / PAGE_SIZE) as u64)
}

/// The other way round.
pub(super) fn page(number: PageNumber) -> Page {
    Page::containing_address(VirtualAddress::new(number.0 as usize * PAGE_SIZE))
}

/// Returns which table it is.
pub(super) fn root(mapper: &PageMapper) -> TableId {
    TableId(mapper.table().phys().data())
}

/// Returns the place of a page in a table of this level.
fn index(page: Page, level: usize) -> usize {
    let shift = RmmA::PAGE_SHIFT + level * RmmA::PAGE_ENTRY_SHIFT;
    (page.start_address().data() >> shift) & RmmA::PAGE_ENTRY_MASK
}

/// Returns the entry of a page, or nothing where a table is missing.
fn entry_word(mapper: &PageMapper, page: Page) -> Option<&AtomicU64> {
    let mut table = mapper.table();
    while table.level() > 0 {
        // SAFETY: the tables below a root belong to its space, whose lock lends us the mapper.
        table = unsafe { table.next(index(page, table.level()))? };
    }
    let address = RmmA::phys_to_virt(table.phys()).data() + index(page, 0) * RmmA::PAGE_ENTRY_SIZE;
    // SAFETY: an aligned word of a table that stays while the mapper is lent; all of memory is mapped
    // there. Hardware changes it too, which is why it is an atomic.
    Some(unsafe { AtomicU64::from_ptr(address as *mut u64) })
}

/// Returns the entry of a page as it is.
pub(super) fn raw(mapper: &PageMapper, page: Page) -> Option<u64> {
    Some(entry_word(mapper, page)?.load(Ordering::Acquire))
}

/// Takes an entry out if it is of that kind, and frees tables that this leaves empty.
pub(super) fn take_entry(
    mapper: &mut PageMapper,
    page: Page,
    is_it: impl FnOnce(u64) -> bool,
) -> Option<u64> {
    let word = entry_word(mapper, page)?;
    let raw = word.load(Ordering::Acquire);
    if !is_it(raw) {
        return None;
    }
    word.store(0, Ordering::Release);
    free_empty(mapper, page);
    Some(raw)
}

/// Takes out all entries of that kind that are left below a root; tables stay.
pub(super) fn take_all(
    mapper: &mut PageMapper,
    is_it: impl Fn(u64) -> bool,
    mut taken: impl FnMut(u64),
) {
    // The upper half is the kernel's.
    each_word(&mapper.table(), RmmA::PAGE_ENTRIES / 2, &mut |word| {
        let raw = word.load(Ordering::Acquire);
        if is_it(raw) {
            word.store(0, Ordering::Release);
            taken(raw);
        }
    });
}

/// Goes through the words of all lowest tables below the first `count` entries of a table.
fn each_word(table: &PageTable<RmmA>, count: usize, look: &mut dyn FnMut(&AtomicU64)) {
    for index in 0..count {
        if table.level() == 0 {
            let at = RmmA::phys_to_virt(table.phys()).data() + index * RmmA::PAGE_ENTRY_SIZE;
            // SAFETY: as in `entry_word`.
            look(unsafe { AtomicU64::from_ptr(at as *mut u64) });
            continue;
        }
        // SAFETY: as in `entry_word`.
        if let Some(next) = unsafe { table.next(index) } {
            each_word(&next, RmmA::PAGE_ENTRIES, look);
        }
    }
}

/// Frees the tables of a page that are empty, but for the root.
fn free_empty(mapper: &mut PageMapper, page: Page) {
    for level in 1..RmmA::PAGE_LEVELS {
        let mut above = mapper.table();
        while above.level() > level {
            // SAFETY: as in `entry_word`.
            match unsafe { above.next(index(page, above.level())) } {
                Some(next) => above = next,
                None => return,
            }
        }
        let place = index(page, level);
        // SAFETY: as in `entry_word`.
        let Some(table) = (unsafe { above.next(place) }) else { return };
        let is_empty = (0..RmmA::PAGE_ENTRIES).all(|entry| {
            // SAFETY: as in `entry_word`.
            unsafe { table.entry(entry) }.is_none_or(|entry| entry.data() == 0)
        });
        if !is_empty {
            return;
        }
        let address = RmmA::phys_to_virt(above.phys()).data() + place * RmmA::PAGE_ENTRY_SIZE;
        // SAFETY: the word of the table above, as in `entry_word`.
        let word = unsafe { AtomicU64::from_ptr(address as *mut u64) };
        word.store(0, Ordering::Release);
        let frame = table.phys();
        // SAFETY: nothing names the table any more. As in the mapper's own `unmap_phys`, the caller
        // shoots down after that.
        unsafe { mapper.allocator_mut().free_one(frame) };
    }
}

/// Makes the tables of a page that has none yet; nothing if there is no frame for one.
pub(super) fn make_table(mapper: &mut PageMapper, page: Page) -> Option<()> {
    if entry_word(mapper, page).is_some() {
        return Some(());
    }
    let (zeroed, _) = crate::memory::the_zeroed_frame();
    // SAFETY: read-only and for the kernel only, in a space that no CPU has loaded; replaced at once.
    let flush = unsafe { mapper.map_phys(page.start_address(), zeroed.base(), PageFlags::new())? };
    // SAFETY: no CPU has the space.
    unsafe { flush.ignore() };
    entry_word(mapper, page)?.store(0, Ordering::Release);
    Some(())
}

/// Puts an entry where there is none, and a table.
pub(super) fn put_entry(mapper: &mut PageMapper, page: Page, raw: u64) {
    if let Some(word) = entry_word(mapper, page) {
        word.store(raw, Ordering::Release);
    }
}

/// An address space that is locked.
pub(super) struct Locked<'a>(pub(super) &'a AddrSpace);

impl Tables for Locked<'_> {
    fn root(&self) -> TableId {
        root(&self.0.table.utable)
    }

    fn entry(&self, at: PageNumber) -> Option<u64> {
        raw(&self.0.table.utable, page(at))
    }

    fn exchange(&self, at: PageNumber, old: u64, new: u64) -> core::result::Result<(), u64> {
        let word = entry_word(&self.0.table.utable, page(at)).ok_or(0_u64)?;
        word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    fn clear(&self, at: PageNumber, bits: u64) {
        if let Some(word) = entry_word(&self.0.table.utable, page(at)) {
            word.fetch_and(!bits, Ordering::AcqRel);
        }
    }

    fn next_span(&self, from: PageNumber) -> Option<Span> {
        let end = (crate::USER_END_OFFSET / PAGE_SIZE) as u64;
        let count = end.checked_sub(from.0).filter(|count| *count > 0)?;
        let ahead = PageSpan::new(page(from), count as usize);
        let uncached = RmmA::ENTRY_FLAG_UNCACHEABLE | RmmA::ENTRY_FLAG_WRITE_COMBINING;
        let (base, info) = self.0.grants.conflicts(ahead).find(|(_, info)| {
            let is_private =
                matches!(info.provider, Provider::Allocated { phys_contiguous: false, .. });
            is_private && info.flags().data() & uncached == 0
        })?;
        Some(Span { first: number(base), count: info.page_count() as u64 })
    }

    fn may_write(&self, at: PageNumber) -> bool {
        self.0.grants.contains(page(at)).is_some_and(|(_, info)| info.flags().has_write())
    }

    fn entry_for(&self, at: PageNumber, frame: Number) -> Option<u64> {
        let (_, info) = self.0.grants.contains(page(at))?;
        let address = machine::frame(frame).base().data();
        Some(rmm::PageEntry::<RmmA>::new(address, info.flags().data()).data() as u64)
    }
}
