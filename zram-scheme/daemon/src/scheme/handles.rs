//! The handles: the daemon's side of clients' descriptors.
//!
//! The kernel names a handle by a number that we chose when it was opened. A number is never used
//! twice, so a request that names a closed handle finds nothing, not another client's handle.
//! Handle [`ROOT`] is the root directory, always exists, and stands for what the scheme's
//! publication holds open.
//!
//! Some places are reserved for root, and each other user has a share, so that readers of
//! statistics cannot make `swapon`, a reset or exit fail for want of a handle.
//!
//! A device that a handle is attached to (it is mounted) has no other handle: its pages are
//! programs' memory, and no other client reads or writes them.

use alloc::vec::Vec;

use super::Fault;
use super::file::File;
use crate::attributes::block_state::Cursor;
use crate::text::Text;
use crate::words::Holder;
use zram_lifecycle::DeviceId;

/// Number of the root directory's handle.
pub const ROOT: HandleId = HandleId(0);

/// Most open handles: a kernel table of 1024 descriptors would be full by then.
pub const HANDLES_MAX: usize = 1024;

/// Most handles of all users but root together: the other places are root's, more than enough for
/// `swapon` of every device and a shell beside it.
pub const HANDLES_OF_USERS_MAX: usize = 768;

/// Most handles of one user who is not root: more than a program that watches every attribute of a
/// few devices needs, and four such users leave no place to others only if all of them take all.
pub const HANDLES_OF_USER_MAX: usize = 192;

/// The user who may do everything.
const ROOT_UID: u32 = 0;

const _: () = assert!(HANDLES_OF_USER_MAX < HANDLES_OF_USERS_MAX);
const _: () = assert!(HANDLES_OF_USERS_MAX < HANDLES_MAX);

/// Bits of a number that tell the place in the table; the rest counts opens.
const PLACE_BITS: u32 = 16;

const _: () = assert!(HANDLES_MAX < 1 << PLACE_BITS);

/// Number of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandleId(pub usize);

/// What a descriptor means.
#[derive(Debug)]
pub struct Handle {
    id: HandleId,
    /// The user who opened it; whoever has it now, it is that user's share.
    uid: u32,
    /// The file it was opened on.
    pub file: File,
    /// Whether it was opened for reading.
    pub is_readable: bool,
    /// Whether it was opened for writing.
    pub is_writable: bool,
    /// The device belongs to this handle alone.
    is_attached: bool,
    content: Option<Text>,
    added: Option<DeviceId>,
    cursor: Cursor,
    is_watching: bool,
}

impl Handle {
    fn is_of_device(&self, device: DeviceId) -> bool {
        matches!(self.file, File::Device(name) if name.id == device)
    }
}

/// What can be told of a handle without holding on to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The file it was opened on.
    pub file: File,
    /// Whether it was opened for reading.
    pub is_readable: bool,
    /// Whether it was opened for writing.
    pub is_writable: bool,
}

/// A handle, and what can be told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenHandle {
    /// Its number.
    pub(super) id: HandleId,
    /// What was opened, and for what.
    pub(super) opened: Opened,
}

/// A handle whose client is to be told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// Which one it is.
    pub handle: HandleId,
    /// The place behind it, where to look for the next one.
    pub behind: usize,
}

/// The table of open handles.
#[derive(Debug)]
pub struct Handles {
    places: Vec<Option<Handle>>,
    count: usize,
    opened: usize,
    is_closed: bool,
}

impl Handles {
    /// Returns an empty table with its memory. Called once, at start, where running out of memory
    /// may end the daemon.
    pub fn new() -> Self {
        let places = core::iter::repeat_with(|| None).take(HANDLES_MAX).collect();
        Self { places, count: 0, opened: 0, is_closed: false }
    }

    /// Returns how many handles are open, the root not counted.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Opens a handle for the user `uid`.
    ///
    /// # Errors
    ///
    /// [`Fault::TooManyHandles`], also when only the user's share is used up; [`Fault::Mounted`] for a
    /// device that a handle is attached to; [`Fault::NoDevice`] once the daemon has ended.
    pub fn open(&mut self, uid: u32, opened: Opened) -> Result<HandleId, Fault> {
        if self.is_closed {
            return Err(Fault::NoDevice);
        }
        if let File::Device(name) = opened.file
            && self.of_device(name.id).any(|handle| handle.is_attached)
        {
            return Err(Fault::Mounted);
        }
        if !self.has_share_left(uid) {
            return Err(Fault::TooManyHandles);
        }
        let free = self.places.iter().position(Option::is_none);
        let index = free.ok_or(Fault::TooManyHandles)?;
        self.opened += 1;
        let id = HandleId(self.opened << PLACE_BITS | index);
        let Opened { file, is_readable, is_writable } = opened;
        self.places[index] = Some(Handle {
            id,
            uid,
            file,
            is_readable,
            is_writable,
            is_attached: false,
            content: None,
            added: None,
            cursor: Cursor::default(),
            is_watching: false,
        });
        self.count += 1;
        Ok(id)
    }

    /// Returns whether the user may have one more handle, if there is a place.
    fn has_share_left(&self, uid: u32) -> bool {
        if uid == ROOT_UID {
            return true;
        }
        let of_users = self.places.iter().flatten().filter(|handle| handle.uid != ROOT_UID);
        let (of_all, own) = of_users.fold((0_usize, 0_usize), |(of_all, own), handle| {
            (of_all + 1, own + usize::from(handle.uid == uid))
        });
        of_all < HANDLES_OF_USERS_MAX && own < HANDLES_OF_USER_MAX
    }

    fn of_device(&self, device: DeviceId) -> impl Iterator<Item = &Handle> {
        self.places.iter().flatten().filter(move |handle| handle.is_of_device(device))
    }

    /// Returns who has the device open, if anybody has.
    pub fn holder(&self, device: DeviceId) -> Option<Holder> {
        let mut handles = self.of_device(device).peekable();
        handles.peek()?;
        let is_mounted = handles.any(|handle| handle.is_attached);
        Some(if is_mounted { Holder::Swap } else { Holder::Program })
    }

    /// Gives the handle's device to it alone, until it is closed.
    ///
    /// # Errors
    ///
    /// [`Fault::Shared`] while the device has another handle; [`Fault::NoHandle`].
    pub fn attach(&mut self, id: HandleId, device: DeviceId) -> Result<(), Fault> {
        if self.of_device(device).any(|handle| handle.id != id) {
            return Err(Fault::Shared);
        }
        self.find(id)?.is_attached = true;
        Ok(())
    }

    /// Returns the handle that has the device to itself, if it is mounted, or about to be.
    pub fn attached(&self, device: DeviceId) -> Option<HandleId> {
        self.of_device(device).find(|handle| handle.is_attached).map(|handle| handle.id)
    }

    /// Returns whether some device is mounted, or about to be.
    pub fn is_any_attached(&self) -> bool {
        self.places.iter().flatten().any(|handle| handle.is_attached)
    }

    /// Returns what the handle was opened on.
    ///
    /// # Errors
    ///
    /// [`Fault::NoHandle`]; [`Fault::NoDevice`] once the daemon has ended, whatever the handle.
    pub fn get(&mut self, id: HandleId) -> Result<Opened, Fault> {
        if self.is_closed {
            return Err(Fault::NoDevice);
        }
        if id == ROOT {
            return Ok(Opened { file: File::Root, is_readable: true, is_writable: false });
        }
        let handle = self.find(id)?;
        let Handle { file, is_readable, is_writable, .. } = *handle;
        Ok(Opened { file, is_readable, is_writable })
    }

    fn find(&mut self, id: HandleId) -> Result<&mut Handle, Fault> {
        let index = id.0 & ((1 << PLACE_BITS) - 1);
        let place = self.places.get_mut(index).and_then(Option::as_mut);
        place.filter(|handle| handle.id == id).ok_or(Fault::NoHandle)
    }

    /// Closes the handle and returns what it was opened on.
    ///
    /// # Errors
    ///
    /// [`Fault::NoHandle`].
    pub fn close(&mut self, id: HandleId) -> Result<File, Fault> {
        let file = self.find(id)?.file;
        let index = id.0 & ((1 << PLACE_BITS) - 1);
        self.places[index] = None;
        self.count -= 1;
        Ok(file)
    }

    /// Forgets all handles for good, when the daemon ends. No device is open then.
    pub fn close_all(&mut self) {
        self.is_closed = true;
        self.places.fill_with(|| None);
        self.count = 0;
    }

    /// Takes out what reads of the handle show, if it was composed before.
    ///
    /// # Errors
    ///
    /// [`Fault::NoHandle`].
    pub fn take_content(&mut self, id: HandleId) -> Result<Option<Text>, Fault> {
        if id == ROOT { Ok(None) } else { Ok(self.find(id)?.content.take()) }
    }

    /// Keeps what reads of the handle show; forgets it if the handle is closed.
    pub fn keep_content(&mut self, id: HandleId, content: Text) {
        if let Ok(handle) = self.find(id) {
            handle.content = Some(content);
        }
    }

    /// Returns where the last read of `block_state` through the handle has ended.
    ///
    /// # Errors
    ///
    /// [`Fault::NoHandle`].
    pub(crate) fn cursor(&mut self, id: HandleId) -> Result<Cursor, Fault> {
        self.find(id).map(|handle| handle.cursor)
    }

    /// Remembers where a read of `block_state` has ended; forgets it if the handle is closed.
    pub(crate) fn set_cursor(&mut self, id: HandleId, cursor: Cursor) {
        if let Ok(handle) = self.find(id) {
            handle.cursor = cursor;
        }
    }

    /// Lets the handle's client be told of changes, or no longer.
    ///
    /// # Errors
    ///
    /// [`Fault::NoHandle`].
    pub fn watch(&mut self, id: HandleId, is_watching: bool) -> Result<(), Fault> {
        self.find(id).map(|handle| handle.is_watching = is_watching)
    }

    /// Returns the first handle in a place from `place` on whose client is to be told of a change.
    pub fn next_watcher(&self, place: usize, is_about: impl Fn(File) -> bool) -> Option<Watcher> {
        let rest = self.places.iter().enumerate().skip(place);
        let mut handles = rest.filter_map(|(index, handle)| Some((index, handle.as_ref()?)));
        let found = handles.find(|(_, handle)| handle.is_watching && is_about(handle.file));
        found.map(|(index, handle)| Watcher { handle: handle.id, behind: index + 1 })
    }

    /// Returns the device that was added through the handle.
    pub fn added(&mut self, id: HandleId) -> Option<DeviceId> {
        self.find(id).ok()?.added
    }

    /// Remembers the device that was added through the handle; nothing if it is closed by now.
    pub fn set_added(&mut self, id: HandleId, device: DeviceId) {
        if let Ok(handle) = self.find(id) {
            handle.added = Some(device);
        }
    }
}

impl Default for Handles {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Fault, File, HANDLES_MAX, HANDLES_OF_USER_MAX, HANDLES_OF_USERS_MAX, HandleId, Handles,
        Opened, ROOT,
    };

    const OPENED: Opened = Opened { file: File::Root, is_readable: true, is_writable: false };

    #[test]
    fn a_closed_handle_is_not_found_again_though_its_place_is_used() {
        let mut handles = Handles::new();
        let first = handles.open(0, OPENED).unwrap();
        assert_eq!(handles.close(first), Ok(File::Root));
        let second = handles.open(0, OPENED).unwrap();
        assert_eq!(handles.get(first), Err(Fault::NoHandle));
        assert_eq!(handles.close(first), Err(Fault::NoHandle));
        assert_eq!(handles.get(second), Ok(OPENED));
        assert_eq!(handles.count(), 1);
    }

    #[test]
    fn one_more_handle_than_there_are_places_is_refused() {
        let mut handles = Handles::new();
        for _ in 0..HANDLES_MAX {
            handles.open(0, OPENED).unwrap();
        }
        assert_eq!(handles.open(0, OPENED), Err(Fault::TooManyHandles));
        assert_eq!(handles.count(), HANDLES_MAX);
    }

    /// Opens handles for the user until one is refused; returns how many those are.
    fn opened_by(handles: &mut Handles, uid: u32) -> usize {
        let refusal = |handles: &mut Handles| handles.open(uid, OPENED).err();
        (0..).find(|_| refusal(handles) == Some(Fault::TooManyHandles)).unwrap()
    }

    #[test]
    fn a_user_gets_a_share_and_others_still_get_theirs() {
        let mut handles = Handles::new();
        assert_eq!(opened_by(&mut handles, 1000), HANDLES_OF_USER_MAX);
        assert_eq!(opened_by(&mut handles, 1001), HANDLES_OF_USER_MAX);
    }

    #[test]
    fn any_number_of_users_leaves_root_its_places() {
        let mut handles = Handles::new();
        let taken: usize = (1000..1020).map(|uid| opened_by(&mut handles, uid)).sum();
        assert_eq!(taken, HANDLES_OF_USERS_MAX);
        assert_eq!(opened_by(&mut handles, 0), HANDLES_MAX - HANDLES_OF_USERS_MAX);
    }

    #[test]
    fn a_closed_handle_is_in_its_users_share_again() {
        let mut handles = Handles::new();
        let first = handles.open(1000, OPENED).unwrap();
        assert_eq!(opened_by(&mut handles, 1000), HANDLES_OF_USER_MAX - 1);
        handles.close(first).unwrap();
        assert!(handles.open(1000, OPENED).is_ok());
    }

    #[test]
    fn numbers_that_were_never_given_find_nothing() {
        let mut handles = Handles::new();
        for number in [1, 0xffff, 0x1_0000, usize::MAX] {
            assert_eq!(handles.get(HandleId(number)), Err(Fault::NoHandle));
        }
        assert!(handles.get(ROOT).is_ok());
        assert_eq!(handles.close(ROOT), Err(Fault::NoHandle));
    }
}
