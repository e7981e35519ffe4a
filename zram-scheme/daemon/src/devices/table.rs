//! The table of devices.
//!
//! For each device it has the open-count word, the view that the actor published, the content and
//! the words of `last_error` and `last_note`. Access to a content:
//!
//! | who | how | kept apart from the actor by |
//! | --- | --- | --- |
//! | reads, writes, queue records | [`Devices::open`] or [`Devices::use_generation`], then [`Devices::content`] | the open-count word: no claim while it is open |
//! | statistics | [`Devices::inspect`] | the inspection lock, which the actor takes to empty or shrink a device |
//! | the actor | any time | - |
//!
//! Statistics do not open the device, because a reader of `mm_stat` must not make a reset fail. So a
//! content that the actor takes out has no other user, and the reaper can give its memory back.
//! Contents live in `Arc`s that are allocated at start, because `Arc` cannot be allocated fallibly.
//!
//! Lock order: inspection, then the lock of one device. The latter is held for copies of a few
//! words only, never while pages are worked on, so the actor delays no other thread.

use alloc::sync::Arc;
use alloc::vec::Vec;

use lock_api::Mutex;
use zram::{NoMemory, StoredAbove, Zram};

use super::traffic::Traffic;
use super::watermark::Watermark;
use crate::platform::Platform;
use crate::sync::{AtomicU32, Ordering};
use crate::text::Words;
use zram_lifecycle::open_word::{InUse, OpenWord, Release};
use zram_lifecycle::{DeviceId, DeviceName, DeviceSet, Pages, View};

/// Most devices. Each costs some hundred bytes before it has a size; Linux users have 1 to 8.
pub(crate) const DEVICES_MAX: usize = 32;

const _: () = assert!(DEVICES_MAX <= hotplug::InstanceSet::MAX);
const _: () = assert!(DEVICES_MAX <= u32::BITS as usize, "a bit of one word for each");

/// The content of an initialised device.
pub(crate) type Content<P> = Zram<<P as Platform>::Mutex, <P as Platform>::Pages>;

/// A place for a content that can be shared; empty in a spare one.
type Shared<P> = Arc<Option<Content<P>>>;

/// There is no such device, or it is another one by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDevice;

/// Why a device could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenDeviceError {
    /// There is none of that number.
    Absent,
    /// The actor resets or removes it now.
    Claimed,
}

/// What all threads see of one device.
struct Front<P: Platform> {
    view: Option<View>,
    content: Option<Shared<P>>,
    said: Said,
}

/// What the device's own files say of writes to it.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    /// Why the last refused request was refused.
    pub(crate) error: Words,
    /// What there is to say of the last write that was taken.
    pub(crate) note: Words,
}

impl Said {
    const NOTHING: Self = Self { error: Words::NONE, note: Words::NONE };
}

struct DeviceRow<P: Platform> {
    word: OpenWord,
    traffic: Traffic,
    watermark: Watermark,
    front: Mutex<P::Mutex, Front<P>>,
}

/// Returns the bit of a device.
fn bit(id: DeviceId) -> u32 {
    1_u32.checked_shl(id.index() as u32).unwrap_or(0)
}

/// The table.
pub(crate) struct Devices<P: Platform> {
    places: Vec<DeviceRow<P>>,
    /// A bit for each device that is not shown whatever its row says, so that several go in one step.
    hidden: AtomicU32,
    spares: Mutex<P::Mutex, Vec<Shared<P>>>,
    inspection: Mutex<P::Mutex, ()>,
}

impl<P: Platform> Devices<P> {
    /// Returns a table of [`DEVICES_MAX`] absent devices. Called once, at start, where running out of
    /// memory may end the daemon.
    pub(crate) fn new() -> Self {
        let place = || DeviceRow {
            word: OpenWord::absent(),
            traffic: Traffic::new(),
            watermark: Watermark::new(),
            front: Mutex::new(Front { view: None, content: None, said: Said::NOTHING }),
        };
        Self {
            places: (0..DEVICES_MAX).map(|_| place()).collect(),
            hidden: AtomicU32::new(0),
            spares: Mutex::new((0..DEVICES_MAX).map(|_| Arc::new(None)).collect()),
            inspection: Mutex::new(()),
        }
    }

    fn place(&self, id: DeviceId) -> Result<&DeviceRow<P>, NoDevice> {
        self.places.get(id.index()).ok_or(NoDevice)
    }

    /// Returns the place of a device that the lifecycle knows.
    fn known(&self, id: DeviceId) -> &DeviceRow<P> {
        self.place(id).expect("the lifecycle has DEVICES_MAX devices")
    }

    /// Returns what is shown of the device of that number, if there is one.
    pub(crate) fn view(&self, id: DeviceId) -> Option<View> {
        self.shown(&self.place(id).ok()?.front.lock())
    }

    /// Returns what a row shows, unless the device is hidden.
    fn shown(&self, front: &Front<P>) -> Option<View> {
        // Acquire pairs with the Release in `hide` and in `show`: who has seen one device go sees no
        // other one that went with it.
        let hidden = self.hidden.load(Ordering::Acquire);
        front.view.filter(|view| hidden & bit(view.name.id) == 0)
    }

    /// Returns what is shown of the device of that name.
    ///
    /// # Errors
    ///
    /// [`NoDevice`].
    pub(crate) fn named(&self, name: DeviceName) -> Result<View, NoDevice> {
        self.view(name.id).filter(|view| view.name == name).ok_or(NoDevice)
    }

    /// Returns all devices, by number.
    pub(crate) fn views(&self) -> impl Iterator<Item = View> {
        self.places.iter().filter_map(|place| self.shown(&place.front.lock()))
    }

    /// Opens the device for a client; [`Self::close`] undoes it. While it is open it stays the device
    /// of that name.
    ///
    /// # Errors
    ///
    /// [`OpenDeviceError`].
    pub(crate) fn open(&self, id: DeviceId) -> Result<DeviceName, OpenDeviceError> {
        let place = self.place(id).map_err(|NoDevice| OpenDeviceError::Absent)?;
        let opened = place.word.open(None);
        match (opened, self.shown(&place.front.lock())) {
            (Ok(()), Some(view)) => Ok(view.name),
            (Ok(()), None) => unreachable!("a device that is not shown is claimed"),
            (Err(_), Some(_)) => Err(OpenDeviceError::Claimed),
            (Err(_), None) => Err(OpenDeviceError::Absent),
        }
    }

    /// Undoes one open.
    ///
    /// # Panics
    ///
    /// If the device is not open.
    pub(crate) fn close(&self, id: DeviceId) {
        self.known(id).word.close();
    }

    /// Opens the content of that generation for as long as the answer lives.
    ///
    /// # Errors
    ///
    /// [`NoDevice`], also while the actor has it or without content.
    pub(crate) fn use_generation(
        &self,
        id: DeviceId,
        generation: u16,
    ) -> Result<Use<'_, P>, NoDevice> {
        let place = self.place(id)?;
        place.word.open(Some(generation)).map_err(|_| NoDevice)?;
        let content = place.front.lock().content.clone();
        let used = Use { id, place, content };
        if used.content.is_some() { Ok(used) } else { Err(NoDevice) }
    }

    /// Returns the content of a device that a handle keeps open, and opens it once more meanwhile;
    /// nothing while it has no content.
    pub(crate) fn content(&self, id: DeviceId) -> Option<Use<'_, P>> {
        let place = self.place(id).ok()?;
        place.word.open(None).ok()?;
        let content = place.front.lock().content.clone();
        let used = Use { id, place, content };
        used.content.is_some().then_some(used)
    }

    /// Returns the generation of the device's content.
    pub(crate) fn generation(&self, id: DeviceId) -> u16 {
        self.place(id).map_or(0, |place| place.word.fields().generation)
    }

    /// Returns where what goes in and out of the device of that number is counted.
    pub(crate) fn traffic(&self, id: DeviceId) -> Option<&Traffic> {
        self.place(id).ok().map(|place| &place.traffic)
    }

    /// Calls `look` with the view and the content, which stays as long as that takes.
    ///
    /// # Errors
    ///
    /// [`NoDevice`].
    pub(crate) fn inspect<T>(
        &self,
        name: DeviceName,
        look: impl FnOnce(View, Option<&Content<P>>) -> T,
    ) -> Result<T, NoDevice> {
        let inspection = self.inspection.lock();
        let (view, content) = {
            let front = self.place(name.id)?.front.lock();
            let view = self.shown(&front).filter(|view| view.name == name);
            (view.ok_or(NoDevice)?, front.content.clone())
        };
        let result = look(view, content.as_deref().and_then(Option::as_ref));
        drop(content);
        drop(inspection);
        Ok(result)
    }

    /// Returns what is said of writes to the device.
    ///
    /// # Errors
    ///
    /// [`NoDevice`].
    pub(crate) fn said(&self, name: DeviceName) -> Result<Said, NoDevice> {
        let front = self.place(name.id)?.front.lock();
        if self.shown(&front).is_some_and(|view| view.name == name) {
            Ok(front.said)
        } else {
            Err(NoDevice)
        }
    }

    /// Remembers why a write to the device was refused; nothing if the device is gone.
    pub(crate) fn set_last_error(&self, name: DeviceName, words: Words) {
        self.say(name, |said| said.error = words);
    }

    /// Keeps the note on an accepted write to the device; does nothing if the device is gone.
    pub(crate) fn set_last_note(&self, name: DeviceName, words: Words) {
        self.say(name, |said| said.note = words);
    }

    fn say(&self, name: DeviceName, what: impl FnOnce(&mut Said)) {
        let Ok(place) = self.place(name.id) else { return };
        let mut front = place.front.lock();
        if front.view.is_some_and(|view| view.name == name) {
            what(&mut front.said);
        }
    }
}

/// What only the actor does.
impl<P: Platform> Devices<P> {
    /// Keeps opens out of the device.
    ///
    /// # Errors
    ///
    /// [`InUse`].
    pub(crate) fn claim(&self, id: DeviceId) -> Result<(), InUse> {
        self.known(id).word.claim()
    }

    /// Lets opens in again.
    pub(crate) fn release(&self, id: DeviceId, release: Release) {
        self.known(id).word.release(release);
    }

    /// Hides the claimed devices, all in one step; they are shown again when their numbers are given to
    /// new ones.
    pub(crate) fn hide(&self, ids: DeviceSet) {
        let mut rest = ids;
        let mut bits = 0;
        while let Some(id) = rest.first() {
            rest = rest.without(id);
            bits |= bit(id);
        }
        self.hidden.fetch_or(bits, Ordering::Release);
    }

    fn show(&self, id: DeviceId) {
        self.hidden.fetch_and(!bit(id), Ordering::Release);
    }

    /// Shows the view, and applies its limit to the content. A device that was absent can be opened
    /// from now on.
    pub(crate) fn publish(&self, view: View) {
        let place = self.known(view.name.id);
        place.watermark.set(view.settings.watermark_bytes / zram_abi::PAGE_SIZE as u64);
        let is_new = place.front.lock().view.replace(view).is_none();
        // Only the actor empties a device, so the content stays without an open or the inspection.
        let content = place.front.lock().content.clone();
        if let Some(content) = content.as_deref().and_then(Option::as_ref) {
            content.set_mem_limit(view.settings.limit_bytes / zram_abi::PAGE_SIZE as u64);
        }
        drop(content);
        if is_new {
            self.show(view.name.id);
            // Emptied: the device that had the number before is gone.
            place.word.release(Release::Emptied);
        }
    }

    /// Gives the device its content and shows the view, in one step.
    pub(crate) fn install(&self, view: View, content: Content<P>) {
        let mut shared = self.spares.lock().pop().expect("there is a spare for each device");
        *Arc::get_mut(&mut shared).expect("nobody shares a spare") = Some(content);
        let place = self.known(view.name.id);
        place.watermark.set(view.settings.watermark_bytes / zram_abi::PAGE_SIZE as u64);
        let is_new = {
            let mut front = place.front.lock();
            front.content = Some(shared);
            front.view.replace(view).is_none()
        };
        if is_new {
            self.show(view.name.id);
            // Emptied: the device that had the number before is gone.
            place.word.release(Release::Emptied);
        }
    }

    /// Takes the content out of the claimed device and shows `view` instead of what was shown.
    pub(crate) fn empty(&self, id: DeviceId, view: Option<View>) -> Option<Content<P>> {
        let place = self.known(id);
        let inspection = self.inspection.lock();
        place.traffic.clear();
        place.watermark.set(0);
        let mut shared = {
            let mut front = place.front.lock();
            front.view = view;
            front.said = Said::NOTHING;
            front.content.take()
        }?;
        drop(inspection);
        let users = "the device is claimed, nobody inspects it, and the actor is here";
        let content = Arc::get_mut(&mut shared).expect(users).take();
        self.spares.lock().push(shared);
        content
    }

    /// Gives the device's content more pages. They are there before anybody is shown them.
    ///
    /// # Errors
    ///
    /// [`NoMemory`], with nothing changed.
    pub(crate) fn grow(&self, id: DeviceId, pages: Pages) -> Result<(), NoMemory> {
        let grown = self.content_for_actor(id, |content| content.grow(pages.count()));
        grown.expect("an initialised device has content")
    }

    /// Takes pages away from the content of the claimed device.
    ///
    /// # Errors
    ///
    /// [`StoredAbove`], with nothing changed.
    pub(crate) fn shrink(&self, id: DeviceId, pages: Pages) -> Result<(), StoredAbove> {
        let place = self.known(id);
        let inspection = self.inspection.lock();
        // Taken out meanwhile, so that the lock is not held while slots are looked at. Nobody misses
        // it: opens are kept out by the claim, statistics by the lock above.
        let content = place.front.lock().content.take();
        let mut shared = content.expect("an initialised device has content");
        let users = "the device is claimed, nobody inspects it, and the actor is here";
        let content = Arc::get_mut(&mut shared).expect(users).as_mut();
        let result = content.expect("only a spare has no content").shrink(pages.count());
        place.front.lock().content = Some(shared);
        drop(inspection);
        result
    }

    /// Returns whether the device's pool has come to its watermark since this was asked last.
    pub(crate) fn has_reached_watermark(&self, id: DeviceId) -> bool {
        let used_pages = self.content_for_actor(id, Content::<P>::used_pages).unwrap_or(0);
        self.known(id).watermark.is_reached_by(used_pages)
    }

    /// Returns the device's content for the actor, which alone takes it away.
    pub(crate) fn content_for_actor<T>(
        &self,
        id: DeviceId,
        use_it: impl FnOnce(&Content<P>) -> T,
    ) -> Option<T> {
        let content = self.known(id).front.lock().content.clone()?;
        content.as_ref().as_ref().map(use_it)
    }
}

/// A content in use; it stays as long as this lives.
pub(crate) struct Use<'a, P: Platform> {
    id: DeviceId,
    place: &'a DeviceRow<P>,
    content: Option<Shared<P>>,
}

impl<P: Platform> Use<'_, P> {
    /// Returns where what goes in and out of the device is counted.
    pub(crate) const fn traffic(&self) -> &Traffic {
        &self.place.traffic
    }

    /// Returns the number of the device.
    pub(crate) const fn id(&self) -> DeviceId {
        self.id
    }

    /// Returns whether the pool has come to its watermark since this was asked last.
    pub(crate) fn has_reached_watermark(&self) -> bool {
        self.place.watermark.is_reached_by(self.used_pages())
    }
}

impl<P: Platform> core::ops::Deref for Use<'_, P> {
    type Target = Content<P>;

    fn deref(&self) -> &Content<P> {
        let content = self.content.as_deref().and_then(Option::as_ref);
        content.expect("a use is only given out with a content")
    }
}

impl<P: Platform> Drop for Use<'_, P> {
    fn drop(&mut self) {
        // First let go of the content: after the close, the actor may want it for itself.
        drop(self.content.take());
        self.place.word.close();
    }
}

impl<P: Platform> Default for Devices<P> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
