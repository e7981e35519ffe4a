use std::collections::VecDeque;

use zram_abi::cpu_event::{Answer, Event};
use zram_abi::{CpuId, Stage};

use super::{FixedCpus, run};
use crate::fake::Machine;
use crate::platform::{Closed, CpuEvents};

struct Script {
    events: VecDeque<Event>,
    answers: Vec<Answer>,
}

impl CpuEvents for Script {
    fn next(&mut self) -> Result<Event, Closed> {
        self.events.pop_front().ok_or(Closed)
    }

    fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
    }
}

/// Follows the events with the actor on a thread of its own, and then has the daemon exit.
fn follow(machine: &mut Machine, events: &[Event]) -> Vec<Answer> {
    let mut script = Script { events: events.iter().copied().collect(), answers: Vec::new() };
    let daemon = machine.daemon;
    let mut actor = machine.actor.take().unwrap();
    let mut left = events.len();
    let actor = std::thread::scope(|scope| {
        let turns = scope.spawn(move || {
            // A turn at the end of a rest has no message.
            while left > 0 {
                left -= usize::from(actor.turn());
            }
            actor
        });
        run(daemon, &mut script);
        turns.join().unwrap()
    });
    machine.actor = Some(actor);
    script.answers
}

fn event(sequence: u64, cpu: u32, stage: Stage) -> Event {
    Event { sequence, cpu: CpuId::new(cpu).unwrap(), stage }
}

#[test]
fn streams_come_and_go_with_the_events_and_each_is_answered() {
    let mut machine = Machine::with_device("1M");
    let before = machine.cat("0/streams").unwrap();
    let up = [event(1, 3, Stage::Prepare), event(2, 3, Stage::Online)];
    let agreed = |sequence| Answer { sequence, errno: 0 };
    assert_eq!(follow(&mut machine, &up), [agreed(1), agreed(2)]);
    let with_three = machine.cat("0/streams").unwrap();
    assert!(with_three.contains("\n3 "), "{with_three}");
    let down = [event(3, 3, Stage::Dying), event(4, 3, Stage::Dead)];
    assert_eq!(follow(&mut machine, &down), [agreed(3), agreed(4)]);
    assert_eq!(machine.cat("0/streams").unwrap(), before);
}

#[test]
fn the_cpus_that_were_up_need_no_answer() {
    let mut machine = Machine::with_device("1M");
    let answers = follow(&mut machine, &[event(0, 2, Stage::Online)]);
    assert_eq!(answers, []);
    assert!(machine.cat("0/streams").unwrap().contains("\n2 "));
}

#[test]
fn what_cannot_happen_to_a_cpu_is_refused() {
    let mut machine = Machine::new();
    let answers = follow(&mut machine, &[event(5, 0, Stage::Prepare), event(6, 1, Stage::Dead)]);
    let refused = |sequence| Answer { sequence, errno: syscall::EINVAL as u32 };
    assert_eq!(answers, [refused(5), refused(6)]);
}

#[test]
fn a_daemon_that_has_ended_refuses_no_cpu() {
    let mut machine = Machine::new();
    machine.echo("control/exit", "1").unwrap();
    let mut late = Script { events: [event(8, 2, Stage::Prepare)].into(), answers: Vec::new() };
    run(machine.daemon, &mut late);
    assert_eq!(late.answers, [Answer { sequence: 8, errno: 0 }]);
}

#[test]
fn a_kernel_without_hotplug_has_its_cpus_once() {
    let mut cpus = FixedCpus::new(2);
    assert_eq!(cpus.next(), Ok(event(0, 0, Stage::Online)));
    assert_eq!(cpus.next(), Ok(event(0, 1, Stage::Online)));
    assert_eq!(cpus.next(), Err(Closed));
}

#[test]
fn a_cpu_whose_answers_came_too_late_can_come_up_again() {
    let mut machine = Machine::with_device("1M");
    // The kernel gave up on the first attempt and told nobody, on the second and told us.
    let events = [
        event(5, 2, Stage::Prepare),
        event(6, 2, Stage::Prepare),
        event(7, 2, Stage::UpAborted),
        event(8, 2, Stage::UpAborted),
        event(9, 2, Stage::Prepare),
        event(10, 2, Stage::Online),
    ];
    let answers = follow(&mut machine, &events);
    assert!(answers.iter().all(|answer| answer.errno == 0), "{answers:?}");
    assert_eq!(machine.cat("0/streams").unwrap().matches("\n2 ").count(), 1);
}
