//! `swapoff` brings all pages of an area back; a resize brings back the pages above the new end.
//!
//! The area gives out no slots any more, so its use only falls. Then a cursor goes through all
//! spaces, and each step asks for up to 32 pages of the area in one record on an `in` queue. The
//! reply wakes the calling thread, which makes the next step. The end of a batch that no waiter
//! gets, and the tick, wake it too, because any thread may free the frame that it waits for. Rounds
//! are repeated until no slot is used: pages in flight are passed over and found later, and forks
//! add entries behind the cursor. If there is no memory, or the thread is killed, the area is in
//! use again as before and no program dies for it (DESIGN 8.9). A dead area can only be removed
//! once no page table has an entry of it.
//!
//! Making an area smaller is the same for the slots above its new end, while the other slots stay
//! in use. Only one swapoff or resize is under way at a time.

use crate::Pager;
use crate::entry::{AreaIndex, SwapEntry, SwapSlot};
use crate::frames::waiters::Reason;
use crate::invariant::Invariant;
use crate::lines::in_flight::{Load, LoadItem, Work};
use crate::places::area::Usage;
use crate::places::slots::{LoadBegin, LoadEnd, Slot, SlotMap};
use crate::ports::{CpuId, Direction, Page, Place, Ports, QueueId, Scan, SpaceId, Waiter};
use crate::requests::{Caller, Resize, ResizeBy, SwapOff, SwapOffError};
use zram_abi::record::ENTRIES_MAX;

/// Looks into page tables in one step.
const LOOKS_MAX: u32 = 512;

/// Rounds that meet no entry of a used slot before that is a bug: a hook takes microseconds from an
/// entry's end to its count, a round waits for a tick.
const VAIN_ROUNDS_MAX: u8 = 8;

/// What becomes of the area in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// It goes.
    Unmount,
    /// It ends here; it had so many slots before.
    Shrink { end: SwapSlot, before: u32 },
}

/// A `swapoff` or a resize under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    area: AreaIndex,
    aim: Aim,
    waiter: Waiter,
    space: u32,
    page: Page,
    /// What this round over all spaces has met so far.
    round: Round,
    /// Rounds that met nothing at all.
    vain: u8,
    failed: Option<SwapOffError>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Round {
    /// Pages asked for, or passed over because they were in flight.
    moving: u32,
    /// Pages that cannot come back.
    lost: u32,
}

/// What one look found.
enum Look {
    Page(Place),
    Nothing,
    RoundEnds,
}

/// Why collecting a record ended.
enum Collected {
    Enough,
    NoFrame,
    RoundEnds,
}

impl Pager {
    /// Begins to bring the pages of the device's area back, or goes on with it.
    pub fn swapoff(&mut self, device: u16, caller: Caller, ports: &mut impl Ports) -> SwapOff {
        self.collect(ports);
        match self.swapoff {
            Some(Job { waiter: owner, .. }) if owner != caller.waiter => {
                return SwapOff::Failed(SwapOffError::Busy);
            }
            Some(Job { failed: Some(error), .. }) => {
                self.swapoff = None;
                return SwapOff::Failed(error);
            }
            Some(_) => {}
            None => match self.swapoff_begin(device, caller.waiter) {
                Ok(job) => self.swapoff = Some(job),
                Err(error) => return SwapOff::Failed(error),
            },
        }
        self.swapoff_step(caller.cpu, ports)
    }

    /// The thread gives up its `swapoff` (EINTR): the area is in use again.
    pub fn swapoff_cancel(&mut self, waiter: Waiter) {
        if self.swapoff.is_some_and(|job| job.waiter == waiter) {
            self.restore_area();
            self.swapoff = None;
        }
    }

    /// Fails the `swapoff` under way; returns whether there was one.
    pub(crate) fn fail_swapoff(&mut self, error: SwapOffError, ports: &mut impl Ports) -> bool {
        match self.swapoff.as_mut() {
            Some(job) if job.failed.is_none() => job.failed = Some(error),
            Some(_) | None => return false,
        }
        self.restore_area();
        self.wake_swapoff(ports);
        true
    }

    /// Something it may wait for has happened.
    pub(crate) fn wake_swapoff(&mut self, ports: &mut impl Ports) {
        if let Some(job) = self.swapoff {
            self.waiters.wake(job.waiter, false, ports);
        }
    }

    fn swapoff_begin(&mut self, device: u16, waiter: Waiter) -> Result<Job, SwapOffError> {
        let index = self.areas.find(device).ok_or(SwapOffError::NotMounted)?;
        self.areas.drain(index);
        Ok(Job::new(index, Aim::Unmount, waiter))
    }

    /// Gives the area of a device another size: larger at once, smaller when the slots above its new
    /// end are given up; their pages come back first, as for [`Pager::swapoff`], and nothing goes there
    /// meanwhile. Call again when woken. If it fails or is cancelled ([`Pager::swapoff_cancel`]), the
    /// area is as large as before.
    pub fn resize(&mut self, resize: Resize, caller: Caller, ports: &mut impl Ports) -> SwapOff {
        self.collect(ports);
        match self.swapoff {
            Some(Job { waiter: owner, .. })
                if owner != caller.waiter || matches!(resize.by, ResizeBy::Daemon { .. }) =>
            {
                return SwapOff::Failed(SwapOffError::Busy);
            }
            Some(Job { failed: Some(error), .. }) => {
                self.swapoff = None;
                return SwapOff::Failed(error);
            }
            Some(_) => {}
            None => match self.resize_begin(resize, caller.waiter) {
                Ok(Some(job)) => self.swapoff = Some(job),
                Ok(None) => return SwapOff::Done,
                Err(error) => return SwapOff::Failed(error),
            },
        }
        self.swapoff_step(caller.cpu, ports)
    }

    /// Resizes at once if nothing is to be given up, else returns what is to be done.
    fn resize_begin(
        &mut self,
        Resize { device, pages, by }: Resize,
        waiter: Waiter,
    ) -> Result<Option<Job>, SwapOffError> {
        let index = self.areas.find(device).ok_or(SwapOffError::NotMounted)?;
        let cookie = self.areas.cookie(index).ok_or(SwapOffError::NotMounted)?;
        let sizes = self.areas.sizes(index).ok_or(SwapOffError::NotMounted)?;
        if !self.areas.is_active(index) || pages == 0 {
            return Err(SwapOffError::NotMounted);
        }
        match by {
            ResizeBy::Daemon { generation } if generation != cookie.generation => {
                return Err(SwapOffError::NotMounted);
            }
            ResizeBy::Daemon { .. } if pages < sizes.area_pages => return Err(SwapOffError::Busy),
            ResizeBy::Daemon { .. } => self.areas.device_is(index, pages),
            ResizeBy::User if pages > sizes.device_pages => return Err(SwapOffError::NotMounted),
            ResizeBy::User => {}
        }
        self.areas.resize(index, pages);
        let aim = Aim::Shrink { end: SwapSlot(pages), before: sizes.area_pages };
        Ok((pages < sizes.area_pages).then(|| Job::new(index, aim, waiter)))
    }

    fn restore_area(&mut self) {
        let Some(job) = self.swapoff else { return };
        match job.aim {
            Aim::Unmount => self.areas.stop_draining(job.area),
            Aim::Shrink { before, .. } => self.areas.resize(job.area, before),
        }
    }

    fn job_usage(&self, job: &Job) -> Option<Usage> {
        match job.aim {
            Aim::Unmount => self.areas.usage(job.area),
            Aim::Shrink { .. } => self.areas.usage_above(job.area),
        }
    }

    fn job_ends(&mut self, job: &Job) -> SwapOff {
        match job.aim {
            Aim::Unmount => self.areas.remove(job.area),
            Aim::Shrink { .. } => self.areas.cut(job.area),
        }
        self.swapoff = None;
        SwapOff::Done
    }

    fn swapoff_fails(&mut self, error: SwapOffError) -> SwapOff {
        self.restore_area();
        self.swapoff = None;
        SwapOff::Failed(error)
    }

    fn swapoff_step(&mut self, cpu: CpuId, ports: &mut impl Ports) -> SwapOff {
        let Some(mut job) = self.swapoff else { return SwapOff::Failed(SwapOffError::NotMounted) };
        let Some(usage) = self.job_usage(&job) else {
            return self.swapoff_fails(SwapOffError::NotMounted);
        };
        let Usage { is_empty, is_forgotten, is_dead } = usage;
        if is_empty && job.aim == Aim::Unmount && self.lines.are_moving(job.area) {
            // A probe; its reply names the area.
            self.wait(job.waiter, Reason::Reply, ports);
            return SwapOff::Wait { run: None };
        }
        if is_empty {
            return self.job_ends(&job);
        }
        if is_dead {
            return self.swapoff_fails(SwapOffError::Busy);
        }
        let Some(queue) = self.input_near(cpu) else {
            return self.swapoff_fails(SwapOffError::Busy);
        };
        self.wait(job.waiter, Reason::Reply, ports);
        if is_forgotten {
            // No page table has an entry of it: there is nothing to look for, only replies to await.
            self.send_notices(ports);
            return SwapOff::Wait { run: None };
        }
        if !self.lines.is_free(queue) {
            return SwapOff::Wait { run: None };
        }
        let mut load = Load::new(job.area, self.lines.next_ticket(), false);
        let collected = self.collect_pages(&mut job, &mut load, ports);
        self.swapoff = Some(job);
        if !load.items.as_slice().is_empty() {
            return self.ask_for(queue, load, cpu, ports);
        }
        match collected {
            Collected::Enough => self.look_again(ports),
            Collected::NoFrame => self.swapoff_lacks_frame(ports),
            Collected::RoundEnds => self.round_ends(job, ports),
        }
    }

    fn ask_for(
        &mut self,
        queue: QueueId,
        load: Load,
        cpu: CpuId,
        ports: &mut impl Ports,
    ) -> SwapOff {
        let asleep = self.post(queue, Work::Load(load), ports);
        SwapOff::Wait { run: self.run_or_wake(queue, asleep, cpu, ports) }
    }

    fn look_again(&mut self, ports: &mut impl Ports) -> SwapOff {
        self.wake_swapoff(ports);
        SwapOff::Wait { run: None }
    }

    /// Pages may still spill to other areas, if somebody takes them; else they do not fit.
    fn swapoff_lacks_frame(&mut self, ports: &mut impl Ports) -> SwapOff {
        let is_taken = self.lines.are_served(Direction::Out);
        let can_spill = is_taken && self.areas.have_room() && !self.pressure.is_hand_exhausted();
        if !can_spill {
            self.leave_line();
            return self.swapoff_fails(SwapOffError::NoMemory);
        }
        self.feel_pressure(ports);
        self.pressure.begin();
        SwapOff::Wait { run: None }
    }

    fn round_ends(&mut self, mut job: Job, ports: &mut impl Ports) -> SwapOff {
        let round = job.round;
        job.round = Round::default();
        if round.moving > 0 {
            job.vain = 0;
        }
        self.swapoff = Some(job);
        let notices = self.send_notices(ports);
        if notices || round.moving > 0 {
            // Replies wake it; a round that met only what has landed meanwhile looks again at once.
            if !notices && !self.lines.are_moving(job.area) {
                return self.look_again(ports);
            }
            return SwapOff::Wait { run: None };
        }
        if self.lines.are_moving(job.area) {
            return SwapOff::Wait { run: None };
        }
        if round.lost == 0 && self.round_was_vain() {
            return SwapOff::Wait { run: None };
        }
        self.leave_line();
        self.swapoff_fails(SwapOffError::Busy)
    }

    /// Used slots, and no entry of them: hooks may be about to say that theirs are gone. Returns whether
    /// the tick shall look again; after some rounds it is a bug.
    fn round_was_vain(&mut self) -> bool {
        let Some(job) = self.swapoff.as_mut() else { return false };
        job.vain = job.vain.saturating_add(1);
        let is_hope = self.entries.have_news() || job.vain < VAIN_ROUNDS_MAX;
        if !is_hope {
            self.broke(Invariant::SlotHasUser);
        }
        is_hope
    }

    fn leave_line(&mut self) {
        if let Some(job) = self.swapoff {
            self.waiters.leave(job.waiter);
        }
    }

    /// Fills `load` with pages of the area that one record can ask for.
    fn collect_pages(
        &mut self,
        job: &mut Job,
        load: &mut Load,
        ports: &mut impl Ports,
    ) -> Collected {
        for _ in 0..LOOKS_MAX {
            if load.items.as_slice().len() >= ENTRIES_MAX {
                break;
            }
            let Place { space, page, entry } = match job.look(self.spaces, ports) {
                Look::Page(place) => place,
                Look::Nothing => continue,
                Look::RoundEnds => return Collected::RoundEnds,
            };
            let Some(take) = self.take_for_all(job, entry) else { continue };
            let first = load.items.as_slice().is_empty();
            if !first && load.take != take {
                job.page = page;
                break;
            }
            let Some(frame) = self.spare_frame(ports) else {
                job.page = page;
                return Collected::NoFrame;
            };
            let take = match self.turn_slot(entry, SlotMap::begin_load) {
                Some(LoadBegin::Take) => true,
                Some(LoadBegin::Load) => false,
                Some(LoadBegin::Nobody) => {
                    ports.release(frame);
                    continue;
                }
                None => {
                    ports.release(frame);
                    break;
                }
            };
            load.take = take;
            let item = LoadItem { slot: entry.slot, frame, space, page };
            if let Err(item) = load.items.push(item) {
                self.broke(Invariant::BatchHasRoom);
                ports.release(item.frame);
                self.end_load(entry, LoadEnd::Aborted);
                job.page = page;
                break;
            }
        }
        Collected::Enough
    }

    /// Returns whether TAKE will do for the entry's page; nothing if it cannot be asked for now.
    fn take_for_all(&self, job: &mut Job, entry: SwapEntry) -> Option<bool> {
        if entry.area != job.area || entry.slot < job.first() {
            return None;
        }
        match self.areas.slot(entry)? {
            Slot::Stored(users) => {
                job.round.moving = job.round.moving.saturating_add(1);
                Some(users == 1)
            }
            Slot::Storing(_) | Slot::Loading(_) | Slot::Taking(_) => {
                job.round.moving = job.round.moving.saturating_add(1);
                None
            }
            Slot::Lost(_) => {
                job.round.lost = job.round.lost.saturating_add(1);
                None
            }
            Slot::Free | Slot::Noticed | Slot::Noticing => None,
        }
    }
}

impl Job {
    fn new(area: AreaIndex, aim: Aim, waiter: Waiter) -> Self {
        let (page, round) = (Page(0), Round::default());
        Self { area, aim, waiter, space: 0, page, round, vain: 0, failed: None }
    }

    /// Returns the first slot that is to be given up.
    fn first(&self) -> SwapSlot {
        match self.aim {
            Aim::Unmount => SwapSlot(0),
            Aim::Shrink { end, .. } => end,
        }
    }

    fn look(&mut self, spaces: u32, ports: &mut impl Ports) -> Look {
        let space = SpaceId(self.space);
        if ports.kind(space).is_none() {
            return self.pass(spaces);
        }
        match ports.next_swapped(space, self.page) {
            Scan::Found(place) => {
                self.page = Page(place.page.0.saturating_add(1));
                Look::Page(place)
            }
            Scan::Resume(page) => {
                self.page = page;
                Look::Nothing
            }
            Scan::End => self.pass(spaces),
        }
    }

    fn pass(&mut self, spaces: u32) -> Look {
        self.page = Page(0);
        self.space = self.space.saturating_add(1);
        if self.space < spaces {
            return Look::Nothing;
        }
        self.space = 0;
        Look::RoundEnds
    }
}
