//! What must hold in every state; the numbers are those of the invariants in ARCHITECTURE.md.
//!
//! Some concern a state, and are checked on each state. Others concern a step (nothing is freed
//! while it is used, a refusal changes nothing); the step notes in [`Broken`] which property it
//! broke, and no later step removes the note.

use hotplug::{Cpu, Stage, Step};
use stateright::Property;
use zram_lifecycle::{Ask, DeviceId, Request, State};

use crate::actor::{Job, Op};
use crate::kernel::Events;
use crate::lifecycle::Lifecycle;
use crate::sequential::Life;
use crate::world::{Sender, Serving, World, cpu, device};

/// What a step can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    LeftAfterExit,
    RepliedTwice,
    StreamsLeft,
    RefusedWithoutCause,
    NotSequential,
    RefusedButChanged,
    NumberTwice,
    WrongContent,
    WrongDevice,
    UseAfterFree,
    StageLost,
    StepTwice,
    InTheMiddle,
    PageLost,
}

/// What was broken on the way to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Broken(pub(crate) u16);

impl Broken {
    pub(crate) const NOTHING: Self = Self(0);

    /// Remembers that `invariant` was broken, if it was.
    pub(crate) fn note(&mut self, invariant: Invariant, is_broken: bool) {
        self.0 |= u16::from(is_broken) << invariant as u16;
    }

    const fn has(self, invariant: Invariant) -> bool {
        self.0 >> invariant as u16 & 1 == 1
    }
}

type Condition = fn(&Lifecycle, &World) -> bool;

/// Every property, by number.
const ALWAYS: [(&str, Condition); 18] = [
    ("I-1 nothing is left when exit is acknowledged", |_, world| {
        !world.broken.has(Invariant::LeftAfterExit)
    }),
    ("I-2 each request gets exactly one reply, ENODEV after exit", |_, world| {
        !world.broken.has(Invariant::RepliedTwice) && is_nobody_forgotten(world)
    }),
    ("I-3 the hotplug state ends without streams", |_, world| {
        !world.broken.has(Invariant::StreamsLeft) && is_end_empty(world)
    }),
    ("I-4 what is refused as open is open", |_, world| {
        !world.broken.has(Invariant::RefusedWithoutCause)
    }),
    ("I-5 replies and devices are those of a sequential run", |_, world| {
        !world.broken.has(Invariant::NotSequential) && is_as_specified(world)
    }),
    ("I-6 a refused request changed nothing", |_, world| {
        !world.broken.has(Invariant::RefusedButChanged)
    }),
    ("no page that was stored is lost by another size", |_, world| {
        !world.broken.has(Invariant::PageLost)
    }),
    ("I-7 a size is shown if and only if there is content of at least that size", |_, world| {
        is_shown_what_is(world)
    }),
    ("I-9 a number is given once, and again only after its content is gone", |_, world| {
        !world.broken.has(Invariant::NumberTwice)
    }),
    ("I-10 a cookie or name of another life reaches nothing", |_, world| {
        !world.broken.has(Invariant::WrongContent) && !world.broken.has(Invariant::WrongDevice)
    }),
    ("an open device is not claimed, and is shown", |_, world| is_open_word_true(world)),
    ("I-20 a CPU at work has a stream in every device in use", |_, world| has_streams(world)),
    ("I-21 no content or stream goes away while it is used", |_, world| {
        !world.broken.has(Invariant::UseAfterFree)
    }),
    ("I-22 nobody waits for ever", |_, world| !is_stuck(world)),
    ("I-23 no CPU event finds the CPU where it cannot be", |_, world| {
        !world.broken.has(Invariant::StageLost)
    }),
    ("I-24 a startup is undone once, and only if it was done", |_, world| {
        !world.broken.has(Invariant::StepTwice)
    }),
    (
        "I-26 at rest, streams are those of CPUs that are up and devices that are ready",
        |_, world| is_square(world),
    ),
    ("I-27 CPUs and devices do not change in the middle of each other", |_, world| {
        !world.broken.has(Invariant::InTheMiddle)
    }),
];

/// What must be possible, or the run has not looked at it.
const SOMETIMES: [(&str, Condition); 14] = [
    ("exit is acknowledged", |_, world| world.is_closed),
    ("a record waits in a device that is being claimed in vain", |_, world| {
        world.queues.iter().any(|queue| queue.at != Serving::Nothing) && is_claiming(world)
    }),
    ("a CPU goes while its stream is taken", |_, world| {
        (0..world.queues.len()).any(|cpu| {
            !world.kernel.online[cpu]
                && matches!(world.queues[cpu].at, Serving::Compressing { with_own: true, .. })
        })
    }),
    ("a page is compressed with the fallback", |_, world| {
        let is_fallback = |at| matches!(at, Serving::Compressing { with_own: false, .. });
        world.queues.iter().any(|queue| is_fallback(queue.at))
    }),
    ("a CPU is refused", |_, world| matches!(world.events, Events::Answering(_, false))),
    ("a CPU event waits behind a request", |_, world| {
        world.mailbox.iter().any(|message| message.from == Sender::Events)
            && world.mailbox.len() > 1
    }),
    ("a request waits behind exit", |_, world| {
        let requests = world.mailbox.iter().map(|message| message.request);
        requests.rev().skip(1).any(|request| request == Request::Exit)
    }),
    ("a device shrinks", |_, world| {
        world.places.iter().any(|place| place.content.is_some_and(|it| it.pages == 1))
    }),
    ("exit is asked for while a device is open", |_, world| {
        let is_exit = |job: &Job| job.request == Request::Exit;
        world.program.open.is_some() && world.job.as_ref().is_some_and(is_exit)
    }),
    ("the actor waits for a reader of statistics", |_, world| {
        world.reader.looking_at.is_some() && world.job.is_some() && is_blocked(world)
    }),
    ("a startup is undone after another one failed", |_, world| {
        let is_undo =
            |job: &Job| matches!(job.ops.front(), Some(Op::Ask(Ask::Step(Step::Teardown { .. }))));
        world.built.is_some() && world.job.as_ref().is_some_and(is_undo)
    }),
    ("an answer to a CPU event comes too late", |_, world| {
        let awaited = world.kernel.transition.map(|transition| transition.sequence);
        // That a CPU did not come up is told, not asked.
        matches!(world.events, Events::Answering(notice, _)
            if awaited != Some(notice.sequence) && notice.stage != Stage::UpAborted)
    }),
    ("the subscription ends while the actor works on an event", |_, world| {
        !world.kernel.is_subscribed && matches!(world.events, Events::Asking(_))
    }),
    ("a number has its second life", |_, world| {
        world.places.iter().any(|place| match (place.view, place.gone) {
            (Some(view), Some(gone)) => view.name != gone,
            (None, _) | (_, None) => false,
        })
    }),
];

/// Returns all properties for the checker.
pub(crate) fn all() -> Vec<Property<Lifecycle>> {
    let always = ALWAYS.iter().map(|(name, condition)| Property::always(name, *condition));
    let sometimes = SOMETIMES.iter().map(|(name, condition)| Property::sometimes(name, *condition));
    always.chain(sometimes).collect()
}

fn is_blocked(world: &World) -> bool {
    world.actor_choices(false).is_empty()
}

fn is_claiming(world: &World) -> bool {
    let op = world.job.as_ref().and_then(|job| job.ops.front());
    matches!(op, Some(Op::Ask(Ask::Claim(id)))
        if world.places[id.index()].word.opens > 0)
}

/// Who waits has a message in the mailbox or with the actor, exactly one.
fn is_nobody_forgotten(world: &World) -> bool {
    let count = |sender| {
        let waiting = world.mailbox.iter().filter(|message| message.from == sender).count();
        let in_work = world.job.as_ref().is_some_and(|job| {
            let is_unanswered = job.ops.iter().any(|op| matches!(op, Op::Reply(_)));
            job.from == sender && (is_unanswered || matches!(world.core, State::Busy(..)))
        });
        waiting + usize::from(in_work)
    };
    let clients = world.clients.iter().enumerate();
    let is_asking = matches!(world.events, Events::Asking(_));
    clients
        .into_iter()
        .all(|(index, client)| count(Sender::Client(index)) == usize::from(client.is_waiting))
        && count(Sender::Events) == usize::from(is_asking)
}

fn is_end_empty(world: &World) -> bool {
    let is_empty = world.places.iter().all(|place| place.content.is_none_or(|it| it.streams == 0));
    !matches!(world.core, State::Exited(_)) || is_empty
}

/// At rest, core, specification and what is shown say the same.
fn is_as_specified(world: &World) -> bool {
    if world.job.is_some() {
        return true;
    }
    world.devices().all(|(index, place)| {
        let shown = place.view.map(|view| Life { serial: view.name.serial, pages: view.pages });
        shown == world.sequential.device(device(index))
    })
}

fn is_shown_what_is(world: &World) -> bool {
    world.places.iter().all(|place| match (place.view, place.content) {
        (None, None) => true,
        (Some(view), None) => view.pages.is_none(),
        (Some(view), Some(content)) => {
            // A claimed device that shrinks has its content first.
            let at_least = place.word.claimed || content.pages >= size(view);
            view.pages.is_some() && at_least
        }
        (None, Some(_)) => false,
    })
}

fn size(view: zram_lifecycle::View) -> u32 {
    view.pages.map_or(0, zram_lifecycle::Pages::count)
}

fn is_open_word_true(world: &World) -> bool {
    world.devices().all(|(index, place)| {
        let by_queues = world.queues.iter().filter(|queue| device_of(queue.at) == Some(index));
        let by_program = usize::from(world.program.open == Some(index));
        let opens = by_queues.count() + by_program;
        let is_apart = !place.word.claimed || opens == 0;
        let is_shown = opens == 0 || place.view.is_some();
        place.word.opens as usize == opens && is_apart && is_shown
    })
}

const fn device_of(at: Serving) -> Option<usize> {
    match at {
        Serving::Nothing => None,
        Serving::Opened { device }
        | Serving::Found { device, .. }
        | Serving::Compressing { device, .. }
        | Serving::Storing { device, .. } => Some(device),
    }
}

fn has_streams(world: &World) -> bool {
    let at_work = (0..world.queues.len()).filter(|&cpu| {
        world.kernel.is_subscribed && world.kernel.online[cpu] && world.kernel.agreed[cpu]
    });
    at_work.into_iter().all(|cpu| {
        world.places.iter().all(|place| {
            place.word.claimed || place.content.is_none_or(|it| it.streams >> cpu & 1 == 1)
        })
    })
}

fn is_square(world: &World) -> bool {
    let State::Idle(inventory, zcomp) = &world.core else { return true };
    if world.job.is_some() {
        return true;
    }
    let up = (0..world.queues.len()).filter(|&index| inventory.cpu(cpu(index)) != Cpu::Offline);
    let up = up.fold(0, |set, cpu| set | 1 << cpu);
    let is_instance = |id: DeviceId| zcomp.instances().contains(id);
    world.built.is_none()
        && world.devices().all(|(index, place)| {
            let streams = place.content.map(|content| content.streams);
            streams == is_instance(device(index)).then_some(up) && !is_left_claimed(place)
        })
}

fn is_left_claimed(place: &crate::world::DevicePlace) -> bool {
    place.word.claimed != place.view.is_none()
}

/// A thread waits, and none of those that must go on can.
fn is_stuck(world: &World) -> bool {
    let is_busy = world.job.is_some()
        || !world.mailbox.is_empty()
        || world.queues.iter().any(|queue| queue.at != Serving::Nothing)
        || world.clients.iter().any(|client| client.is_waiting)
        || matches!(world.events, Events::Asking(_));
    is_busy && !world.can_go_on()
}
