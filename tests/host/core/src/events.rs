//! An event queue: the files that its owner watches, and the events that the owner has not read
//! yet.
//!
//! As on Redox, the owner names a watch by a number and a word of its choice; several watches may
//! be of one file. Unread events of the same watch are merged into one, so the number of watches
//! bounds the size of a queue; the reader looks at the file anyway. The kernel knows which files
//! there are and which threads wait for a queue; this module knows the content of one queue.

use alloc::vec::Vec;

use crate::limits::WATCHES_MAX;
use crate::slab::Full;

/// What the owner of a queue calls a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The descriptor by which it named the file.
    pub descriptor: usize,
    /// A word of its own.
    pub data: usize,
}

/// News of one watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Of which watch.
    pub name: Name,
    /// What is new: bits of `EVENT_*`.
    pub flags: usize,
}

/// One file that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watch<F> {
    file: F,
    name: Name,
    wanted: usize,
    untold: usize,
}

/// A queue over files that are told apart by an `F`.
#[derive(Debug)]
pub struct EventQueue<F> {
    watches: Vec<Watch<F>>,
}

impl<F: Copy + PartialEq> EventQueue<F> {
    /// Bytes that the watches of a queue take at most, twice over because the table grows.
    pub const SIZE_MAX: usize = 2 * WATCHES_MAX * size_of::<Watch<F>>();

    /// Returns a queue that watches nothing.
    pub const fn new() -> Self {
        Self { watches: Vec::new() }
    }

    /// Watches a file for `wanted`, in place of what a watch of that name was for; for nothing, it ends it.
    ///
    /// # Errors
    ///
    /// [`Full`] with [`WATCHES_MAX`] watches; nothing has changed.
    pub fn watch(&mut self, file: F, name: Name, wanted: usize) -> Result<(), Full> {
        let is_same = |watch: &Watch<F>| watch.file == file && watch.name == name;
        let found = self.watches.iter().position(is_same);
        match (found, wanted) {
            (Some(index), 0) => {
                self.watches.remove(index);
            }
            (Some(index), _) => {
                let watch = &mut self.watches[index];
                (watch.wanted, watch.untold) = (wanted, watch.untold & wanted);
            }
            (None, 0) => {}
            (None, _) if self.watches.len() == WATCHES_MAX => return Err(Full),
            (None, _) => self.watches.push(Watch { file, name, wanted, untold: 0 }),
        }
        Ok(())
    }

    /// Returns what anybody who watches the file wants to be told.
    pub fn wanted(&self, file: F) -> usize {
        self.of(file).fold(0, |wanted, watch| wanted | watch.wanted)
    }

    fn of(&self, file: F) -> impl Iterator<Item = &Watch<F>> {
        self.watches.iter().filter(move |watch| watch.file == file)
    }

    /// Notes what is new about the files that `is_it` names; returns whether the queue has news now.
    pub fn tell(&mut self, is_it: impl Fn(F) -> bool, flags: usize) -> bool {
        for watch in self.watches.iter_mut().filter(|watch| is_it(watch.file)) {
            watch.untold |= watch.wanted & flags;
        }
        self.has_news()
    }

    /// Returns whether there is something to take.
    pub fn has_news(&self) -> bool {
        self.watches.iter().any(|watch| watch.untold != 0)
    }

    /// Forgets the watches of a file, and what was new about it.
    pub fn forget(&mut self, file: F) {
        self.watches.retain(|watch| watch.file != file);
    }

    /// Returns the first news, at most `most`, in the order of the watches.
    pub fn news(&self, most: usize) -> Vec<News> {
        let untold = self.watches.iter().filter(|watch| watch.untold != 0);
        untold.take(most).map(|watch| News { name: watch.name, flags: watch.untold }).collect()
    }

    /// Forgets the first `count` news, which were taken.
    pub fn taken(&mut self, count: usize) {
        let untold = self.watches.iter_mut().filter(|watch| watch.untold != 0);
        untold.take(count).for_each(|watch| watch.untold = 0);
    }
}

impl<F: Copy + PartialEq> Default for EventQueue<F> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{EventQueue, Name, News};
    use crate::limits::WATCHES_MAX;

    const READ: usize = 1;
    const WRITE: usize = 2;

    fn name(descriptor: usize) -> Name {
        Name { descriptor, data: 7 }
    }

    fn news(descriptor: usize, flags: usize) -> News {
        News { name: name(descriptor), flags }
    }

    #[test]
    fn only_what_is_wanted_is_told_and_only_once() {
        let mut queue = EventQueue::new();
        queue.watch('a', name(3), READ).unwrap();
        assert!(!queue.tell(|file| file == 'a', WRITE));
        assert!(!queue.tell(|file| file == 'b', READ));
        assert!(queue.tell(|file| file == 'a', READ | WRITE));
        assert_eq!(queue.news(8), [news(3, READ)]);
        queue.taken(1);
        assert!(!queue.has_news());
    }

    #[test]
    fn news_that_nobody_took_are_one() {
        let mut queue = EventQueue::new();
        queue.watch('a', name(3), READ | WRITE).unwrap();
        for _ in 0..1000 {
            queue.tell(|_| true, READ);
        }
        queue.tell(|_| true, WRITE);
        assert_eq!(queue.news(8), [news(3, READ | WRITE)]);
    }

    #[test]
    fn news_are_taken_in_the_order_of_the_watches_as_many_as_there_is_room_for() {
        let mut queue = EventQueue::new();
        for descriptor in [5, 3, 4] {
            queue.watch('a', name(descriptor), READ).unwrap();
        }
        queue.tell(|_| true, READ);
        assert_eq!(queue.news(2), [news(5, READ), news(3, READ)]);
        queue.taken(2);
        assert_eq!(queue.news(2), [news(4, READ)]);
    }

    #[test]
    fn a_watch_for_nothing_ends_and_its_news_with_it() {
        let mut queue = EventQueue::new();
        queue.watch('a', name(3), READ).unwrap();
        queue.tell(|_| true, READ);
        queue.watch('a', name(3), 0).unwrap();
        assert!(!queue.has_news());
        assert_eq!(queue.wanted('a'), 0);
        queue.watch('a', name(4), 0).unwrap();
        assert_eq!(queue.wanted('a'), 0, "there was none of that name");
    }

    #[test]
    fn all_watches_of_a_file_are_asked_for_and_forgotten_together() {
        let mut queue = EventQueue::new();
        queue.watch('a', name(3), READ).unwrap();
        queue.watch('a', name(4), WRITE).unwrap();
        queue.watch('b', name(5), READ).unwrap();
        assert_eq!(queue.wanted('a'), READ | WRITE);
        queue.forget('a');
        assert_eq!((queue.wanted('a'), queue.wanted('b')), (0, READ));
    }

    #[test]
    fn one_watch_more_than_a_queue_has_room_for_is_refused_and_changes_none() {
        let mut queue = EventQueue::new();
        for descriptor in 0..WATCHES_MAX {
            queue.watch('a', name(descriptor), READ).unwrap();
        }
        queue.watch('b', name(0), READ).unwrap_err();
        assert_eq!(queue.wanted('b'), 0);
        queue.watch('a', name(0), WRITE).unwrap();
        assert_eq!(queue.wanted('a'), READ | WRITE, "one that is there can be changed");
    }
}
