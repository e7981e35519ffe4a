//! The actor: the one thread that runs the core and performs its effects.
//!
//! [`drive`] takes the core through one request; this module has the [`World`] that performs it.
//!
//! A message never takes long, because a CPU event may be behind it: the reaper frees contents
//! (`reaper.rs`), and a compaction is done in steps between messages (`compactions.rs`).

use alloc::vec::Vec;

use hotplug::Step;
use log::{Level, log, warn};
use zram::{Config, Worker};
use zram_abi::PAGE_SIZE;
use zram_abi::verb::Cookie;

use zram_lifecycle::open_word::{InUse, Release};
use zram_lifecycle::{
    Answer, Ask, DeviceId, DeviceSet, Effect, Outcome, Pages, Refusal, Request, State, View, World,
    drive,
};

use super::compactions::{Accepted, Compactions};
use super::mailbox::{Message, ReplyTo};
use super::reaper::Seat;
use super::tidying::{Measure, RESTS_PER_STEP, Tidying};
use crate::daemon::{Change, Daemon};
use crate::devices::{Content, DEVICES_MAX};
use crate::platform::{Client, Platform, Ports};

/// Longest that a new content waits for memory of old ones that is still being given back: a second, of
/// the five that a CPU on its way waits for the actor.
const BUILD_WAIT_NS: u64 = 1_000_000_000;

/// The actor of a daemon.
pub struct Actor<'a, P: Ports> {
    /// Absent only while a request is applied.
    state: Option<State>,
    hands: Hands<'a, P>,
}

impl<'a, P: Ports> Actor<'a, P> {
    /// Returns the actor of a daemon without devices.
    ///
    /// # Errors
    ///
    /// [`zram::NoMemory`].
    pub fn new(daemon: &'a Daemon<P>) -> Result<Self, zram::NoMemory> {
        let mut seats = Vec::new();
        seats.try_reserve_exact(DEVICES_MAX).map_err(|_| zram::NoMemory)?;
        let hands = Hands {
            daemon,
            built: None,
            seats,
            worker: Worker::of_no_cpu()?,
            compactions: Compactions::new(),
            tidying: Tidying::new(),
            rest_until_ns: 0,
            current: None,
            reply: None,
            is_finished: false,
        };
        Ok(Self { state: Some(State::new(DEVICES_MAX)?), hands })
    }

    /// Performs a request of the daemon itself, before [`Self::run`], and returns the reply.
    ///
    /// # Errors
    ///
    /// Why it was refused.
    pub fn request(&mut self, request: Request) -> Result<Answer, Refusal> {
        self.apply(request);
        self.hands.reply.take().expect("each request gets exactly one reply")
    }

    /// Takes messages and performs them until exit was accepted and everything is gone.
    pub fn run(mut self) {
        while !self.hands.is_finished {
            self.turn();
        }
    }

    /// Takes one message and performs it, and does one step of a compaction. Waits for a message
    /// only as long as there is nothing to do. Returns whether there was a message.
    pub(crate) fn turn(&mut self) -> bool {
        let message = self.hands.next_message();
        let has_message = message.is_some();
        if let Some(Message { request, reply_to }) = message {
            self.hands.current = Some(reply_to);
            self.apply(request);
            assert!(self.hands.current.is_none(), "each request gets exactly one reply");
        }
        self.hands.tidy();
        self.hands.compact_step();
        has_message
    }

    /// Looks at the pools as if it was time.
    #[cfg(test)]
    pub(crate) fn look(&mut self) {
        self.hands.tidy();
    }

    /// Does what is left to do when no message comes.
    #[cfg(test)]
    pub(crate) fn settle(&mut self) {
        while !self.hands.compactions.is_empty() {
            self.hands.rest_until_ns = 0;
            self.hands.compact_step();
        }
        while self.hands.daemon.reaper.reap_one(&self.hands.daemon.platform) {}
    }

    fn apply(&mut self, request: Request) {
        let state = self.state.take().expect("requests are applied one after the other");
        self.state = Some(drive(state, request, &mut self.hands));
    }
}

/// A content that is no device's own yet.
struct Built<P: Platform> {
    id: DeviceId,
    content: Content<P>,
    seat: Seat<P>,
}

/// What the actor performs with.
struct Hands<'a, P: Ports> {
    daemon: &'a Daemon<P>,
    built: Option<Built<P::Platform>>,
    /// One for each content that is a device's own; whose is no matter.
    seats: Vec<Seat<P::Platform>>,
    worker: Worker,
    compactions: Compactions<Client<P>>,
    tidying: Tidying,
    /// Until when a compaction that nobody waits for lets programs have the CPU.
    rest_until_ns: u64,
    /// Who waits for the reply; nobody if the daemon itself asked.
    current: Option<ReplyTo<Client<P>>>,
    reply: Option<Result<Answer, Refusal>>,
    is_finished: bool,
}

impl<P: Ports> World for Hands<'_, P> {
    fn ask(&mut self, ask: Ask) -> Outcome {
        match ask {
            Ask::Claim(id) => match self.daemon.devices.claim(id) {
                Ok(()) => Outcome::Done,
                Err(InUse) => Outcome::Busy,
            },
            Ask::Build(view) => self.build(view),
            Ask::Grow(id, pages) => match self.daemon.devices.grow(id, pages) {
                Ok(()) => Outcome::Done,
                Err(zram::NoMemory) => Outcome::NoMemory,
            },
            Ask::Shrink(id, pages) => match self.daemon.devices.shrink(id, pages) {
                Ok(()) => Outcome::Done,
                Err(zram::StoredAbove) => Outcome::Busy,
            },
            Ask::GiveUp(id, pages) if self.give_up(id, pages) => Outcome::Done,
            Ask::GiveUp(..) => Outcome::Busy,
            Ask::Step(Step::Startup { cpu, instance }) => {
                let started = self.on_content(instance, |content| content.cpu_up(cpu.index()));
                if started.is_ok() { Outcome::Done } else { Outcome::NoMemory }
            }
            Ask::Step(Step::Teardown { cpu, instance }) => {
                self.on_content(instance, |content| content.cpu_down(cpu.index()));
                Outcome::Done
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        let devices = &self.daemon.devices;
        match effect {
            Effect::Publish(view) => self.publish(view),
            Effect::Install(view) => {
                let Built { id, content, seat } = self.built.take().expect("it was built before");
                assert!(id == view.name.id, "built for this device");
                assert!(self.seats.len() < DEVICES_MAX, "no more contents than devices");
                self.seats.push(seat);
                let is_new = devices.view(id).is_none();
                devices.install(view, content);
                self.notify(id, is_new);
            }
            Effect::DropBuilt => drop(self.built.take()),
            Effect::Clear(view) => {
                // Nobody finds the content any more before anybody can open the device again.
                self.retire(view.name.id, Some(view));
                devices.release(view.name.id, Release::Emptied);
                self.notify(view.name.id, false);
            }
            Effect::Retire(ids) => {
                // At once: whoever has seen one of them go finds none of the others.
                devices.hide(ids);
                for_each(ids, |id| {
                    self.retire(id, None);
                    self.notify(id, true);
                });
            }
            Effect::Release(ids) => for_each(ids, |id| devices.release(id, Release::Unchanged)),
            Effect::Compact(id) => self.accept_compaction(id),
            Effect::Reply(reply) => self.reply(reply),
            Effect::Finish => self.finish(),
        }
    }
}

impl<P: Ports> Hands<'_, P> {
    fn build(&mut self, view: View) -> Outcome {
        let config = Config {
            disksize_pages: view.pages.map_or(0, Pages::count),
            compressor: view.settings.compressor,
            possible_cpus: self.daemon.platform.possible_cpus(),
            mem_limit_pages: view.settings.limit_bytes / PAGE_SIZE as u64,
        };
        let deadline_ns = self.daemon.platform.now_ns().saturating_add(BUILD_WAIT_NS);
        let reaper = &self.daemon.reaper;
        loop {
            // Before the attempt: what is given back during it is not missed.
            let seen = reaper.changes();
            match self.try_to_build(view.name.id, config) {
                Ok(()) => return Outcome::Done,
                // Bounded by the deadline.
                Err(zram::NoMemory)
                    if reaper.wait_for_memory(&self.daemon.platform, seen, deadline_ns) => {}
                Err(zram::NoMemory) => return Outcome::NoMemory,
            }
        }
    }

    fn try_to_build(&mut self, id: DeviceId, config: Config) -> Result<(), zram::NoMemory> {
        let seat = Seat::new()?;
        let content = Content::<P::Platform>::new(config, self.daemon.platform.pages())?;
        self.built = Some(Built { id, content, seat });
        Ok(())
    }

    fn publish(&self, view: View) {
        let (devices, id) = (&self.daemon.devices, view.name.id);
        let before = devices.view(id);
        devices.publish(view);
        let is_resized = before.is_some_and(|before| before.pages != view.pages);
        let has_grown = before.is_some_and(|before| before.pages < view.pages);
        if let (Some(pages), true) = (view.pages, has_grown)
            && self.daemon.handles.lock().attached(id).is_some()
            && !self.resize_area(id, pages)
        {
            warn!("device {}: it has grown, and its swap area has not", id.index());
        }
        if before.is_none() || is_resized || devices.has_reached_watermark(id) {
            self.notify(id, before.is_none());
        }
    }

    /// Has the kernel end the area of the device there, if it has given up the rest, and shows the
    /// size. The content stays as large as it was: records go on meanwhile, and what is above is empty.
    fn give_up(&self, id: DeviceId, pages: Pages) -> bool {
        let attached = self.daemon.handles.lock().attached(id);
        if attached.is_none() || !self.resize_area(id, pages) {
            return false;
        }
        // Whoever opens or mounts the device from now on, under this lock, is shown the new size; who has
        // done so since the kernel was asked has another handle, and the old size.
        let handles = self.daemon.handles.lock();
        let view = self.daemon.devices.view(id).filter(|_| handles.attached(id) == attached);
        view.map(|view| self.daemon.devices.publish(View { pages: Some(pages), ..view })).is_some()
    }

    /// Tells the kernel that the mounted device has so many pages; returns whether its area is so large
    /// now.
    fn resize_area(&self, id: DeviceId, pages: Pages) -> bool {
        let generation = self.daemon.devices.generation(id);
        let cookie = Cookie { device: id.index() as u16, generation, pages: pages.count() };
        self.daemon.platform.resize_area(cookie)
    }

    /// Tells who watches that the device has changed, and maybe that it came or went.
    fn notify(&self, id: DeviceId, has_come_or_gone: bool) {
        self.daemon.notify(Change::Device(id));
        if has_come_or_gone {
            self.daemon.notify(Change::Devices);
        }
    }

    /// Takes the content out of the claimed device and hands it to the reaper.
    fn retire(&mut self, id: DeviceId, view: Option<View>) {
        // What these were to gain is given back now.
        while let Some(Accepted { reply_to, .. }) = self.compactions.pop_of(id) {
            self.end_compaction(reply_to);
        }
        self.tidying.forget(id);
        if let Some(content) = self.daemon.devices.empty(id, view) {
            let seat = self.seats.pop().expect("each content was built with a seat");
            self.daemon.reaper.retire(&self.daemon.platform, content, seat);
        }
    }

    /// Returns the next message; nothing when there is something else to do.
    fn next_message(&self) -> Option<Message<Client<P>>> {
        let Daemon { mailbox, platform, .. } = self.daemon;
        if !self.compactions.is_empty() {
            return if self.is_resting() {
                mailbox.take_until(platform, self.rest_until_ns)
            } else {
                mailbox.try_take()
            };
        }
        // Without a pool there is nothing to look at, ever.
        if self.daemon.devices.views().any(|view| view.pages.is_some()) {
            mailbox.take_until(platform, self.tidying.next_look_ns())
        } else {
            Some(mailbox.take(platform))
        }
    }

    fn is_resting(&self) -> bool {
        self.compactions.are_unhurried() && self.daemon.platform.now_ns() < self.rest_until_ns
    }

    /// Looks at the pools if it is time, and begins to compact those that need it.
    fn tidy(&mut self) {
        let now_ns = self.daemon.platform.now_ns();
        if now_ns < self.tidying.next_look_ns() {
            return;
        }
        for id in (0..DEVICES_MAX as u32).filter_map(DeviceId::new) {
            let Some(measure) = self.measure(id) else { continue };
            let is_due = self.tidying.look(id, measure);
            if is_due && !self.compactions.is_any_of(id) && !self.compactions.is_full() {
                self.compactions.push(id, None);
            }
            if self.daemon.devices.has_reached_watermark(id) {
                self.notify(id, false);
            }
        }
        self.tidying.looked(now_ns);
    }

    fn measure(&self, id: DeviceId) -> Option<Measure> {
        self.daemon.devices.content_for_actor(id, |content| content.statistics().into())
    }

    /// Puts a compaction behind those that go on. The core replies at once, but whoever waits gets
    /// the reply at the end.
    fn accept_compaction(&mut self, id: DeviceId) {
        match self.current.take() {
            Some(reply_to) if self.compactions.is_full() => self.daemon.refuse_full(reply_to),
            reply_to => self.compactions.push(id, reply_to),
        }
    }

    /// Does one step of the compaction on turn, if there is one.
    fn compact_step(&mut self) {
        if self.is_resting() {
            return;
        }
        let begun_ns = self.daemon.platform.now_ns();
        let Some(Accepted { id, progress, .. }) = self.compactions.first() else { return };
        let (id, worker) = (*id, &mut self.worker);
        let step = |content: &Content<P::Platform>| content.compact_step(worker, progress);
        let is_over = self.daemon.devices.content_for_actor(id, step).unwrap_or(true);
        if is_over && let Some(Accepted { progress, reply_to, .. }) = self.compactions.pop() {
            let released = progress.released_pages();
            let level = if reply_to.is_some() { Level::Info } else { Level::Debug };
            log!(level, "device {}: compaction released {released} pages", id.index());
            if let Some(measure) = self.measure(id) {
                self.tidying.settled(id, measure, released);
            }
            self.end_compaction(reply_to);
        }
        let now_ns = self.daemon.platform.now_ns();
        let took_ns = now_ns.saturating_sub(begun_ns);
        self.rest_until_ns = now_ns.saturating_add(took_ns.saturating_mul(RESTS_PER_STEP));
    }

    fn end_compaction(&self, reply_to: Option<ReplyTo<Client<P>>>) {
        if let Some(reply_to) = reply_to {
            self.daemon.reply(reply_to, Ok(Answer::Done));
        }
    }

    /// Calls `work` with the content that is being built for the device, or else is its own.
    fn on_content<T>(&self, id: DeviceId, work: impl FnOnce(&Content<P::Platform>) -> T) -> T {
        match &self.built {
            Some(built) if built.id == id => work(&built.content),
            Some(_) | None => {
                let done = self.daemon.devices.content_for_actor(id, work);
                done.expect("an instance of the hotplug state has content")
            }
        }
    }

    fn reply(&mut self, reply: Result<Answer, Refusal>) {
        match self.current.take() {
            Some(reply_to) => self.daemon.reply(reply_to, reply),
            // The daemon itself asked, or the reply comes at the end of a compaction.
            None => self.reply = Some(reply),
        }
    }

    fn finish(&mut self) {
        for Message { reply_to, .. } in self.daemon.mailbox.close() {
            self.daemon.reply(reply_to, Err(Refusal::Exited));
        }
        self.daemon.handles.lock().close_all();
        self.daemon.reaper.finish(&self.daemon.platform);
        self.is_finished = true;
    }
}

fn for_each(ids: DeviceSet, mut work: impl FnMut(DeviceId)) {
    let mut rest = ids;
    while let Some(id) = rest.first() {
        rest = rest.without(id);
        work(id);
    }
}

#[cfg(test)]
mod tests;
