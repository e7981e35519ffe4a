//! The actor of the model: takes a message, runs the real core, performs its requests.
//!
//! This is `zramd`'s `threads::actor` and `devices::table` split up: each [`Op`] is one access to
//! state that threads share, so that every other thread can come in between. The asserts of the
//! real code are broken properties here, so that the checker shows the way to them.

mod before;
mod op;

use std::collections::VecDeque;
use std::sync::Arc;

use hotplug::{CpuId, Step};
use zram_lifecycle::open_word::{Fields, Release};
use zram_lifecycle::{Ask, DeviceId, Effect, Event, Outcome, Refusal, Request, View, step};

use self::before::Before;
pub(crate) use self::op::{Choice, Op};
use crate::flaw::Flaw;
use crate::properties::Invariant;
use crate::sequential::Reply;
use crate::world::{Content, Message, Sender, World};

/// What the actor is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) from: Sender,
    pub(crate) request: Request,
    pub(crate) ops: VecDeque<Op>,
    /// Nothing was performed yet.
    is_fresh: bool,
    before: Arc<Before>,
}

impl Job {
    /// Returns whether nothing was performed yet.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.is_fresh
    }
}

impl World {
    /// Takes a message, or performs what is next.
    pub(crate) fn act(&mut self, choice: Choice) {
        match self.job.take() {
            None => {
                let Message { from, request } = self.mailbox.remove(0);
                let before = Arc::new(self.before());
                let ops = VecDeque::new();
                self.job = Some(Job { from, request, ops, is_fresh: true, before });
                self.run_core(Event::Request(request));
            }
            Some(mut job) => {
                let op = job.ops.pop_front().expect("a job ends with its last op");
                job.is_fresh = false;
                self.job = Some(job);
                self.perform(op, choice);
            }
        }
        if self.job.as_ref().is_some_and(|job| job.ops.is_empty()) {
            self.job = None;
        }
    }

    /// Runs the real core and takes down what it wants.
    fn run_core(&mut self, event: Event) {
        let state = self.core.clone();
        let transition = step(state, event).expect("requests come at rest, outcomes to a question");
        self.core = transition.state;
        for effect in transition.effects.iter() {
            self.plan(effect);
        }
        if let Some(ask) = transition.ask {
            self.ops().push_back(Op::Ask(ask));
        }
    }

    fn ops(&mut self) -> &mut VecDeque<Op> {
        &mut self.job.as_mut().expect("only a job has ops").ops
    }

    /// Takes an effect apart, as `actor.rs` and `table.rs` perform it.
    fn plan(&mut self, effect: Effect) {
        let ops = match effect {
            Effect::Publish(view) => vec![Op::Show(view)],
            Effect::Install(view) => vec![Op::Install(view)],
            Effect::DropBuilt => vec![Op::DropBuilt],
            Effect::Clear(view) if self.has_flaw(Flaw::AdmitFirst) => {
                vec![Op::Admit(view.name.id), Op::Empty(view.name.id, Some(view))]
            }
            Effect::Clear(view) => {
                vec![Op::Empty(view.name.id, Some(view)), Op::Admit(view.name.id)]
            }
            Effect::Release(_) if self.has_flaw(Flaw::ReleaseForgotten) => vec![],
            Effect::Retire(ids) => each(ids).map(|id| Op::Empty(id, None)).collect(),
            Effect::Release(ids) => each(ids).map(Op::Release).collect(),
            Effect::Compact(_) => vec![],
            Effect::Reply(reply) => vec![Op::Reply(reply)],
            Effect::Finish => vec![Op::Finish],
        };
        self.ops().extend(ops);
    }

    fn perform(&mut self, op: Op, choice: Choice) {
        match op {
            Op::Ask(ask) => {
                let outcome = match choice {
                    Choice::Succeeds => self.ask(ask),
                    Choice::Fails => Outcome::NoMemory,
                };
                self.run_core(Event::Outcome(outcome));
            }
            Op::Show(view) => {
                self.check_new(view);
                if self.place(view.name.id).view.replace(view).is_none() {
                    self.ops().push_front(Op::Admit(view.name.id));
                }
            }
            Op::Install(view) => self.install(view),
            Op::DropBuilt => self.built = None,
            Op::Empty(id, view) => self.empty(id, view),
            Op::Admit(id) if self.has_flaw(Flaw::GenerationKept) => {
                self.release(id, Release::Unchanged);
            }
            Op::Admit(id) => self.release(id, Release::Emptied),
            Op::Release(id) => self.release(id, Release::Unchanged),
            Op::Reply(reply) => self.reply(reply),
            Op::Finish => self.finish(),
        }
    }

    fn ask(&mut self, ask: Ask) -> Outcome {
        match ask {
            Ask::Claim(id) => self.claim(id),
            Ask::Build(view) => {
                let pages = view.pages.map_or(0, zram_lifecycle::Pages::count);
                self.contents_made += 1;
                let content = Content { number: self.contents_made, pages, streams: 0, stored: 0 };
                self.built = Some((view.name.id, content));
                Outcome::Done
            }
            Ask::Grow(id, pages) => {
                self.content(id).pages = pages.count();
                Outcome::Done
            }
            Ask::Shrink(id, pages) => {
                let number = self.content(id).number;
                let is_used = self.is_used(number);
                self.broken.note(Invariant::UseAfterFree, is_used);
                let would_lose = self.content(id).stored > pages.count();
                if would_lose && !self.has_flaw(Flaw::ShrinkBlind) {
                    return Outcome::Busy;
                }
                self.broken.note(Invariant::PageLost, would_lose);
                self.content(id).pages = pages.count();
                Outcome::Done
            }
            Ask::GiveUp(id, pages) => self.give_up(id, pages),
            Ask::Step(Step::Startup { cpu, instance }) => self.startup(cpu, instance),
            Ask::Step(Step::Teardown { cpu, instance }) => self.teardown(cpu, instance),
        }
    }

    /// The kernel ends its area there, if it has nothing above: it has given that up before. The size is
    /// shown in the same step: nobody can close and open the device in between.
    fn give_up(&mut self, id: DeviceId, pages: zram_lifecycle::Pages) -> Outcome {
        let place = &mut self.places[id.index()];
        let (Some(content), Some(cookie), Some(view)) =
            (&place.content, &mut place.cookie, &mut place.view)
        else {
            return Outcome::Busy;
        };
        let is_mounted = cookie.generation == place.word.generation && place.word.opens > 0;
        if !is_mounted || content.stored > pages.count() {
            return Outcome::Busy;
        }
        cookie.pages = cookie.pages.min(pages.count());
        view.pages = Some(pages);
        Outcome::Done
    }

    /// Returns the content that is being built for the device, or else is its own.
    fn content(&mut self, id: DeviceId) -> &mut Content {
        match &mut self.built {
            Some((built, content)) if *built == id => content,
            Some(_) | None => {
                let content = self.places[id.index()].content.as_mut();
                content.expect("an instance of the hotplug state has content")
            }
        }
    }

    fn claim(&mut self, id: DeviceId) -> Outcome {
        let mut word = self.place(id).word;
        if self.has_flaw(Flaw::ClaimOfOpen) {
            word.opens = 0;
        }
        match word.claim() {
            Ok(Fields { claimed, .. }) => {
                self.place(id).word.claimed = claimed;
                Outcome::Done
            }
            Err(_) => {
                self.broken.note(Invariant::RefusedWithoutCause, word.opens == 0);
                Outcome::Busy
            }
        }
    }

    fn startup(&mut self, cpu: CpuId, id: DeviceId) -> Outcome {
        let bit = 1 << cpu.index();
        let was_there = self.content(id).streams & bit != 0;
        self.broken.note(Invariant::StepTwice, was_there);
        self.content(id).streams |= bit;
        Outcome::Done
    }

    fn teardown(&mut self, cpu: CpuId, id: DeviceId) -> Outcome {
        let bit = 1 << cpu.index();
        let was_missing = self.content(id).streams & bit == 0;
        self.broken.note(Invariant::StepTwice, was_missing);
        if !self.has_flaw(Flaw::TeardownForgotten) {
            self.content(id).streams &= !bit;
        }
        Outcome::Done
    }

    fn install(&mut self, view: View) {
        self.check_new(view);
        let (id, content) = self.built.take().expect("it was built before");
        self.broken.note(Invariant::WrongDevice, id != view.name.id);
        let place = self.place(id);
        let had_content = place.content.replace(content).is_some();
        if place.view.replace(view).is_none() {
            self.ops().push_front(Op::Admit(id));
        }
        self.broken.note(Invariant::NumberTwice, had_content);
    }

    /// A new device takes a number that nobody has, and whose content is gone.
    fn check_new(&mut self, view: View) {
        let place = self.place(view.name.id);
        let is_other = place.view.is_some_and(|shown| shown.name != view.name);
        let is_left = place.view.is_none() && (place.content.is_some() || place.word.opens > 0);
        self.broken.note(Invariant::NumberTwice, is_other || is_left);
    }

    fn empty(&mut self, id: DeviceId, view: Option<View>) {
        let place = self.place(id);
        let is_open_to_others = !place.word.claimed || place.word.opens > 0;
        let content = place.content.take();
        let shown = std::mem::replace(&mut place.view, view);
        if view.is_none() {
            place.gone = shown.map(|shown| shown.name);
        }
        let is_used = content.is_some_and(|content| self.is_used(content.number));
        self.broken.note(Invariant::UseAfterFree, is_used || is_open_to_others);
        let has_streams = content.is_some_and(|content| content.streams != 0);
        self.broken.note(Invariant::StreamsLeft, has_streams);
    }

    fn release(&mut self, id: DeviceId, release: Release) {
        let place = self.place(id);
        place.word = place.word.released(release);
    }

    fn reply(&mut self, reply: Reply) {
        let (from, request) = {
            let job = self.job.as_ref().expect("only a job replies");
            (job.from, job.request)
        };
        self.check_reply(request, reply);
        self.deliver(from, reply);
    }

    /// Ends the actor: the mailbox closes, and what is in it is refused.
    fn finish(&mut self) {
        self.is_closed = true;
        if self.has_flaw(Flaw::MailboxForgotten) {
            return self.mailbox.clear();
        }
        for Message { from, request } in std::mem::take(&mut self.mailbox) {
            let reply = Err(Refusal::Exited);
            let admitted = self.sequential.after(request, reply).is_some();
            self.broken.note(Invariant::NotSequential, !admitted);
            self.deliver(from, reply);
        }
    }

    /// Hands the reply to who waits for it.
    pub(crate) fn deliver(&mut self, to: Sender, reply: Reply) {
        match to {
            Sender::Client(client) => {
                let client = &mut self.clients[client];
                let was_waiting = std::mem::replace(&mut client.is_waiting, false);
                self.broken.note(Invariant::RepliedTwice, !was_waiting);
            }
            Sender::Events => self.events_replied(reply.is_ok()),
        }
    }
}

fn each(ids: zram_lifecycle::DeviceSet) -> impl Iterator<Item = DeviceId> {
    (0..64).filter_map(DeviceId::new).filter(move |id| ids.contains(*id))
}
