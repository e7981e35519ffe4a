//! One operation of the actor, and when it can run: which wait for a lock, which are invisible to
//! other threads, which can fail.

use hotplug::Step;
use zram_lifecycle::{Ask, DeviceId, View};

use crate::flaw::Flaw;
use crate::sequential::Reply;
use crate::world::World;

/// One thing to perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Ask(Ask),
    /// Show the view.
    Show(View),
    /// Show the view, and give it the content that was built.
    Install(View),
    DropBuilt,
    /// Take view and content away; show the other view, if there is one.
    Empty(DeviceId, Option<View>),
    /// Allow opens again; the content is another one.
    Admit(DeviceId),
    /// Allow opens again; nothing was changed.
    Release(DeviceId),
    Reply(Reply),
    Finish,
}

/// The outcome of an operation that can succeed or fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is done.
    Succeeds,
    /// There is not enough memory.
    Fails,
}

impl World {
    /// Returns the choices that the actor has now: none if it waits.
    pub(crate) fn actor_choices(&self, failures: bool) -> &'static [Choice] {
        let Some(job) = &self.job else {
            return if self.mailbox.is_empty() { &[] } else { &[Choice::Succeeds] };
        };
        let op = *job.ops.front().expect("a job ends with its last op");
        if self.is_blocked(op) {
            &[]
        } else if failures && can_fail(op) {
            &[Choice::Succeeds, Choice::Fails]
        } else {
            &[Choice::Succeeds]
        }
    }

    /// Returns whether the actor's next operation concerns only state that no other thread can reach, so
    /// that steps of other threads before it need not be explored: they would change nothing for either side.
    #[must_use]
    pub fn is_actor_alone(&self) -> bool {
        let Some(job) = &self.job else { return false };
        let op = *job.ops.front().expect("a job ends with its last op");
        (job.is_fresh || self.is_private(op)) && !self.is_blocked(op)
    }

    fn is_private(&self, op: Op) -> bool {
        match op {
            Op::Ask(Ask::Build(_)) | Op::DropBuilt => true,
            Op::Ask(Ask::Step(
                Step::Startup { instance, .. } | Step::Teardown { instance, .. },
            )) => self.is_built(instance) || self.places[instance.index()].word.claimed,
            Op::Ask(Ask::Claim(_) | Ask::Grow(..) | Ask::Shrink(..) | Ask::GiveUp(..))
            | Op::Show(_)
            | Op::Install(_)
            | Op::Empty(..)
            | Op::Admit(_)
            | Op::Release(_)
            | Op::Reply(_)
            | Op::Finish => false,
        }
    }

    fn is_built(&self, device: DeviceId) -> bool {
        self.built.is_some_and(|(built, _)| built == device)
    }

    /// Returns whether the op waits for a lock that another thread holds.
    fn is_blocked(&self, op: Op) -> bool {
        match op {
            Op::Ask(Ask::Step(Step::Teardown { cpu, instance })) => {
                !self.is_built(instance)
                    && !self.has_flaw(Flaw::TeardownUnlocked)
                    && self.is_stream_taken(cpu.index(), instance.index())
            }
            Op::Ask(Ask::Shrink(..)) | Op::Empty(..) => {
                self.reader.looking_at.is_some() && !self.has_flaw(Flaw::EmptyUnlocked)
            }
            Op::Ask(
                Ask::Claim(_)
                | Ask::Build(_)
                | Ask::Grow(..)
                | Ask::GiveUp(..)
                | Ask::Step(Step::Startup { .. }),
            )
            | Op::Show(_)
            | Op::Install(_)
            | Op::DropBuilt
            | Op::Admit(_)
            | Op::Release(_)
            | Op::Reply(_)
            | Op::Finish => false,
        }
    }
}

fn can_fail(op: Op) -> bool {
    match op {
        Op::Ask(Ask::Build(_) | Ask::Grow(..) | Ask::Step(Step::Startup { .. })) => true,
        Op::Ask(
            Ask::Claim(_) | Ask::Shrink(..) | Ask::GiveUp(..) | Ask::Step(Step::Teardown { .. }),
        )
        | Op::Show(_)
        | Op::Install(_)
        | Op::DropBuilt
        | Op::Empty(..)
        | Op::Admit(_)
        | Op::Release(_)
        | Op::Reply(_)
        | Op::Finish => false,
    }
}
