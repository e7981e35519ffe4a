//! Data that the kernel reads after the loader has ended: one of each, in the loader's own memory.

#![expect(unsafe_code, reason = "hands statics out for writing")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use redox_loader::PAGE_SIZE;
use redox_loader::arguments::{Area, Arguments, Text};
use redox_loader::root_table::POINTER_SIZE;
use redox_loader::tables::{TABLES_MAX, Table};

/// Ranges of memory; QEMU names about ten.
pub(crate) const AREAS_MAX: usize = 64;

/// Bytes of the text of `sys:env`.
const TEXT_MAX: usize = 2048;

/// All the data, on pages of its own: the kernel maps whole pages.
#[repr(C, align(4096))]
pub(crate) struct Statics {
    pub(crate) tables: [Table; TABLES_MAX],
    pub(crate) root: [u8; PAGE_SIZE as usize],
    pub(crate) text: Text<TEXT_MAX>,
    pub(crate) areas: [Area; AREAS_MAX],
    pub(crate) arguments: Arguments,
    pub(crate) pointer: [u8; POINTER_SIZE],
}

struct Place(UnsafeCell<Statics>);

// SAFETY: `Statics::take` hands it out once, on the one CPU.
unsafe impl Sync for Place {}

static PLACE: Place = Place(UnsafeCell::new(Statics {
    tables: [Table::EMPTY; TABLES_MAX],
    root: [0; PAGE_SIZE as usize],
    text: Text::EMPTY,
    areas: [Area::EMPTY; AREAS_MAX],
    arguments: Arguments::EMPTY,
    pointer: [0; POINTER_SIZE],
}));

static TAKEN: AtomicBool = AtomicBool::new(false);

impl Statics {
    /// Returns the data, for ever.
    ///
    /// # Panics
    ///
    /// When called twice.
    pub(crate) fn take() -> &'static mut Self {
        // Relaxed: there is one CPU.
        assert!(!TAKEN.swap(true, Ordering::Relaxed), "it is handed out once");
        // SAFETY: once, as just checked, so nobody else has it.
        unsafe { &mut *PLACE.0.get() }
    }
}
