//! Runs the checker over the lifecycle and prints what it found.

use std::thread;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::bounds::Bounds;
use crate::flaw::Flaw;
use crate::lifecycle::Lifecycle;

/// What a run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was explored.
    pub bounds: Bounds,
    /// States, names aside.
    pub states: usize,
    /// Steps from one to another.
    pub steps: usize,
    /// Most steps that the search was away from the beginning.
    pub depth: usize,
    /// How long it took.
    pub seconds: f64,
    /// What holds in every state.
    pub holds: Vec<&'static str>,
    /// What does not, and a way there.
    pub broken: Vec<(&'static str, Vec<String>)>,
    /// What should be possible and was seen.
    pub seen: Vec<&'static str>,
    /// What should be possible and was never seen.
    pub never: Vec<&'static str>,
}

/// Explores everything within the bounds, on all CPUs of this machine.
///
/// # Panics
///
/// If the lifecycle's own assertions fail.
#[must_use]
pub fn explore(bounds: Bounds) -> Report {
    let begin = Instant::now();
    let model = Lifecycle { bounds, is_canonical: true, is_stepwise: false, flaw: None };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let checker = model.checker().threads(threads).spawn_dfs().join();
    let mut report = Report {
        bounds,
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        seconds: begin.elapsed().as_secs_f64(),
        holds: Vec::new(),
        broken: Vec::new(),
        seen: Vec::new(),
        never: Vec::new(),
    };
    for property in checker.model().properties() {
        let name = property.name;
        match (property.expectation, checker.discovery(name)) {
            (Expectation::Sometimes, Some(_)) => report.seen.push(name),
            (Expectation::Sometimes, None) => report.never.push(name),
            (Expectation::Always | Expectation::Eventually, None) => report.holds.push(name),
            (Expectation::Always | Expectation::Eventually, Some(way)) => {
                let steps = way.into_actions().iter().map(|step| format!("{step:?}")).collect();
                report.broken.push((name, steps));
            }
        }
    }
    report
}

/// Returns the properties that are broken on the shortest way to any of them, with this mistake made.
#[must_use]
pub fn broken_by(flaw: Flaw, bounds: Bounds) -> Vec<&'static str> {
    let model = Lifecycle { bounds, is_canonical: true, is_stepwise: false, flaw: Some(flaw) };
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let properties = checker.model().properties().into_iter();
    let always = properties.filter(|property| property.expectation == Expectation::Always);
    always.map(|property| property.name).filter(|name| checker.discovery(name).is_some()).collect()
}
