//! The actor: the one thread that runs the core and performs its effects.
//!
//! [`drive`] takes the core through one request; here is the [`World`] that performs it.

use hotplug::Step;
use log::info;
use zram::{Config, Worker};
use zram_abi::PAGE_SIZE;

use zram_lifecycle::open_word::{InUse, Release};
use zram_lifecycle::{
    Answer, Ask, DeviceId, DeviceSet, Effect, Outcome, Pages, Refusal, Request, State, View, World,
    drive,
};

use super::mailbox::{Message, ReplyTo};
use crate::daemon::Daemon;
use crate::devices::{Content, DEVICES_MAX};
use crate::platform::{Platform, Socket};

/// The actor of a daemon.
pub struct Actor<'a, P: Platform, S: Socket> {
    /// Absent only while a request is applied.
    state: Option<State>,
    hands: Hands<'a, P, S>,
}

impl<'a, P: Platform, S: Socket> Actor<'a, P, S> {
    /// Returns the actor of a daemon without devices.
    ///
    /// # Errors
    ///
    /// [`zram::NoMemory`].
    pub fn new(daemon: &'a Daemon<P, S>) -> Result<Self, zram::NoMemory> {
        let hands = Hands {
            daemon,
            built: None,
            worker: Worker::new(usize::MAX)?,
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

    /// Takes one message and performs it.
    pub(crate) fn turn(&mut self) {
        let daemon = self.hands.daemon;
        let Message { request, reply_to } = daemon.mailbox.take(&daemon.platform);
        self.hands.current = Some(reply_to);
        self.apply(request);
        assert!(self.hands.current.is_none(), "each request gets exactly one reply");
    }

    fn apply(&mut self, request: Request) {
        let state = self.state.take().expect("requests are applied one after the other");
        self.state = Some(drive(state, request, &mut self.hands));
    }
}

/// What the actor performs with.
struct Hands<'a, P: Platform, S: Socket> {
    daemon: &'a Daemon<P, S>,
    /// Built, but not a device's own yet.
    built: Option<(DeviceId, Content<P>)>,
    worker: Worker,
    /// Who waits for the reply; nobody if the daemon itself asked.
    current: Option<ReplyTo<S::Request>>,
    reply: Option<Result<Answer, Refusal>>,
    is_finished: bool,
}

impl<P: Platform, S: Socket> World for Hands<'_, P, S> {
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
            Effect::Publish(view) => devices.publish(view),
            Effect::Install(view) => {
                let (id, content) = self.built.take().expect("it was built before");
                assert!(id == view.name.id, "built for this device");
                devices.install(view, content);
            }
            Effect::DropBuilt => drop(self.built.take()),
            Effect::Clear(view) => {
                // The content is given back here, before anybody can open the device again.
                drop(devices.empty(view.name.id, Some(view)));
                devices.release(view.name.id, Release::Emptied);
            }
            Effect::Retire(ids) => for_each(ids, |id| drop(devices.empty(id, None))),
            Effect::Release(ids) => for_each(ids, |id| devices.release(id, Release::Unchanged)),
            Effect::Compact(id) => {
                let worker = &mut self.worker;
                let released = devices.content_for_actor(id, |content| content.compact(worker));
                if let Some(released) = released {
                    info!("device {}: compaction released {released} pages", id.index());
                }
            }
            Effect::Reply(reply) => self.reply(reply),
            Effect::Finish => self.finish(),
        }
    }
}

impl<P: Platform, S: Socket> Hands<'_, P, S> {
    fn build(&mut self, view: View) -> Outcome {
        let config = Config {
            disksize_pages: view.pages.map_or(0, Pages::count),
            compressor: view.settings.compressor,
            possible_cpus: self.daemon.platform.possible_cpus(),
            mem_limit_pages: view.settings.limit_bytes / PAGE_SIZE as u64,
        };
        match Content::<P>::new(config, self.daemon.platform.pages()) {
            Ok(content) => {
                self.built = Some((view.name.id, content));
                Outcome::Done
            }
            Err(zram::NoMemory) => Outcome::NoMemory,
        }
    }

    /// Calls `work` with the content that is being built for the device, or else is its own.
    fn on_content<T>(&self, id: DeviceId, work: impl FnOnce(&Content<P>) -> T) -> T {
        match &self.built {
            Some((built, content)) if *built == id => work(content),
            Some(_) | None => {
                let done = self.daemon.devices.content_for_actor(id, work);
                done.expect("an instance of the hotplug state has content")
            }
        }
    }

    fn reply(&mut self, reply: Result<Answer, Refusal>) {
        match self.current.take() {
            Some(reply_to) => self.daemon.reply(reply_to, reply),
            None => self.reply = Some(reply),
        }
    }

    fn finish(&mut self) {
        for Message { reply_to, .. } in self.daemon.mailbox.close() {
            self.daemon.reply(reply_to, Err(Refusal::Exited));
        }
        self.daemon.handles.lock().close_all();
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
