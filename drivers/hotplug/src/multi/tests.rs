use super::{InstanceId, Outcome, Progress, StartupFailed, State, Step, Unchanged};
use crate::cpus::CpuId;
use std::collections::BTreeSet;

/// Performs steps on a set of started pairs; the startup number `fail_at` fails.
#[derive(Default)]
struct Performer {
    started: BTreeSet<(CpuId, InstanceId)>,
    steps: Vec<Step>,
    startups: usize,
    fail_at: Option<usize>,
}

impl Performer {
    fn run(&mut self, mut progress: Progress) -> (State, Result<(), StartupFailed>) {
        loop {
            match progress {
                Progress::Finished(state, result) => return (state, result),
                Progress::Step(walk, step) => progress = walk.after(self.perform(step)),
            }
        }
    }

    fn perform(&mut self, step: Step) -> Outcome {
        self.steps.push(step);
        match step {
            Step::Startup { cpu, instance } => {
                let number = self.startups;
                self.startups += 1;
                if self.fail_at == Some(number) {
                    return Outcome::Failed;
                }
                assert!(self.started.insert((cpu, instance)), "started twice: {step:?}");
            }
            Step::Teardown { cpu, instance } => {
                assert!(self.started.remove(&(cpu, instance)), "not started: {step:?}");
            }
        }
        Outcome::Done
    }

    /// Asserts that exactly the pairs of the state are started.
    fn check(&self, state: &State) {
        let all = |number| (CpuId::new(number).unwrap(), InstanceId::new(number % 64).unwrap());
        let expected = (0..64)
            .flat_map(|i| (0..128).map(move |c| (all(c).0, all(i).1)))
            .filter(|&(c, i)| state.up().contains(c) && state.instances().contains(i))
            .collect::<BTreeSet<_>>();
        assert_eq!(self.started, expected);
    }
}

fn cpu(number: u32) -> CpuId {
    CpuId::new(number).unwrap()
}

fn instance(number: u32) -> InstanceId {
    InstanceId::new(number).unwrap()
}

/// A state with the CPUs 0..cpus up and the instances 0..instances.
fn at_rest(performer: &mut Performer, cpus: u32, instances: u32) -> State {
    let mut state = State::new();
    for number in 0..cpus {
        state = performer.run(state.cpu_up(cpu(number)).unwrap()).0;
    }
    for number in 0..instances {
        state = performer.run(state.add_instance(instance(number)).unwrap()).0;
    }
    performer.check(&state);
    performer.steps.clear();
    performer.startups = 0;
    state
}

#[test]
fn a_failed_startup_of_an_instance_undoes_exactly_those_before_it() {
    const CPUS: usize = 5;
    for fail_at in 0..CPUS {
        let mut performer = Performer::default();
        let before = at_rest(&mut performer, CPUS as u32, 2);
        performer.fail_at = Some(fail_at);
        let (after, result) = performer.run(before.clone().add_instance(instance(7)).unwrap());
        let failed = StartupFailed { cpu: cpu(fail_at as u32), instance: instance(7) };
        assert_eq!((result, &after), (Err(failed), &before));
        assert_eq!(performer.steps.len(), 2 * fail_at + 1);
        performer.check(&after);
    }
}

#[test]
fn a_failed_startup_refuses_the_cpu_and_undoes_exactly_those_before_it() {
    const INSTANCES: usize = 4;
    for fail_at in 0..INSTANCES {
        let mut performer = Performer::default();
        let before = at_rest(&mut performer, 2, INSTANCES as u32);
        performer.fail_at = Some(fail_at);
        let (after, result) = performer.run(before.clone().cpu_up(cpu(9)).unwrap());
        let failed = StartupFailed { cpu: cpu(9), instance: instance(fail_at as u32) };
        assert_eq!((result, &after), (Err(failed), &before));
        assert_eq!(performer.steps.len(), 2 * fail_at + 1);
        performer.check(&after);
    }
}

#[test]
fn startups_go_upwards_and_teardowns_downwards() {
    let mut performer = Performer::default();
    let state = at_rest(&mut performer, 3, 0);
    let it = instance(1);
    let (state, _) = performer.run(state.add_instance(it).unwrap());
    let (_, _) = performer.run(state.remove_instance(it).unwrap());
    let up = [0, 1, 2].map(|number| Step::Startup { cpu: cpu(number), instance: it });
    let down = [2, 1, 0].map(|number| Step::Teardown { cpu: cpu(number), instance: it });
    assert_eq!(performer.steps, [up, down].concat());
}

#[test]
fn cycles_of_a_cpu_change_nothing() {
    let mut performer = Performer::default();
    let before = at_rest(&mut performer, 2, 3);
    let mut state = before.clone();
    for _ in 0..10 {
        state = performer.run(state.cpu_down(cpu(1)).unwrap()).0;
        performer.check(&state);
        state = performer.run(state.cpu_up(cpu(1)).unwrap()).0;
        performer.check(&state);
    }
    assert_eq!(state, before);
}

#[test]
fn a_second_registration_is_refused_and_changes_nothing() {
    let mut performer = Performer::default();
    let state = at_rest(&mut performer, 1, 1);
    let refused = Unchanged(state.clone());
    assert_eq!(state.clone().add_instance(instance(0)), Err(refused.clone()));
    assert_eq!(state.clone().remove_instance(instance(1)), Err(refused.clone()));
    assert_eq!(state.clone().cpu_up(cpu(0)), Err(refused.clone()));
    assert_eq!(state.cpu_down(cpu(1)), Err(refused));
}

#[test]
fn only_a_state_without_instances_can_be_removed() {
    let mut performer = Performer::default();
    let state = at_rest(&mut performer, 2, 1);
    let Unchanged(state) = state.remove().unwrap_err();
    let (state, _) = performer.run(state.remove_instance(instance(0)).unwrap());
    assert!(state.remove().is_ok());
    assert!(performer.started.is_empty());
}

#[test]
fn an_instance_without_cpus_is_started_when_the_first_comes() {
    let mut performer = Performer::default();
    let state = at_rest(&mut performer, 0, 2);
    assert!(performer.started.is_empty());
    let (state, _) = performer.run(state.cpu_up(cpu(127)).unwrap());
    performer.check(&state);
    assert_eq!(performer.started.len(), 2);
}
