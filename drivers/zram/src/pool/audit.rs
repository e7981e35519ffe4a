//! Inspection of the pool for tests: what it really holds, and a way to damage it.

use std::vec::Vec;

use lock_api::RawMutex;

use super::{Handle, PageSource, Pool};

/// What a full walk through the pool has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Every object, in the order of their slots.
    pub(crate) objects: Vec<Object>,
    /// Pages in runs and spare pages.
    pub(crate) pages: u64,
}

/// An object, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    pub(crate) slot: u32,
    /// The bits of its handle.
    pub(crate) handle: u32,
}

/// What a test can damage in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A bit of an object's byte.
    Byte(usize, u8),
    /// A bit of the slot number beside it.
    Slot(u8),
    /// A bit of the checksum beside it.
    Checksum(u8),
    /// The mark that there is an object.
    Presence,
}

impl<R: RawMutex, P: PageSource> Pool<R, P> {
    /// Walks through everything and checks what must hold inside of the pool.
    pub(crate) fn audit(&self) -> Audit {
        let mut audit = Audit::default();
        for class in self.all_classes() {
            class.lock().audit(&mut audit);
        }
        for spares in &self.spares {
            audit.pages += spares.lock().count() as u64;
        }
        audit.objects.sort_unstable();
        audit
    }

    /// Damages the object at `handle`.
    pub(crate) fn damage(&self, handle: Handle, damage: Damage) {
        self.class(handle.class()).expect("a class").lock().damage(&self.source, handle, damage);
    }
}
