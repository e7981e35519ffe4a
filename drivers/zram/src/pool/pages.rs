//! The port through which the pool gets its memory, one page at a time.
//!
//! A page is an owned handle: its owner may read and, with `&mut`, write its 4096 bytes, and nobody
//! else can. So the pool needs no raw pointer and no fixed addresses, and the unsafe part, mapping
//! a page into the daemon, stays where system calls are. Handles are kept as `Option<Page>`, one
//! per page: a `NonZeroU32` that numbers the pages of a region takes 4 bytes, an address or a plain
//! `u32` takes 8.

use alloc::boxed::Box;

use crate::{NoMemory, PageBytes, memory};

/// Commits and releases the pages of a pool.
///
/// # Context
/// The pool calls [`Self::commit`], [`Self::release`] and [`Self::release_rest`] with no lock and no
/// stream held; a system call is fine. [`Self::bytes`] and [`Self::bytes_mut`] are called under a
/// lock and must be cheap.
pub trait PageSource: Send + Sync {
    /// A committed page. Dropping it must not be relied on: the pool gives every page back by
    /// [`Self::release`].
    type Page: Send;

    /// Commits one page: resident memory, whatever it contains, that never faults.
    ///
    /// # Errors
    /// [`NoMemory`] at once when there is none; it must not wait for reclaim.
    fn commit(&self) -> Result<Self::Page, NoMemory>;

    /// Takes a page back. Cannot fail.
    fn release(&self, page: Self::Page);

    /// Takes a page back as one of many: it may stay resident until [`Self::release_rest`] is called,
    /// so that a source can give back many pages beside each other in one go. Cannot fail.
    fn release_later(&self, page: Self::Page) {
        self.release(page);
    }

    /// Gives back what [`Self::release_later`] took.
    fn release_rest(&self) {}

    /// Returns the content of a page.
    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes;

    /// Returns the content of a page, to be changed.
    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes;
}

/// Pages from the heap: the source for a host, where the heap is the memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapPages;

impl PageSource for HeapPages {
    type Page = Box<PageBytes>;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        memory::zeroed_page()
    }

    fn release(&self, page: Self::Page) {
        drop(page);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}
