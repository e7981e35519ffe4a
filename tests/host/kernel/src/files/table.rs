//! File tables: which descriptor number means which description.
//!
//! As on Redox, programs choose the numbers. There are two halves; bit 62 of a number selects the
//! upper one. A table is shared by the threads of a process and counted in `references`.

use alloc::vec::Vec;
use core::ops::Deref;

use syscall::error::{EBADF, EEXIST, EMFILE};
use zram_abi::boot::UPPER;

use super::Description;
use crate::errno::Errno;
use crate::limits::{LOWER_MAX, TABLES_MAX, UPPER_MAX};
use crate::slab::{Id, Slab};

/// What each number of one half means.
type Half = Vec<Option<Id<Description>>>;

/// A file table.
#[derive(Default)]
pub(crate) struct FileTable {
    lower: Half,
    upper: Half,
    /// Threads that use it and descriptions that own it.
    pub(super) references: u32,
}

/// All file tables. Everybody reads them; only this folder changes what is in one.
pub(crate) struct Tables {
    pub(super) all: Slab<FileTable>,
}

impl Deref for Tables {
    type Target = Slab<FileTable>;

    fn deref(&self) -> &Slab<FileTable> {
        &self.all
    }
}

impl Tables {
    /// Returns no tables.
    pub(crate) const fn new() -> Self {
        Self { all: Slab::new(TABLES_MAX) }
    }
}

impl FileTable {
    fn half(&mut self, descriptor: usize) -> Result<(&mut Half, usize), Errno> {
        let index = index_of(descriptor).ok_or(Errno(EBADF))?;
        let half = if descriptor & UPPER == 0 { &mut self.lower } else { &mut self.upper };
        Ok((half, index))
    }

    /// Returns what `descriptor` means.
    ///
    /// # Errors
    ///
    /// EBADF if it means nothing.
    pub(crate) fn get(&self, descriptor: usize) -> Result<Id<Description>, Errno> {
        let half = if descriptor & UPPER == 0 { &self.lower } else { &self.upper };
        half.get(descriptor & !UPPER).copied().flatten().ok_or(Errno(EBADF))
    }

    /// Returns success if `descriptor` can be given a meaning.
    ///
    /// # Errors
    ///
    /// EEXIST if it has one, EMFILE if it is too large.
    pub(crate) fn expect_free(&self, descriptor: usize) -> Result<(), Errno> {
        index_of(descriptor).ok_or(Errno(EMFILE))?;
        match self.get(descriptor) {
            Ok(_) => Err(Errno(EEXIST)),
            Err(_) => Ok(()),
        }
    }

    /// Gives `descriptor` a meaning; the table takes over one reference to the description.
    ///
    /// # Errors
    ///
    /// As [`Self::expect_free`]; the reference stays with the caller.
    pub(super) fn insert(
        &mut self,
        descriptor: usize,
        description: Id<Description>,
    ) -> Result<(), Errno> {
        self.expect_free(descriptor)?;
        let (half, index) = self.half(descriptor)?;
        if half.len() <= index {
            half.resize(index + 1, None);
        }
        half[index] = Some(description);
        Ok(())
    }

    /// Takes the meaning of `descriptor` away and returns it, with the table's reference.
    ///
    /// # Errors
    ///
    /// EBADF if it means nothing.
    pub(super) fn remove(&mut self, descriptor: usize) -> Result<Id<Description>, Errno> {
        let (half, index) = self.half(descriptor)?;
        half.get_mut(index).and_then(Option::take).ok_or(Errno(EBADF))
    }

    /// Takes all meanings away and returns them, with the table's references.
    pub(super) fn remove_all(&mut self) -> Vec<Id<Description>> {
        self.lower.drain(..).chain(self.upper.drain(..)).flatten().collect()
    }

    /// Returns all descriptors that mean something, with what they mean.
    pub(crate) fn all(&self) -> Vec<(usize, Id<Description>)> {
        let lower = self.lower.iter().zip(0..);
        let upper = self.upper.iter().zip(UPPER..);
        lower.chain(upper).filter_map(|(&found, number)| Some((number, found?))).collect()
    }
}

/// Returns the place of a descriptor in its half, or nothing if it is too large.
fn index_of(descriptor: usize) -> Option<usize> {
    let most = if descriptor & UPPER == 0 { LOWER_MAX } else { UPPER_MAX };
    Some(descriptor & !UPPER).filter(|&index| index < most)
}
