//! The swap areas: which device has one, and which area gets the next pages.
//!
//! `area` defines a single area. All moves use this list and name an area by its index.

use alloc::sync::Arc;
use alloc::vec::Vec;

use zram_abi::verb::Cookie;

use crate::entry::{AreaIndex, SwapEntry, SwapSlot};
use crate::invariant::Invariant;
use crate::memory::{NoMemory, made};
use crate::places::area::{Area, AreaInfo, AreaState, Sizes, Usage};
use crate::places::entries::Entries;
use crate::places::slots::{Slot, SlotMap};
use crate::requests::SwapOnError;

/// Most areas at once: every entry of a page table names one in a byte, and few are ever used.
pub const AREAS_MAX: usize = 32;

/// The same as a count.
pub(crate) const AREAS_MAX_U32: u32 = 32;

const _: () = assert!(AREAS_MAX_U32 as usize == AREAS_MAX && AREAS_MAX <= 1 << 8);

/// All areas.
#[derive(Debug)]
pub(crate) struct Areas {
    list: Vec<Option<Area>>,
    last: u8,
    entries: Arc<Entries>,
    /// Bytes that all slot maps may take together.
    table_bytes_max: usize,
}

impl Areas {
    /// Returns no areas.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new(entries: Arc<Entries>, table_bytes_max: usize) -> Result<Self, NoMemory> {
        let list = made(AREAS_MAX_U32, || None)?;
        Ok(Self { list, last: 0, entries, table_bytes_max })
    }

    /// Adds an area for the device. A dead area of the same cookie does not count: a daemon that is
    /// started again numbers its devices as the one before.
    ///
    /// # Errors
    ///
    /// `Mounted`, `Invalid` or `TooMany`; nothing changes then.
    pub(crate) fn add(&mut self, cookie: Cookie, priority: i64) -> Result<AreaIndex, SwapOnError> {
        let same = |area: &Area| {
            area.state != AreaState::Dead
                && area.cookie.device == cookie.device
                && area.cookie.generation == cookie.generation
        };
        if self.list.iter().flatten().any(same) {
            return Err(SwapOnError::Mounted);
        }
        if cookie.pages == 0 {
            return Err(SwapOnError::Invalid);
        }
        self.forget_dead();
        let free = self.list.iter().position(Option::is_none).ok_or(SwapOnError::TooMany)?;
        let index = u8::try_from(free).map_err(|_| SwapOnError::Invalid)?;
        let place = self.list.get_mut(free).ok_or(SwapOnError::Invalid)?;
        let slots = SlotMap::new(AreaIndex(index), Arc::clone(&self.entries), cookie.pages);
        *place = Some(Area::new(cookie, priority, slots));
        Ok(AreaIndex(index))
    }

    /// Makes room: a dead area without a page that could still be touched is of no use.
    fn forget_dead(&mut self) {
        for place in &mut self.list {
            if place.as_ref().is_some_and(|it| it.state == AreaState::Dead && it.slots.used() == 0)
            {
                *place = None;
            }
        }
    }

    /// Nothing goes there any more, and what is in them is lost.
    pub(crate) fn kill_all(&mut self) {
        self.list.iter_mut().flatten().for_each(|area| area.state = AreaState::Dead);
    }

    pub(crate) fn remove(&mut self, index: AreaIndex) {
        if let Some(place) = self.list.get_mut(usize::from(index.0)) {
            *place = None;
        }
    }

    fn get(&self, index: AreaIndex) -> Option<&Area> {
        self.list.get(usize::from(index.0))?.as_ref()
    }

    fn get_mut(&mut self, index: AreaIndex) -> Option<&mut Area> {
        self.list.get_mut(usize::from(index.0))?.as_mut()
    }

    /// Returns what the slot of `entry` is doing, if its area exists.
    pub(crate) fn slot(&self, entry: SwapEntry) -> Option<Slot> {
        Some(self.get(entry.area)?.slots.get(entry.slot))
    }

    /// Collects what the hooks have left without a user, some `most` slots. Returns whether an area has
    /// `many` notices or more to be sent.
    ///
    /// # Errors
    ///
    /// A rule that was found broken; the rest is collected nevertheless.
    pub(crate) fn collect(&mut self, mut most: u32, many: u32) -> Result<bool, Invariant> {
        let mut result = Ok(false);
        for area in self.list.iter_mut().flatten() {
            area.slots.collect(&mut most);
            let has_many = area.slots.notices_pending() >= many;
            match area.settle() {
                Ok(()) => result = result.map(|other| other || has_many),
                Err(invariant) => result = Err(invariant),
            }
        }
        result
    }

    /// Returns the area of the device; a dead one only if none of that number lives.
    pub(crate) fn find(&self, device: u16) -> Option<AreaIndex> {
        let numbered = (0_u8..).map(AreaIndex).zip(&self.list);
        let all = numbered.filter_map(|(index, area)| Some((index, area.as_ref()?)));
        let own = all.filter(|(_, area)| area.cookie.device == device);
        own.min_by_key(|(_, area)| area.state == AreaState::Dead).map(|(index, _)| index)
    }

    /// Returns the area's device.
    pub(crate) fn cookie(&self, index: AreaIndex) -> Option<Cookie> {
        self.get(index).map(|area| area.cookie)
    }

    /// Returns whether pages go to the area.
    pub(crate) fn is_active(&self, index: AreaIndex) -> bool {
        self.get(index).is_some_and(|area| area.state == AreaState::Active)
    }

    /// Returns whether the area's pages can come back.
    pub(crate) fn is_alive(&self, index: AreaIndex) -> bool {
        self.get(index).is_some_and(|area| area.state != AreaState::Dead)
    }

    /// Returns an area whose pages can come back.
    pub(crate) fn any_alive(&self) -> Option<AreaIndex> {
        self.numbered().find(|(_, area)| area.state != AreaState::Dead).map(|(index, _)| index)
    }

    /// Returns how large the area is, and how large its device, as far as is known.
    pub(crate) fn sizes(&self, index: AreaIndex) -> Option<Sizes> {
        let area = self.get(index)?;
        Some(Sizes { area_pages: area.slots.count(), device_pages: area.cookie.pages })
    }

    /// The area's device has so many pages now.
    pub(crate) fn device_is(&mut self, index: AreaIndex, pages: u32) {
        if let Some(area) = self.get_mut(index) {
            area.cookie.pages = pages;
        }
    }

    /// Gives the area so many slots. Those above that are used stay until they are given up
    /// ([`Areas::usage_above`], [`Areas::cut`]).
    pub(crate) fn resize(&mut self, index: AreaIndex, pages: u32) {
        if let Some(area) = self.get_mut(index) {
            area.slots.resize(pages);
        }
    }

    /// Forgets the slots above the area's end, none of which is used.
    pub(crate) fn cut(&mut self, index: AreaIndex) {
        if let Some(area) = self.get_mut(index) {
            area.slots.cut();
        }
    }

    /// Returns how much of the area lies above its end.
    pub(crate) fn usage_above(&self, index: AreaIndex) -> Option<Usage> {
        let area = self.get(index)?;
        let above = area.slots.used_above();
        Some(Usage {
            is_empty: above.used == 0,
            is_forgotten: above.is_forgotten,
            is_dead: area.state == AreaState::Dead,
        })
    }

    /// Returns how much of the area is used.
    pub(crate) fn usage(&self, index: AreaIndex) -> Option<Usage> {
        let area = self.get(index)?;
        let used = area.slots.used();
        Some(Usage {
            is_empty: used == 0,
            is_forgotten: used == area.slots.notices(),
            is_dead: area.state == AreaState::Dead,
        })
    }

    /// Returns a free slot of the area, on its way out from now on; the first of a chunk takes its
    /// memory.
    pub(crate) fn take_free(&mut self, index: AreaIndex, now_ns: u64) -> Option<SwapSlot> {
        let room_bytes = self.table_bytes_max.saturating_sub(self.table_bytes());
        self.get_mut(index)?.take_free(room_bytes, now_ns)
    }

    /// Returns an area with notices to be sent.
    pub(crate) fn with_notices(&self) -> Option<AreaIndex> {
        let mut all = self.numbered();
        all.find(|(_, area)| area.slots.notices_pending() > 0).map(|(index, _)| index)
    }

    /// Returns whether any notice is to be sent, or in flight.
    pub(crate) fn have_notices(&self) -> bool {
        self.numbered().any(|(_, area)| area.slots.notices() > 0)
    }

    /// Returns a slot of the area of which the daemon is being told from now on.
    pub(crate) fn take_notice(&mut self, index: AreaIndex) -> Option<SwapSlot> {
        self.get_mut(index)?.slots.take_notice()
    }

    /// Has an event happen to the slot of `entry`.
    ///
    /// # Errors
    ///
    /// What the event says, or that there is no such area.
    pub(crate) fn turn_slot<T>(
        &mut self,
        entry: SwapEntry,
        event: impl FnOnce(&mut SlotMap, SwapSlot) -> Result<T, Invariant>,
    ) -> Result<T, Invariant> {
        let area = self.get_mut(entry.area).ok_or(Invariant::AreaExists)?;
        event(&mut area.slots, entry.slot)
    }

    /// Nothing is told to a dead daemon: notices of a dead area are done at once.
    ///
    /// # Errors
    ///
    /// A rule that was found broken.
    pub(crate) fn settle(&mut self, index: AreaIndex) -> Result<(), Invariant> {
        self.get_mut(index).map_or(Ok(()), Area::settle)
    }

    /// The same of all areas.
    ///
    /// # Errors
    ///
    /// A rule that was found broken; the others are settled nevertheless.
    pub(crate) fn settle_all(&mut self) -> Result<(), Invariant> {
        self.list.iter_mut().flatten().map(Area::settle).fold(Ok(()), Result::and)
    }

    /// The area's device is gone, and what was in it.
    ///
    /// # Errors
    ///
    /// A rule that was found broken.
    pub(crate) fn kill(&mut self, index: AreaIndex) -> Result<(), Invariant> {
        let Some(area) = self.get_mut(index) else { return Ok(()) };
        area.state = AreaState::Dead;
        area.settle()
    }

    /// Takes an active area out of use, to bring its pages back.
    pub(crate) fn drain(&mut self, index: AreaIndex) {
        self.change_state(index, AreaState::Active, AreaState::Draining);
    }

    /// Has it in use again.
    pub(crate) fn stop_draining(&mut self, index: AreaIndex) {
        self.change_state(index, AreaState::Draining, AreaState::Active);
    }

    fn change_state(&mut self, index: AreaIndex, from: AreaState, to: AreaState) {
        if let Some(area) = self.get_mut(index).filter(|area| area.state == from) {
            area.state = to;
        }
    }

    /// Closes the area to new pages because its device's limit is reached.
    ///
    /// # Errors
    ///
    /// There is no such area.
    pub(crate) fn reached_limit(&mut self, index: AreaIndex, now_ns: u64) -> Result<(), Invariant> {
        self.get_mut(index).ok_or(Invariant::AreaExists)?.reached_limit(now_ns);
        Ok(())
    }

    /// The area's device has taken a whole batch.
    ///
    /// # Errors
    ///
    /// There is no such area.
    pub(crate) fn took_pages(&mut self, index: AreaIndex) -> Result<(), Invariant> {
        self.get_mut(index).ok_or(Invariant::AreaExists)?.took_pages();
        Ok(())
    }

    /// Closes the area to new pages because the machine had no frame for the pool.
    ///
    /// # Errors
    ///
    /// There is no such area.
    pub(crate) fn lacked_frames(&mut self, index: AreaIndex) -> Result<(), Invariant> {
        self.get_mut(index).ok_or(Invariant::AreaExists)?.lacked_frames();
        Ok(())
    }

    fn numbered(&self) -> impl Iterator<Item = (AreaIndex, &Area)> {
        let numbered = (0_u8..).map(AreaIndex).zip(self.list.iter());
        numbered.filter_map(|(index, place)| Some((index, place.as_ref()?)))
    }

    /// Returns the bytes that all slot maps take.
    pub(crate) fn table_bytes(&self) -> usize {
        self.list.iter().flatten().map(|area| area.slots.size_bytes()).sum()
    }

    /// Returns the areas for people.
    pub(crate) fn infos(&self) -> impl Iterator<Item = AreaInfo> {
        self.list.iter().flatten().map(Area::info)
    }

    /// Opens what was full and is no longer.
    pub(crate) fn reopen(&mut self, reserve_is_whole: bool, now_ns: u64) {
        self.list.iter_mut().flatten().for_each(|area| area.reopen(reserve_is_whole, now_ns));
    }

    /// Returns whether some area has room.
    pub(crate) fn have_room(&self) -> bool {
        self.list.iter().flatten().any(Area::has_room)
    }

    /// Returns the area for the next batch: the highest priority with room, equals in turn.
    pub(crate) fn choose(&mut self) -> Option<AreaIndex> {
        let numbered = (0_u8..).zip(&self.list);
        let open = numbered.filter_map(|(at, area)| Some((at, area.as_ref()?)));
        let best = open.filter(|(_, area)| area.has_room()).max_by_key(|(at, area)| {
            let distance = at.wrapping_sub(self.last).wrapping_sub(1);
            (area.priority, u8::MAX.wrapping_sub(distance))
        });
        let index = best?.0;
        self.last = index;
        Some(AreaIndex(index))
    }
}
