//! Walks every pair of state and event, and sequences of requests with every question failing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answer, Ask, Device, DeviceSet, Effect, Event, Forbidden, Job, Outcome, Refusal, Request,
    State, step,
};
use crate::drive::{World, drive};
use crate::effect::EFFECTS_MAX;
use crate::event::{DeviceId, DeviceName, Pages, Settings};
use hotplug::{CpuId, Stage, Step};
use zram::Algorithm;

use crate::event::{Limit, Parameters};

/// A world of sets; the question number `fail_at` fails.
#[derive(Default)]
struct Table {
    shown: BTreeSet<DeviceId>,
    contents: BTreeSet<DeviceId>,
    /// Sizes of contents that were resized.
    sizes: BTreeMap<DeviceId, Pages>,
    built: Option<DeviceId>,
    claimed: BTreeSet<DeviceId>,
    open: BTreeSet<DeviceId>,
    /// Open, and the kernel has given up what lies above any end.
    mounted: BTreeSet<DeviceId>,
    streams: BTreeSet<(DeviceId, CpuId)>,
    replies: Vec<Result<Answer, Refusal>>,
    questions: usize,
    fail_at: Option<usize>,
    finished: bool,
}

impl World for Table {
    fn ask(&mut self, ask: Ask) -> Outcome {
        let fails = self.fail_at == Some(self.questions);
        self.questions += 1;
        match ask {
            Ask::Claim(id) if fails || self.open.contains(&id) => return Outcome::Busy,
            Ask::Claim(id) => assert!(self.claimed.insert(id), "claimed twice"),
            Ask::Build(_) | Ask::Grow(..) | Ask::Step(Step::Startup { .. }) if fails => {
                return Outcome::NoMemory;
            }
            Ask::Shrink(..) if fails => return Outcome::Busy,
            Ask::Shrink(id, pages) => {
                assert!(self.claimed.contains(&id));
                self.sizes.insert(id, pages);
            }
            Ask::GiveUp(id, _) if fails || !self.mounted.contains(&id) => return Outcome::Busy,
            Ask::GiveUp(id, pages) => {
                assert!(!self.claimed.contains(&id));
                self.sizes.insert(id, pages);
            }
            Ask::Grow(id, pages) => {
                self.sizes.insert(id, pages);
            }
            Ask::Build(view) => assert!(self.built.replace(view.name.id).is_none()),
            Ask::Step(Step::Startup { cpu, instance }) => {
                assert!(self.built == Some(instance) || self.contents.contains(&instance));
                assert!(self.streams.insert((instance, cpu)), "started twice");
            }
            Ask::Step(Step::Teardown { cpu, instance }) => {
                assert!(self.streams.remove(&(instance, cpu)), "not started");
            }
        }
        Outcome::Done
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Publish(view) => {
                self.shown.insert(view.name.id);
            }
            Effect::Install(view) => {
                assert_eq!(self.built.take(), Some(view.name.id));
                assert!(self.contents.insert(view.name.id));
                self.shown.insert(view.name.id);
            }
            Effect::DropBuilt => assert!(self.built.take().is_some()),
            Effect::Clear(view) => {
                assert!(self.claimed.remove(&view.name.id));
                self.contents.remove(&view.name.id);
                self.check_streams(view.name.id);
            }
            Effect::Retire(ids) => self.each(ids, |world, id| {
                assert!(world.claimed.remove(&id));
                assert!(world.shown.remove(&id));
                world.contents.remove(&id);
                world.check_streams(id);
            }),
            Effect::Release(ids) => self.each(ids, |world, id| {
                assert!(world.claimed.remove(&id));
            }),
            Effect::Compact(id) => assert!(self.contents.contains(&id)),
            Effect::Reply(reply) => self.replies.push(reply),
            Effect::Finish => self.finished = true,
        }
    }
}

impl Table {
    fn each(&mut self, ids: DeviceSet, work: impl Fn(&mut Self, DeviceId)) {
        (0..64).filter_map(DeviceId::new).filter(|&id| ids.contains(id)).for_each(|id| {
            work(self, id);
        });
    }

    fn check_streams(&self, id: DeviceId) {
        assert!(self.streams.iter().all(|&(instance, _)| instance != id), "content with streams");
    }

    /// Drives one request and returns its only reply.
    fn request(&mut self, state: State, request: Request) -> (State, Result<Answer, Refusal>) {
        self.questions = 0;
        let state = drive(state, request, self);
        let [reply] = self.replies[..] else { panic!("{request:?}: {:?}", self.replies) };
        self.replies.clear();
        assert!(self.claimed.is_empty() || matches!(state, State::Exited(_)));
        (state, reply)
    }
}

fn id(number: u32) -> DeviceId {
    DeviceId::new(number).unwrap()
}

fn name(number: u32, serial: u64) -> DeviceName {
    DeviceName { id: id(number), serial }
}

fn cpu(number: u32) -> CpuId {
    CpuId::new(number).unwrap()
}

fn pages(count: u64) -> Pages {
    Pages::holding(count * 4096).unwrap()
}

fn add(pages: Option<Pages>) -> Request {
    Request::Add { id: None, settings: Settings::DEFAULT, pages }
}

/// Device 0 is ready, device 1 empty, device 2 absent; CPUs 0 and 1 are up.
fn furnished(world: &mut Table) -> State {
    let requests = [
        Request::Cpu(cpu(0), Stage::Online),
        Request::Cpu(cpu(1), Stage::Online),
        add(Some(pages(8))),
        add(None),
    ];
    requests.into_iter().fold(State::new(3).unwrap(), |state, request| {
        let (state, reply) = world.request(state, request);
        reply.unwrap();
        state
    })
}

fn level(level: i32) -> Parameters {
    Parameters { algorithm: None, level: Some(level) }
}

fn all_requests() -> Vec<Request> {
    let names = [name(0, 0), name(1, 1), name(2, 0), name(0, 9)];
    let mut requests = vec![add(None), add(Some(pages(4))), Request::Exit];
    for number in 0..4 {
        requests.push(Request::Remove(id(number)));
        let settings = Settings::DEFAULT;
        requests.push(Request::Add { id: Some(id(number)), settings, pages: None });
    }
    for name in names {
        requests.extend([
            Request::SetDisksize(name, pages(4)),
            Request::Resize(name, pages(2)),
            Request::Resize(name, pages(8)),
            Request::Resize(name, pages(9)),
            Request::SetAlgorithm(name, Algorithm::Lz4),
            Request::SetParameters(name, level(2)),
            Request::SetParameters(name, level(0)),
            Request::SetLimit(name, Limit::Hard(4096)),
            Request::SetLimit(name, Limit::Soft(4096)),
            Request::Reset(name),
            Request::Compact(name),
        ]);
    }
    for stage in Stage::ALL {
        requests.extend([Request::Cpu(cpu(0), stage), Request::Cpu(cpu(3), stage)]);
    }
    requests
}

const OUTCOMES: [Outcome; 3] = [Outcome::Done, Outcome::Busy, Outcome::NoMemory];

/// The outcomes that the table allows in a busy state.
fn allowed(state: &State) -> &'static [Outcome] {
    use Outcome::{Busy, Done, NoMemory};
    let State::Busy(_, job) = state else { return &[] };
    match job {
        Job::Building(..) | Job::Growing(..) => &[Done, NoMemory],
        Job::Claiming(..)
        | Job::ClaimingAll(..)
        | Job::ClaimingToShrink(..)
        | Job::GivingUp(..)
        | Job::Shrinking(..) => &[Done, Busy],
        Job::Starting(_, walk) | Job::Cpu(_, _, walk) if walk.is_starting() => &[Done, NoMemory],
        Job::Starting(..) | Job::Cpu(..) | Job::Stopping(..) | Job::Closing(..) => &[Done],
    }
}

#[test]
fn every_pair_of_state_and_event_is_as_in_the_table() {
    let mut states = vec![furnished(&mut Table::default())];
    let mut busy = 0;
    let mut exited = 0;
    let mut depth = 0;
    while !states.is_empty() && depth < 12 {
        depth += 1;
        let mut next = Vec::new();
        for state in states {
            let is_busy = matches!(state, State::Busy(..));
            busy += usize::from(is_busy);
            exited += usize::from(matches!(state, State::Exited(_)));
            for request in all_requests() {
                let result = step(state.clone(), Event::Request(request));
                assert_eq!(result.is_err(), is_busy, "{state:?} {request:?}");
                // From rest, only the first round goes on: it has every request already.
                next.extend(result.ok().filter(|_| depth == 1));
            }
            for outcome in OUTCOMES {
                let result = step(state.clone(), Event::Outcome(outcome));
                let is_allowed = allowed(&state).contains(&outcome);
                assert_eq!(result.is_ok(), is_allowed, "{state:?} {outcome:?}");
                next.extend(result.ok());
            }
        }
        for transition in &next {
            let is_busy = matches!(transition.state, State::Busy(..));
            assert_eq!(transition.ask.is_some(), is_busy);
            let replies = transition.effects.iter().filter(|it| matches!(it, Effect::Reply(_)));
            assert_eq!(replies.count(), usize::from(!is_busy), "one reply, when it is over");
            assert!(transition.effects.iter().count() <= EFFECTS_MAX);
        }
        states = next.into_iter().map(|transition| transition.state).collect();
    }
    assert!(states.is_empty(), "every request ends");
    assert!(busy > 20 && exited > 0, "{busy} busy and {exited} exited states were seen");
}

#[test]
fn a_request_that_fails_at_any_question_changes_nothing() {
    for request in all_requests() {
        for fail_at in 0..8 {
            let mut world = Table::default();
            let before = furnished(&mut world);
            let (shown, contents) = (world.shown.clone(), world.contents.clone());
            let streams = world.streams.clone();
            world.fail_at = Some(fail_at);
            let (after, reply) = world.request(before.clone(), request);
            if reply.is_err() {
                assert_eq!(after, before, "{request:?}, question {fail_at}");
                assert_eq!((world.shown, world.contents), (shown, contents));
                assert!(world.sizes.is_empty());
                assert_eq!(world.streams, streams);
                assert_eq!(world.built, None);
            }
        }
    }
}

#[test]
fn refusals_name_their_reason() {
    for (request, refusal) in [
        (Request::Remove(id(2)), Refusal::NoDevice),
        (Request::SetDisksize(name(0, 0), pages(1)), Refusal::Initialised),
        (Request::SetDisksize(name(1, 7), pages(1)), Refusal::NoDevice),
        (Request::Resize(name(1, 1), pages(1)), Refusal::NotInitialised),
        (Request::Resize(name(0, 8), pages(1)), Refusal::NoDevice),
        (Request::SetAlgorithm(name(0, 0), Algorithm::Lz4), Refusal::Initialised),
        (Request::SetParameters(name(0, 0), level(2)), Refusal::Initialised),
        (Request::SetParameters(name(0, 5), level(2)), Refusal::NoDevice),
        (Request::SetParameters(name(1, 1), level(0)), Refusal::NoSuchLevel),
        (Request::SetParameters(name(1, 1), level(65_538)), Refusal::NoSuchLevel),
        (
            Request::SetParameters(
                name(1, 1),
                Parameters { algorithm: Some(Algorithm::Lz4Safe), level: None },
            ),
            Refusal::OtherAlgorithm,
        ),
        (Request::Compact(name(1, 1)), Refusal::NotInitialised),
        (Request::Reset(name(0, 5)), Refusal::NoDevice),
        (Request::Cpu(cpu(0), Stage::Prepare), Refusal::WrongStage),
        (Request::Cpu(cpu(1), Stage::Dead), Refusal::WrongStage),
        (
            Request::Add { id: Some(id(1)), settings: Settings::DEFAULT, pages: None },
            Refusal::Exists,
        ),
        (
            Request::Add { id: Some(id(40)), settings: Settings::DEFAULT, pages: None },
            Refusal::NoNumber,
        ),
    ] {
        let mut world = Table::default();
        let before = furnished(&mut world);
        let (after, reply) = world.request(before.clone(), request);
        assert_eq!((reply, after), (Err(refusal), before), "{request:?}");
    }
}

#[test]
fn a_device_grows_while_it_is_open_but_shrinks_only_while_it_is_not() {
    let mut world = Table::default();
    let state = furnished(&mut world);
    world.open.insert(id(0));
    let (state, reply) = world.request(state, Request::Resize(name(0, 0), pages(20)));
    assert_eq!((reply, world.sizes.get(&id(0))), (Ok(Answer::Done), Some(&pages(20))));
    let (state, reply) = world.request(state, Request::Resize(name(0, 0), pages(20)));
    assert_eq!((reply, world.questions), (Ok(Answer::Done), 0), "it has that size");
    let (state, reply) = world.request(state, Request::Resize(name(0, 0), pages(19)));
    assert_eq!((reply, world.sizes.get(&id(0))), (Err(Refusal::Open), Some(&pages(20))));
    world.open.clear();
    let (state, reply) = world.request(state, Request::Resize(name(0, 0), pages(1)));
    assert_eq!((reply, world.sizes.get(&id(0))), (Ok(Answer::Done), Some(&pages(1))));
    let State::Idle(inventory, _) = state else { panic!("at rest") };
    assert!(matches!(inventory.device(id(0)), Device::Ready(_, _, size) if size == pages(1)));
}

#[test]
fn a_mounted_device_shrinks_without_a_claim_once_the_kernel_has_given_up_its_end() {
    let mut world = Table::default();
    let state = furnished(&mut world);
    world.open.insert(id(0));
    world.mounted.insert(id(0));
    let (state, reply) = world.request(state, Request::Resize(name(0, 0), pages(1)));
    assert_eq!((reply, world.sizes.get(&id(0))), (Ok(Answer::Done), Some(&pages(1))));
    assert!(world.claimed.is_empty());
    let State::Idle(inventory, _) = state else { panic!("at rest") };
    assert!(matches!(inventory.device(id(0)), Device::Ready(_, _, size) if size == pages(1)));
}

#[test]
fn a_shrink_that_would_lose_a_page_lets_go_of_the_device() {
    let mut world = Table::default();
    let before = furnished(&mut world);
    // The claim is question 0.
    world.fail_at = Some(1);
    let (after, reply) = world.request(before.clone(), Request::Resize(name(0, 0), pages(1)));
    assert_eq!((reply, after), (Err(Refusal::Stored), before));
    assert!(world.claimed.is_empty() && world.sizes.is_empty());
}

#[test]
fn numbers_are_the_lowest_free_and_serials_never_come_back() {
    let mut world = Table::default();
    let state = furnished(&mut world);
    let (state, reply) = world.request(state, Request::Remove(id(0)));
    assert_eq!(reply, Ok(Answer::Done));
    let (state, reply) = world.request(state, add(None));
    assert_eq!(reply, Ok(Answer::Added(id(0))));
    let (state, reply) = world.request(state, Request::Reset(name(0, 0)));
    assert_eq!(reply, Err(Refusal::NoDevice), "the old device's handle reaches nobody");
    let (state, reply) = world.request(state, Request::Reset(name(0, 2)));
    assert_eq!(reply, Ok(Answer::Done));
    let (state, reply) = world.request(state, add(None));
    assert_eq!(reply, Ok(Answer::Added(id(2))));
    let (_, reply) = world.request(state, add(None));
    assert_eq!(reply, Err(Refusal::NoNumber));
}

#[test]
fn exit_leaves_nothing_and_refuses_all_later_requests() {
    let mut world = Table::default();
    let state = furnished(&mut world);
    let (mut state, reply) = world.request(state, Request::Exit);
    assert_eq!(reply, Ok(Answer::Done));
    assert!(world.finished && world.shown.is_empty() && world.contents.is_empty());
    assert!(world.streams.is_empty() && world.claimed.is_empty());
    for request in all_requests() {
        let (next, reply) = world.request(state, request);
        assert_eq!(reply, Err(Refusal::Exited));
        state = next;
    }
}

#[test]
fn exit_with_an_open_device_is_refused_and_changes_nothing() {
    for open in [0, 1] {
        let mut world = Table::default();
        let before = furnished(&mut world);
        let streams = world.streams.clone();
        world.open.insert(id(open));
        let (after, reply) = world.request(before.clone(), Request::Exit);
        assert_eq!((reply, after), (Err(Refusal::Open), before));
        assert_eq!((world.claimed.len(), world.streams), (0, streams));
        assert!(!world.finished);
    }
}

#[test]
fn streams_follow_the_cpus() {
    let mut world = Table::default();
    let mut state = furnished(&mut world);
    let both = world.streams.clone();
    assert_eq!(both, [(id(0), cpu(0)), (id(0), cpu(1))].into());
    for _ in 0..3 {
        for stage in [Stage::Dying, Stage::Dead] {
            state = world.request(state, Request::Cpu(cpu(1), stage)).0;
        }
        assert_eq!(world.streams, [(id(0), cpu(0))].into());
        for stage in [Stage::Prepare, Stage::Online] {
            state = world.request(state, Request::Cpu(cpu(1), stage)).0;
        }
        assert_eq!(world.streams, both);
    }
    for stage in [Stage::Prepare, Stage::UpAborted] {
        state = world.request(state, Request::Cpu(cpu(2), stage)).0;
    }
    assert_eq!(world.streams, both);
    assert_eq!(state, furnished(&mut Table::default()), "cycles change nothing");
}

#[test]
fn a_cpu_without_memory_for_its_streams_is_refused() {
    let mut world = Table::default();
    let state = furnished(&mut world);
    let (state, reply) = world.request(state, Request::SetDisksize(name(1, 1), pages(4)));
    assert_eq!(reply, Ok(Answer::Done));
    let streams = world.streams.clone();
    for fail_at in [0, 1] {
        world.fail_at = Some(fail_at);
        let (after, reply) = world.request(state.clone(), Request::Cpu(cpu(2), Stage::Prepare));
        assert_eq!((reply, after), (Err(Refusal::NoMemory), state.clone()));
        assert_eq!(world.streams, streams);
    }
}

#[test]
fn a_forbidden_event_is_told_apart_from_a_refusal() {
    let state = State::new(1).unwrap();
    let result = step(state, Event::Outcome(Outcome::Done));
    assert_eq!(result, Err(Forbidden));
}
