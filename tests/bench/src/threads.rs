//! The same work in some threads at once, each pinned to a CPU of its own.

use std::sync::Barrier;
use std::thread;

use crate::clock::{self, Spent};

/// Runs a part of some work on every CPU of `cpus` and returns the time: CPU time of all together, and
/// on the wall that of the slowest. `prepare` gets the part's number and its CPU, and is not measured.
/// A single part runs on the calling thread, which is pinned already.
pub(crate) fn on_all<T>(
    cpus: &[usize],
    prepare: impl Fn(usize, usize) -> T + Sync,
    work: impl Fn(T) + Sync,
) -> Spent {
    let start = Barrier::new(cpus.len());
    let part = |index: usize, cpu: usize| {
        let prepared = prepare(index, cpu);
        start.wait();
        clock::spent(|| work(prepared))
    };
    if let [cpu] = cpus {
        return part(0, *cpu);
    }
    let pinned = |index: usize, cpu: usize| {
        clock::pin(cpu);
        part(index, cpu)
    };
    thread::scope(|scope| {
        let spawn = |(index, cpu): (usize, &usize)| {
            let cpu = *cpu;
            scope.spawn(move || pinned(index, cpu))
        };
        let threads: Vec<_> = cpus.iter().enumerate().map(spawn).collect();
        let spent = threads.into_iter().map(|it| it.join().expect("no panic in a thread"));
        spent.reduce(both).unwrap_or_default()
    })
}

/// Adds what two threads took that ran at the same time.
fn both(one: Spent, other: Spent) -> Spent {
    Spent { cpu_ns: one.cpu_ns + other.cpu_ns, wall_ns: one.wall_ns.max(other.wall_ns) }
}
