//! The slot table: what each page offset of the device holds.
//!
//! [`word`] packs a slot's state and its [`age`] into 64 bits, [`table`] finds the word of a slot
//! through the [`directory`]. Words are changed by swap and compare-exchange alone, never under a lock.
//! What keeps that sound, where words are the same if they differ in nothing but their age:
//!
//! 1. An object is put into the pool, under its class's lock, *before* a word refers to it.
//! 2. Whoever takes a word out of the table (store, take, discard) owns its object and frees it,
//!    under the class's lock, *after* the word is gone. Swaps of one word are totally ordered, so
//!    every object has exactly one owner.
//! 3. A reader loads the word, locks the class and loads the word again. If both agree, the object
//!    is live and is the one meant: had it been freed before the reader's turn at the lock, the
//!    reader would see the word gone (2); and it cannot see a word whose object is put in after its
//!    turn (1). If they differ, the slot has just changed and the reader starts again, so a retry
//!    means that another operation on this slot went through.
//! 4. Compaction moves an object under the class's lock and changes the word by compare-exchange. If
//!    the word no longer refers to the old place, the object is not yet, or no more, anyone's
//!    content, and is left to its owner. A move to another class puts a copy in first, as in (1);
//!    the word is changed and the old place freed under the old class's lock, and if the word has
//!    changed, the copy is freed.
//! 5. A load changes the age of a word, by compare-exchange, and nothing else: content and owner stay.
//!    Whoever meant to change the word meanwhile finds the same content and tries again with the new
//!    age. It is tried again as often as others got an age in first: once in 64 seconds for each load at most.

mod age;
mod directory;
mod table;
mod word;

pub(crate) use age::{Age, Ages};
pub(crate) use table::{Entry, SlotTable};
pub(crate) use word::{Fill, ObjectSize, Priority, SlotState, SlotWord, StoredObject};
