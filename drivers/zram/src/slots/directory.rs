//! The directory: where the leaves of a slot table are.
//!
//! One vector holds the places for leaves, of exactly the size that the table was made with. A
//! table that grows gets extensions, each with as many places as all before it together: places
//! never move, so a reader that walks the table needs no lock while the table grows. This costs at
//! most 8 bytes for every possible leaf, and no time for a slot of the first size.
//!
//! Neighbour: `table.rs`, which knows what a leaf is and how many slots there are.

use alloc::boxed::Box;
use alloc::vec::Vec;

use once_cell::race::OnceBox;

use crate::{NoMemory, memory};

/// Most extensions: each doubles the table, and slots are counted in 32 bits.
const EXTENSIONS_MAX: usize = 32;

type Places<L> = Vec<OnceBox<L>>;

/// An array of one, because a box of an array can be allocated fallibly.
type Extension<L> = [Places<L>; 1];

/// The places of all leaves, each empty until its leaf is needed.
#[derive(Debug)]
pub(super) struct Directory<L> {
    first: Places<L>,
    extensions: [OnceBox<Extension<L>>; EXTENSIONS_MAX],
}

/// Where a leaf is behind the first vector.
struct Place {
    extension: usize,
    /// Its index in the extension.
    at: usize,
}

impl<L> Directory<L> {
    /// Returns a directory with places for `leaf_count` leaves.
    pub(super) fn new(leaf_count: usize) -> Result<Self, NoMemory> {
        // At least one, so that there is something to double.
        let first = memory::filled(leaf_count.max(1), OnceBox::new)?;
        Ok(Self { first, extensions: [const { OnceBox::new() }; EXTENSIONS_MAX] })
    }

    /// Returns the place of leaf `index`, if the directory is that large.
    pub(super) fn place(&self, index: usize) -> Option<&OnceBox<L>> {
        match self.first.get(index) {
            Some(place) => Some(place),
            None => {
                let Place { extension, at } = self.locate(index);
                self.extensions.get(extension)?.get()?[0].get(at)
            }
        }
    }

    /// Returns the place of a leaf that is not in the first vector.
    fn locate(&self, index: usize) -> Place {
        let extension = (index / self.first.len()).ilog2();
        Place { extension: extension as usize, at: index - (self.first.len() << extension) }
    }

    /// Makes room for `leaf_count` leaves.
    ///
    /// # Errors
    /// [`NoMemory`], with nothing changed.
    pub(super) fn grow(&self, leaf_count: usize) -> Result<(), NoMemory> {
        if leaf_count <= self.first.len() {
            return Ok(());
        }
        let last = self.locate(leaf_count - 1).extension;
        let mut made = [const { None }; EXTENSIONS_MAX];
        // All are made before any is shown, because what was shown cannot be taken back.
        for extension in (0..=last).filter(|&it| self.extensions[it].get().is_none()) {
            made[extension] = Some(self.make(extension)?);
        }
        for (place, extension) in self.extensions.iter().zip(made) {
            if let Some(extension) = extension {
                // Another thread may have been faster with an equal one.
                let _ = place.set(extension);
            }
        }
        Ok(())
    }

    fn make(&self, extension: usize) -> Result<Box<Extension<L>>, NoMemory> {
        let mut places = memory::filled(self.first.len() << extension, OnceBox::new)?;
        memory::boxed_array(|| core::mem::take(&mut places))
    }

    /// Frees what is only there for leaves from `leaf_count` on: extensions, and leaves of the
    /// first vector. An extension that is still needed keeps its leaves, which are two pages
    /// each.
    pub(super) fn shrink(&mut self, leaf_count: usize) {
        let first_count = self.first.len();
        for place in self.first.iter_mut().skip(leaf_count) {
            *place = OnceBox::new();
        }
        for (index, extension) in self.extensions.iter_mut().enumerate() {
            let begin = first_count.checked_shl(index as u32).unwrap_or(usize::MAX);
            if begin >= leaf_count {
                *extension = OnceBox::new();
            }
        }
    }

    /// Returns how many leaves there are.
    pub(super) fn leaf_count(&self) -> usize {
        self.all_places().flatten().filter(|place| place.get().is_some()).count()
    }

    /// Returns the bytes of heap that the places take.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.all_places().map(|places| size_of_val(places.as_slice())).sum()
    }

    fn all_places(&self) -> impl Iterator<Item = &Places<L>> {
        let extensions = self.extensions.iter().filter_map(OnceBox::get).flatten();
        core::iter::once(&self.first).chain(extensions)
    }
}

#[cfg(test)]
mod tests {
    use super::Directory;
    use std::boxed::Box;
    use std::collections::BTreeSet;

    fn fill(directory: &Directory<usize>, count: usize) {
        for index in 0..count {
            let place = directory.place(index).expect("it is that large");
            assert!(place.set(Box::new(index)).is_ok(), "leaf {index} has a place of its own");
        }
    }

    #[test]
    fn every_leaf_has_a_place_of_its_own_in_any_directory_that_grew() {
        for first in 0..6 {
            for larger in 1..40 {
                let directory = Directory::new(first).expect("memory");
                directory.grow(larger).expect("memory");
                fill(&directory, first.max(larger));
                assert_eq!(directory.leaf_count(), first.max(larger));
                assert!(directory.place(2 * first.max(larger).max(1)).is_none());
            }
        }
    }

    #[test]
    fn growing_moves_no_place() {
        let directory = Directory::new(3).expect("memory");
        fill(&directory, 3);
        let places = |count| {
            (0..count)
                .map(|it| directory.place(it).map(core::ptr::from_ref))
                .collect::<BTreeSet<_>>()
        };
        let before = places(3);
        directory.grow(50).expect("memory");
        assert!(places(50).is_superset(&before) && places(50).len() == 50);
        assert!((0..3).all(|it| directory.place(it).and_then(|place| place.get()) == Some(&it)));
    }

    #[test]
    fn shrinking_keeps_every_leaf_below_and_frees_those_of_the_first_vector_and_whole_extensions() {
        // Extensions begin at 3, 6, 12 and 24.
        for (smaller, left) in
            [(0, 0), (2, 2), (3, 3), (4, 6), (6, 6), (13, 24), (24, 24), (25, 30)]
        {
            let mut directory = Directory::new(3).expect("memory");
            directory.grow(30).expect("memory");
            fill(&directory, 30);
            directory.shrink(smaller);
            assert_eq!(directory.leaf_count(), left, "{smaller}");
            directory.grow(30).expect("memory");
            let present =
                |index: &usize| directory.place(*index).is_some_and(|it| it.get().is_some());
            assert!((0..30).filter(present).eq(0..left));
        }
    }

    #[test]
    fn shrinking_to_the_first_size_gives_back_what_growing_took() {
        let mut directory: Directory<usize> = Directory::new(5).expect("memory");
        let before = directory.metadata_bytes();
        directory.grow(1000).expect("memory");
        assert!(directory.metadata_bytes() >= 1000 * 8);
        directory.shrink(5);
        assert_eq!(directory.metadata_bytes(), before);
    }
}
