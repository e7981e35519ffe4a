//! Page trees: the four levels of x86-64 page tables of one address space.
//!
//! The lower half belongs to the program, in pages of 4 KiB; the upper half (kernel image and
//! physical map) is the same in all trees and never changes. An entry that is not present may carry
//! a swap entry. The CPU sets accessed and dirty bits at any time, so leaf entries are changed by
//! atomic operations only and `set` returns what it replaced. Who may still hold an old translation
//! is the caller's business (`Action::Shootdown`).

#![expect(unsafe_code, reason = "page tables are memory that the CPU reads and writes too")]

use super::cpu::loaded_by_any;
use super::frames::{Frame, FrameTable};
use super::physical;
pub(crate) use super::pte::Pte;
use super::pte::{ACCESSED, ADDRESS, PRESENT, USER, WRITABLE};
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

/// A page of a program: an address below 2^47, divided by 4096.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct UserPage(u64);

impl UserPage {
    /// Page 0.
    pub(crate) const ZERO: Self = Self(0);

    /// One past the last page, as a bound of ranges.
    pub(crate) const END: Self = Self(1 << 35);

    /// Returns the page with this number, at most that of [`UserPage::END`].
    pub(crate) const fn new(number: u64) -> Option<Self> {
        if number <= Self::END.0 { Some(Self(number)) } else { None }
    }

    /// Returns the page that contains an address, or none if it is not a program's.
    pub(crate) const fn containing(address: u64) -> Option<Self> {
        let page = Self(address >> 12);
        if page.0 < Self::END.0 { Some(page) } else { None }
    }

    /// Returns the page's number.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// Returns the address of the page's first byte.
    pub(crate) const fn address(self) -> u64 {
        self.0 << 12
    }
}

/// A page table could not be allocated: nothing was changed; free a frame and try again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NeedFrame;

/// The physical address of a tree's top table: what CR3 is loaded with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Root(u64);

impl Root {
    /// Returns the root at this physical address.
    pub(super) const fn new(address: u64) -> Self {
        Self(address)
    }

    /// Returns its physical address.
    pub(super) const fn address(self) -> u64 {
        self.0
    }
}

/// Entries of one table.
const ENTRIES: usize = 512;

/// First entry of the top table that belongs to the kernel.
const KERNEL_FIRST: usize = 256;

/// Index bits of one level.
const LEVEL_BITS: u32 = 9;

/// Levels above the leaf tables.
const TOP_LEVEL: u32 = 3;

/// One page table in memory.
type Table = [AtomicU64; ENTRIES];

/// Returns the table in a frame that is a page table.
///
/// # Safety
/// The frame is a page table for as long as the result is used.
unsafe fn table_at<'a>(address: u64) -> &'a Table {
    let table: *mut Table = physical::pointer(address);
    // SAFETY: mapped, aligned to 4096, and by the caller a page table; all access is atomic.
    unsafe { &*table }
}

/// Returns the index of a page in its table of this level; 0 is the leaf level.
const fn index(page: u64, level: u32) -> usize {
    (page >> (level * LEVEL_BITS)) as usize % ENTRIES
}

/// The page tables of one address space.
pub(crate) struct PageTree {
    root: Frame,
}

impl PageTree {
    /// Returns a tree without pages, or none if no frame is free.
    pub(crate) fn new(frames: &mut FrameTable) -> Option<Self> {
        let tree = Self { root: frames.allocate_table()? };
        // SAFETY: the kernel's root is a page table for ever.
        let kernel = unsafe { table_at(super::cpu::kernel_root().address()) };
        let top = tree.top();
        for entry in KERNEL_FIRST..ENTRIES {
            // Relaxed is enough: the kernel half never changes, and no CPU walks the new tree yet.
            top[entry].store(kernel[entry].load(Ordering::Relaxed), Ordering::Relaxed);
        }
        Some(tree)
    }

    /// Returns what a CPU needs to use the tree.
    pub(crate) const fn root(&self) -> Root {
        Root(self.root.address())
    }

    /// Returns what the tree says about a page.
    pub(crate) fn get(&self, page: UserPage) -> Pte {
        // Relaxed is enough: only the CPU's walker changes entries without the kernel lock.
        self.leaf(page).map_or(Pte::Empty, |entry| Pte::decode(entry.load(Ordering::Relaxed)))
    }

    /// Replaces the entry of a page and returns the old one, its accessed and dirty bits exact.
    ///
    /// # Errors
    /// [`NeedFrame`] if a table is missing, which [`Self::make_tables`] makes.
    pub(crate) fn set(&mut self, page: UserPage, pte: Pte) -> Result<Pte, NeedFrame> {
        let entry = match self.leaf(page) {
            Some(entry) => entry,
            None if pte == Pte::Empty => return Ok(Pte::Empty),
            None => return Err(NeedFrame),
        };
        // Release: a CPU that walks to the frame sees what was written into it before.
        Ok(Pte::decode(entry.swap(pte.encode(), Ordering::AcqRel)))
    }

    /// Clears the accessed bit of a page that is present; returns what it was.
    ///
    /// CPUs may keep a translation and not set the bit again until they lose it.
    pub(crate) fn take_accessed(&mut self, page: UserPage) -> bool {
        let Some(entry) = self.leaf(page) else { return false };
        // Relaxed is enough: the bit is a hint, and the entry's other bits stay.
        let raw = entry.load(Ordering::Relaxed);
        if raw & (PRESENT | ACCESSED) != PRESENT | ACCESSED {
            return false;
        }
        entry.fetch_and(!ACCESSED, Ordering::Relaxed);
        true
    }

    /// Returns the pages of a range that are present or swapped, lowest first; to go on later, start
    /// behind the last page. Absent tables are skipped whole.
    pub(crate) fn entries(&self, range: Range<UserPage>) -> Entries<'_> {
        Entries {
            tree: self,
            next: range.start.0,
            end: range.end.0.min(UserPage::END.0),
            leaf: None,
        }
    }

    /// Frees the tables; frames that are still mapped are not put.
    ///
    /// # Panics
    /// If a CPU still has the tree loaded.
    pub(crate) fn destroy(self, frames: &mut FrameTable) {
        assert!(!loaded_by_any(self.root()), "a page tree in use is destroyed");
        free_tables(self.root, TOP_LEVEL, KERNEL_FIRST, frames);
    }

    fn top(&self) -> &Table {
        // SAFETY: the root is a table until `destroy` takes `self`.
        unsafe { table_at(self.root.address()) }
    }

    /// Returns the table of `level` on the way to a page, or the number of the next page that could
    /// have one.
    fn table(&self, page: u64, level: u32) -> Result<&Table, u64> {
        let mut table = self.top();
        let mut above = TOP_LEVEL;
        while above > level {
            // Relaxed is enough: tables appear and go under the kernel lock only.
            let raw = table[index(page, above)].load(Ordering::Relaxed);
            if raw & PRESENT == 0 {
                let span = above * LEVEL_BITS;
                return Err(((page >> span) + 1) << span);
            }
            // SAFETY: a present entry above the leaves is a table of this tree, until `destroy`.
            table = unsafe { table_at(raw & ADDRESS) };
            above -= 1;
        }
        Ok(table)
    }

    fn leaf(&self, page: UserPage) -> Option<&AtomicU64> {
        assert!(page < UserPage::END, "the end of the address space is no page");
        self.table(page.0, 0).ok().map(|table| &table[index(page.0, 0)])
    }

    /// Makes the tables that are missing on the way to a page.
    ///
    /// # Errors
    /// [`NeedFrame`] if no frame is free; what was made stays.
    pub(crate) fn make_tables(
        &mut self,
        page: UserPage,
        frames: &mut FrameTable,
    ) -> Result<(), NeedFrame> {
        for level in (1..=TOP_LEVEL).rev() {
            let table = self.table(page.0, level).expect("made in the round before");
            let entry = &table[index(page.0, level)];
            // Relaxed is enough: tables appear under the kernel lock only.
            if entry.load(Ordering::Relaxed) & PRESENT == 0 {
                let frame = frames.allocate_table().ok_or(NeedFrame)?;
                let raw = frame.address() | PRESENT | WRITABLE | USER;
                // Release: a CPU that walks into the new table sees its zeros.
                entry.store(raw, Ordering::Release);
            }
        }
        Ok(())
    }
}

/// Frees a table and those under its first `count` entries; `level` 0 is a leaf table.
fn free_tables(frame: Frame, level: u32, count: usize, frames: &mut FrameTable) {
    if level > 0 {
        // SAFETY: the caller owns this part of the tree, and it is freed below only.
        let table = unsafe { table_at(frame.address()) };
        for entry in &table[..count] {
            // Relaxed is enough: nobody else has the tree any more.
            let raw = entry.load(Ordering::Relaxed);
            if raw & PRESENT != 0 {
                free_tables(Frame::containing(raw & ADDRESS), level - 1, ENTRIES, frames);
            }
        }
    }
    frames.put_table(frame);
}

/// The present and swapped pages of a range.
pub(crate) struct Entries<'a> {
    tree: &'a PageTree,
    next: u64,
    end: u64,
    /// The leaf table of `next`, unless a new one begins there.
    leaf: Option<&'a Table>,
}

impl Iterator for Entries<'_> {
    type Item = (UserPage, Pte);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.end {
            let table = match self.leaf {
                Some(table) => table,
                None => match self.tree.table(self.next, 0) {
                    Ok(table) => *self.leaf.insert(table),
                    Err(next) => {
                        self.next = next;
                        continue;
                    }
                },
            };
            let page = self.next;
            // Relaxed is enough: see `get`.
            let raw = table[index(page, 0)].load(Ordering::Relaxed);
            self.next += 1;
            if index(self.next, 0) == 0 {
                self.leaf = None;
            }
            if raw != 0 {
                return Some((UserPage(page), Pte::decode(raw)));
            }
        }
        None
    }
}
