//! The lifecycle within small bounds, checked on every change; `make model` explores larger ones.

use std::collections::HashSet;
use std::hash::Hash;

use model::World;
use model::bounds::Bounds;
use model::explore::explore;
use model::lifecycle::Lifecycle;
use model::report;
use stateright::Model;

type Keys = HashSet<Vec<u8>>;

#[test]
fn every_property_holds_in_every_interleaving() {
    let reports = Bounds::SMALL.map(explore);
    for report in &reports {
        println!("{}", report::text(report));
        assert!(report.broken.is_empty());
        assert!(report.states > 100_000 && report.holds.len() == 18);
    }
    assert_eq!(report::unseen(&reports), Vec::<&str>::new());
}

/// Explores every state whose `name` was not seen; returns the keys of those in which not the actor
/// alone moves, and how many states there are.
fn explore_by<N: Eq + Hash>(
    bounds: Bounds,
    is_stepwise: bool,
    name: impl Fn(&World) -> N,
) -> (Keys, usize) {
    let model = Lifecycle { bounds, is_canonical: false, is_stepwise, flaw: None };
    let (mut seen, mut keys) = (HashSet::new(), Keys::new());
    let mut left = model.init_states();
    let mut actions = Vec::new();
    while let Some(world) = left.pop() {
        if !seen.insert(name(&world)) {
            continue;
        }
        if !world.is_actor_alone() {
            keys.insert(world.key());
        }
        model.actions(&world, &mut actions);
        left.extend(actions.drain(..).filter_map(|action| model.next_state(&world, action)));
    }
    (keys, seen.len())
}

#[test]
fn taking_states_for_one_that_differ_in_names_loses_none() {
    let bounds = Bounds { requests_each: 1, records_each: 0, ..Bounds::SMALL[0] };
    let (expected, states) = explore_by(bounds, false, World::clone);
    let (keys, states_but_for_names) = explore_by(bounds, false, World::key);
    println!("{states} states, {states_but_for_names} but for names");
    assert_eq!(keys.len(), expected.len());
    assert!(keys == expected);
    assert!(states > 2 * states_but_for_names, "clients and CPUs can be exchanged");
}

#[test]
fn letting_the_actor_alone_where_only_it_can_be_loses_no_state() {
    for bounds in [
        Bounds { clients: 1, ..Bounds::SMALL[0] },
        Bounds { looks: 0, lost_answers: false, ..Bounds::SMALL[1] },
    ] {
        let (expected, states) = explore_by(bounds, true, World::key);
        let (keys, states_in_fewer_steps) = explore_by(bounds, false, World::key);
        println!("{states} states, {states_in_fewer_steps} while the actor is not alone");
        assert_eq!(keys.len(), expected.len());
        assert!(keys == expected);
        assert!(states > states_in_fewer_steps, "others came in between");
    }
}
