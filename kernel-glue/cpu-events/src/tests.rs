use super::*;
use alloc::vec::Vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use syscall::error::{ENOMEM, ETIMEDOUT};

const ZERO: CpuId = CpuId::new(0).unwrap();
const THREE: CpuId = CpuId::new(3).unwrap();

fn cpu(number: u32) -> CpuId {
    CpuId::new(number).unwrap()
}

fn with_online(numbers: &[u32]) -> CpuEvents {
    CpuEvents::new(numbers.iter().map(|&number| cpu(number)).fold(CpuSet::EMPTY, CpuSet::with))
}

fn read_all(events: &mut CpuEvents, subscriber: Subscriber) -> Vec<(u32, Stage)> {
    core::iter::from_fn(|| events.read(subscriber))
        .map(|event| (event.cpu.number(), event.stage))
        .collect()
}

/// Opens a file, hears of the online CPUs and returns it.
fn subscriber(events: &mut CpuEvents) -> Subscriber {
    let subscriber = events.open().unwrap();
    read_all(events, subscriber);
    subscriber
}

/// Reads one event, which must be this one of CPU 3, and answers it.
#[track_caller]
fn hears(events: &mut CpuEvents, subscriber: Subscriber, stage: Stage, errno: i32) -> Option<Work> {
    let event = events.read(subscriber).expect("an event");
    assert_eq!((event.cpu, event.stage), (THREE, stage));
    assert_ne!(event.sequence, 0);
    let answer = Answer { sequence: event.sequence, errno: errno.unsigned_abs() };
    events.answer(subscriber, answer).expect("the answer is awaited")
}

#[test]
fn opening_tells_each_subscriber_the_online_cpus_once() {
    let mut events = with_online(&[0, 1, 3, 127]);
    let first = events.open().unwrap();
    let second = events.open().unwrap();
    assert_eq!(events.read(first), Some(Event { sequence: 0, cpu: ZERO, stage: Stage::Online }));
    let rest = [1, 3, 127].map(|cpu| (cpu, Stage::Online));
    assert_eq!(read_all(&mut events, first), rest);
    assert_eq!(read_all(&mut events, second).len(), 4);
    assert_eq!(events.read(first), None);
}

#[test]
fn a_closed_place_is_used_again_and_tells_everything_anew() {
    let mut events = with_online(&[0, 1]);
    let all: Vec<_> = core::iter::from_fn(|| events.open()).collect();
    assert_eq!(all.len(), SUBSCRIBERS_MAX);
    assert_eq!(read_all(&mut events, all[3]).len(), 2);
    assert_eq!(events.close(all[3]), None);
    assert_eq!(events.read(all[3]), None);
    let again = events.open().unwrap();
    assert_eq!(read_all(&mut events, again).len(), 2);
}

#[test]
fn an_answer_without_transition_is_stale() {
    let mut events = with_online(&[0]);
    let subscriber = subscriber(&mut events);
    assert_eq!(events.answer(subscriber, Answer { sequence: 0, errno: 0 }), Err(Stale));
}

#[test]
fn a_cpu_comes_when_all_have_agreed_and_been_told() {
    let mut events = with_online(&[0]);
    let [first, second] = [(); 2].map(|()| subscriber(&mut events));
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(hears(&mut events, first, Stage::Prepare, 0), None);
    assert_eq!(events.read(first), None, "it is told once");
    assert_eq!(hears(&mut events, second, Stage::Prepare, 0), Some(Work::Start(THREE)));
    assert!(!events.online().contains(THREE));
    assert_eq!(events.started(THREE), None);
    assert!(events.online().contains(THREE));
    assert_eq!(hears(&mut events, second, Stage::Online, 0), None);
    let done = Some(Work::Finished(THREE, Ok(())));
    assert_eq!(hears(&mut events, first, Stage::Online, 0), done);
}

#[test]
fn a_cpu_goes_when_all_were_told_and_nobody_can_refuse() {
    let mut events = with_online(&[0, 3]);
    let subscriber = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Offline, 0), Ok(None));
    let stop = Some(Work::Stop(THREE));
    assert_eq!(hears(&mut events, subscriber, Stage::Dying, ENOMEM), stop);
    assert!(events.online().contains(THREE));
    assert_eq!(events.stopped(THREE), None);
    assert!(!events.online().contains(THREE));
    let done = Some(Work::Finished(THREE, Ok(())));
    assert_eq!(hears(&mut events, subscriber, Stage::Dead, ENOMEM), done);
}

#[test]
fn without_subscribers_only_the_machine_has_work() {
    let mut events = with_online(&[0]);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(Some(Work::Start(THREE))));
    assert_eq!(events.started(THREE), Some(Work::Finished(THREE, Ok(()))));
    assert_eq!(events.begin(THREE, Wanted::Offline, 0), Ok(Some(Work::Stop(THREE))));
    assert_eq!(events.stopped(THREE), Some(Work::Finished(THREE, Ok(()))));
}

#[test]
fn a_refusal_keeps_the_cpu_out_and_tells_those_who_had_agreed() {
    let mut events = with_online(&[0]);
    let [agrees, refuses, sleeps] = [(); 3].map(|()| subscriber(&mut events));
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(hears(&mut events, agrees, Stage::Prepare, 0), None);
    assert_eq!(hears(&mut events, refuses, Stage::Prepare, ENOMEM), None);
    assert_eq!(events.read(refuses), None, "who refused has nothing to undo");
    assert_eq!(events.read(sleeps), None, "who never heard of it has nothing to undo");
    let refused = Some(Work::Finished(THREE, Err(ENOMEM)));
    assert_eq!(hears(&mut events, agrees, Stage::UpAborted, 0), refused);
    assert!(!events.online().contains(THREE));
}

#[test]
fn a_refusal_without_a_reason_is_an_io_error() {
    let mut events = with_online(&[0]);
    let subscriber = subscriber(&mut events);
    for errno in [4096, i32::MIN, -1] {
        assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
        let refused = Some(Work::Finished(THREE, Err(EIO)));
        let sequence = events.read(subscriber).unwrap().sequence;
        let answer = Answer { sequence, errno: errno.cast_unsigned() };
        assert_eq!(events.answer(subscriber, answer), Ok(refused));
    }
}

#[test]
fn a_closed_file_refuses_nothing() {
    for has_read in [false, true] {
        let mut events = with_online(&[0]);
        let [agrees, closes] = [(); 2].map(|()| subscriber(&mut events));
        assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
        assert!(!has_read || events.read(closes).is_some());
        assert_eq!(events.close(closes), None, "another is still asked");
        assert_eq!(hears(&mut events, agrees, Stage::Prepare, 0), Some(Work::Start(THREE)));
    }
    let mut events = with_online(&[0]);
    let closes = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(events.close(closes), Some(Work::Start(THREE)), "nobody is left to refuse it");
    let mut events = with_online(&[0, 3]);
    let closes = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Offline, 0), Ok(None));
    assert_eq!(events.close(closes), Some(Work::Stop(THREE)));
}

#[test]
fn a_file_closed_by_who_was_not_asked_changes_nothing() {
    let mut events = with_online(&[0]);
    let [agrees, slow] = [(); 2].map(|()| subscriber(&mut events));
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(hears(&mut events, agrees, Stage::Prepare, 0), None);
    assert_eq!(events.close(agrees), None);
    assert_eq!(hears(&mut events, slow, Stage::Prepare, 0), Some(Work::Start(THREE)));
}

#[test]
fn silence_refuses_on_the_way_up_and_the_late_answer_is_stale() {
    let mut events = with_online(&[0]);
    let late = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Online, 7), Ok(None));
    let asked = events.read(late).unwrap();
    assert_eq!(events.tick(6 + ANSWERS_MAX_NS), None);
    assert_eq!(events.tick(7 + ANSWERS_MAX_NS), None, "it had read the event: it may have agreed");
    let answer = Answer { sequence: asked.sequence, errno: 0 };
    assert_eq!(events.answer(late, answer), Err(Stale));
    let refused = Some(Work::Finished(THREE, Err(ETIMEDOUT)));
    assert_eq!(hears(&mut events, late, Stage::UpAborted, 0), refused);
}

#[test]
fn silence_agrees_on_the_way_down_and_what_was_missed_is_heard_later() {
    let mut events = with_online(&[0, 3]);
    let mute = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Offline, 0), Ok(None));
    assert_eq!(events.tick(ANSWERS_MAX_NS), Some(Work::Stop(THREE)));
    assert_eq!(events.stopped(THREE), None);
    assert_eq!(events.tick(ANSWERS_MAX_NS), Some(Work::Finished(THREE, Ok(()))));
    let missed = [(3, Stage::Dying), (3, Stage::Dead)];
    assert_eq!(read_all(&mut events, mute), missed);
}

#[test]
fn who_missed_an_attempt_is_asked_anew_after_its_end() {
    let mut events = with_online(&[0]);
    let slow = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(events.read(slow).map(|event| event.stage), Some(Stage::Prepare));
    assert_eq!(events.tick(ANSWERS_MAX_NS), None);
    assert_eq!(events.tick(ANSWERS_MAX_NS), Some(Work::Finished(THREE, Err(ETIMEDOUT))));
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    let missed = Event { sequence: 0, cpu: THREE, stage: Stage::UpAborted };
    assert_eq!(events.read(slow), Some(missed));
    assert_eq!(hears(&mut events, slow, Stage::Prepare, 0), Some(Work::Start(THREE)));
}

#[test]
fn a_cpu_that_does_not_start_is_refused_with_the_machines_reason() {
    let mut events = with_online(&[0]);
    let subscriber = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    assert_eq!(hears(&mut events, subscriber, Stage::Prepare, 0), Some(Work::Start(THREE)));
    assert_eq!(events.tick(u64::MAX), None, "the machine has a limit of its own");
    assert_eq!(events.not_started(THREE, EIO), None);
    assert_eq!(events.started(THREE), None, "it comes too late");
    assert!(!events.online().contains(THREE));
    let refused = Some(Work::Finished(THREE, Err(EIO)));
    assert_eq!(hears(&mut events, subscriber, Stage::UpAborted, 0), refused);
    assert_eq!(events.not_started(THREE, EIO), None);
    assert_eq!(events.stopped(THREE), None);
}

#[test]
fn one_transition_at_a_time() {
    let mut events = with_online(&[0]);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(Some(Work::Start(THREE))));
    for wanted in [Wanted::Online, Wanted::Offline] {
        assert_eq!(events.begin(cpu(2), wanted, 0), Err(Busy));
    }
    assert_eq!(events.started(cpu(2)), None, "another CPU is to come");
    assert_eq!(events.started(THREE), Some(Work::Finished(THREE, Ok(()))));
    assert_eq!(events.begin(cpu(2), Wanted::Online, 0), Ok(Some(Work::Start(cpu(2)))));
}

#[test]
fn a_cpu_that_is_where_it_is_wanted_is_finished_at_once() {
    let mut events = with_online(&[0, 3]);
    let subscriber = subscriber(&mut events);
    for (cpu, wanted) in [(THREE, Wanted::Online), (cpu(2), Wanted::Offline)] {
        assert_eq!(events.begin(cpu, wanted, 0), Ok(Some(Work::Finished(cpu, Ok(())))));
    }
    assert_eq!(events.read(subscriber), None);
}

#[test]
fn who_opens_the_file_during_a_transition_is_not_asked_and_hears_its_end() {
    let mut events = with_online(&[0]);
    let agrees = subscriber(&mut events);
    assert_eq!(events.begin(THREE, Wanted::Online, 0), Ok(None));
    let newcomer = subscriber(&mut events);
    assert_eq!(hears(&mut events, agrees, Stage::Prepare, 0), Some(Work::Start(THREE)));
    assert_eq!(events.read(newcomer), None);
    assert_eq!(events.started(THREE), None);
    assert_eq!(hears(&mut events, agrees, Stage::Online, 0), None);
    let done = Some(Work::Finished(THREE, Ok(())));
    assert_eq!(hears(&mut events, newcomer, Stage::Online, 0), done);
}

/// What can happen to the source, in any order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(u32, bool),
    Open,
    Close(usize),
    Read(usize),
    Answer(usize, bool),
    Tick,
    Work(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step =
        (0..7, 0..3usize, 1..3u32, any::<bool>()).prop_map(|(kind, who, cpu, yes)| match kind {
            0 => Step::Begin(cpu, yes),
            1 => Step::Open,
            2 => Step::Close(who),
            3 => Step::Read(who),
            4 => Step::Answer(who, yes),
            5 => Step::Tick,
            _ => Step::Work(yes),
        });
    prop::collection::vec(step, 0..60)
}

/// A subscriber as the daemon is one: its own machine must allow whatever it hears.
#[derive(Default)]
struct Daemon {
    cpus: [Cpu; 4],
    last: Option<Event>,
}

const fn own(stage: Stage) -> hotplug::Stage {
    match stage {
        Stage::Prepare => hotplug::Stage::Prepare,
        Stage::Online => hotplug::Stage::Online,
        Stage::UpAborted => hotplug::Stage::UpAborted,
        Stage::Dying => hotplug::Stage::Dying,
        Stage::Dead => hotplug::Stage::Dead,
    }
}

proptest! {
    /// Whatever happens, what a subscriber hears fits its machine, every transition ends once the
    /// time is over and the machine's work is done, and then all know which CPUs are online.
    #[test]
    fn every_transition_ends_and_all_know_how(steps in steps()) {
        let mut events = with_online(&[0]);
        let mut daemons: [Option<(Subscriber, Daemon)>; 3] = [const { None }; 3];
        let mut work: Option<Work> = None;
        // The last steps let time pass and the machine work, and everybody read.
        let ending = [Step::Tick, Step::Work(true)].repeat(4);
        let reads = [0, 1, 2].map(Step::Read).repeat(20);
        for step in steps.into_iter().chain(ending).chain(reads) {
            let mut next = None;
            match step {
                Step::Begin(number, up) => {
                    let wanted = if up { Wanted::Online } else { Wanted::Offline };
                    next = events.begin(cpu(number), wanted, 0).unwrap_or(None);
                }
                Step::Open => {
                    if let Some(free) = daemons.iter_mut().find(|place| place.is_none()) {
                        *free = events.open().map(|subscriber| (subscriber, Daemon::default()));
                    }
                }
                Step::Close(who) => {
                    if let Some((subscriber, _)) = daemons[who].take() {
                        next = events.close(subscriber);
                    }
                }
                Step::Read(who) => {
                    if let Some((subscriber, daemon)) = &mut daemons[who]
                        && let Some(event) = events.read(*subscriber)
                    {
                        let place = &mut daemon.cpus[event.cpu.index()];
                        let after = place.after(own(event.stage));
                        prop_assert!(after.is_ok(), "{event:?} in {place:?}");
                        *place = after.unwrap().0;
                        daemon.last = Some(event);
                    }
                }
                Step::Answer(who, agrees) => {
                    if let Some((subscriber, daemon)) = &mut daemons[who]
                        && let Some(event) = daemon.last.take()
                    {
                        let refuses = !agrees && event.stage == Stage::Prepare;
                        if refuses {
                            daemon.cpus[event.cpu.index()] = Cpu::Offline;
                        }
                        let errno = if refuses { 12 } else { 0 };
                        let answer = Answer { sequence: event.sequence, errno };
                        next = events.answer(*subscriber, answer).unwrap_or(None);
                    }
                }
                Step::Tick => next = events.tick(u64::MAX),
                Step::Work(well) => next = match work.take() {
                    Some(Work::Start(cpu)) if well => events.started(cpu),
                    Some(Work::Start(cpu)) => events.not_started(cpu, EIO),
                    Some(Work::Stop(cpu)) => events.stopped(cpu),
                    Some(Work::Finished(..)) | None => None,
                },
            }
            if let Some(next) = next {
                prop_assert!(work.is_none(), "{next:?} while {work:?} is to be done");
                work = (!matches!(next, Work::Finished(..))).then_some(next);
            }
        }
        prop_assert_eq!(events.transition, Transition::Settled);
        for (_, daemon) in daemons.iter().flatten() {
            for (number, place) in (0..).zip(daemon.cpus) {
                let is_online = events.online().contains(cpu(number));
                let settled = if is_online { Cpu::Online } else { Cpu::Offline };
                // A daemon that gave up a CPU may hear that it did not come: it stays offline.
                prop_assert_eq!(place, settled, "cpu {}", number);
            }
        }
    }
}
