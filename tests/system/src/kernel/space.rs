//! Address spaces: page tables and their entries.

use std::collections::BTreeMap;

use swap_pager::SwapEntry;
use swap_pager::ports::{Frame, SpaceKind};

/// A page-table entry; an absent one is a page of zeros that nobody has touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pte {
    /// A frame.
    Present(Present),
    /// The page is in swap.
    Swapped(SwapEntry),
}

/// A mapped frame and the bits beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) frame: Frame,
    pub(crate) is_writable: bool,
    pub(crate) is_accessed: bool,
    pub(crate) is_dirty: bool,
    pub(crate) is_no_gain: bool,
}

impl Present {
    /// Returns the entry of a page that was just made for its only user.
    pub(crate) const fn fresh(frame: Frame) -> Self {
        Self { frame, is_writable: true, is_accessed: true, is_dirty: true, is_no_gain: false }
    }
}

/// An address space.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) kind: SpaceKind,
    pub(crate) table: BTreeMap<u64, Pte>,
}

impl Space {
    /// Returns a space without pages.
    pub(crate) const fn new(kind: SpaceKind) -> Self {
        Self { kind, table: BTreeMap::new() }
    }
}
