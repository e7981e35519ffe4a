//! The table of open descriptions, and the changes that are allowed while one is open.
//!
//! All of the kernel may read the table; only this folder changes it.

use core::ops::Deref;

use super::{Description, Object};
use crate::kernel::Kernel;
use crate::limits::DESCRIPTIONS_MAX;
use crate::slab::{Id, Slab};

/// All open descriptions.
pub(crate) struct Descriptions {
    pub(super) table: Slab<Description>,
}

impl Deref for Descriptions {
    type Target = Slab<Description>;

    fn deref(&self) -> &Slab<Description> {
        &self.table
    }
}

impl Descriptions {
    /// Returns no descriptions.
    pub(crate) const fn new() -> Self {
        Self { table: Slab::new(DESCRIPTIONS_MAX) }
    }
}

impl Kernel {
    /// Sets the `O_*` flags of a description.
    pub(crate) fn set_flags(&mut self, description: Id<Description>, flags: usize) {
        self.descriptions.table[description].flags = flags;
    }

    /// Sets where the next plain read or write of a description goes.
    pub(crate) fn set_offset(&mut self, description: Id<Description>, offset: u64) {
        self.descriptions.table[description].offset = offset;
    }

    /// Moves the offset of a description by what was read or written, as far as it goes; one that was
    /// closed meanwhile has none.
    pub(crate) fn move_offset(&mut self, description: Id<Description>, count: usize) {
        if let Some(found) = self.descriptions.table.get_mut(description) {
            found.offset = found.offset.saturating_add(count as u64);
        }
    }

    /// Makes a description lead elsewhere; returns where it led. Closing that is the caller's business.
    pub(crate) fn exchange_object(
        &mut self,
        description: Id<Description>,
        object: Object,
    ) -> Object {
        core::mem::replace(&mut self.descriptions.table[description].object, object)
    }
}
