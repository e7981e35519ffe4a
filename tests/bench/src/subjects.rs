//! What is measured: every row of the table as two cases, storing and loading.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::slice;

use parking_lot::Mutex;
use zram::{PAGE_SIZE, PageBytes};

use crate::clock::{self, Spent};
use crate::contenders::{self, ANCHOR, Contender, OURS};
use crate::engine::{Engine, EngineMemory, Order};
use crate::linux::{self, Guard, Linux, LinuxMemory};
use crate::memory::{self, Growth, LARGE_SLOTS, SMALL_SLOTS, Store};
use crate::report::{RANDOM_ORDER, RUN_HEAVY, Row, TWO_DEVICES, TWO_THREADS};
use crate::rounds::{self, Case, Times};
use crate::threads;
use crate::tiers::{self, Tier};

/// What one run is about.
pub(crate) struct Setting<'a> {
    pub(crate) pages: &'a [PageBytes],
    /// Those of them that are nearly nothing but runs.
    pub(crate) run_heavy: &'a [PageBytes],
    pub(crate) cpus: &'a [usize],
    pub(crate) rounds: usize,
    /// Whether the large devices are measured as well.
    pub(crate) has_room: bool,
}

/// A row before its times are known.
struct Subject<'a> {
    name: String,
    ratio: Option<f64>,
    store: Case<'a>,
    load: Case<'a>,
}

/// Measures memory of all devices; why a Linux is left out goes to `missing`.
///
/// # Errors
/// In words, when a store of ours fails.
pub(crate) fn memory(
    setting: &Setting<'_>,
    guard: &Guard,
    missing: &mut Vec<String>,
) -> Result<Vec<Growth>, String> {
    let mut growth = Vec::new();
    for tier in tiers::all() {
        let new = |slots| Ok(EngineMemory::new(tier.compressor, slots));
        growth.push(grow(setting, tier.name.into(), tier.in_all_ways, new)?);
    }
    for algorithm in linux::ALGORITHMS {
        let new = |slots| LinuxMemory::new(guard, algorithm, slots);
        match grow(setting, linux_name(algorithm), true, new) {
            Ok(one) => growth.push(one),
            Err(words) => missing.push(format!("memory of {}: {words}", linux_name(algorithm))),
        }
    }
    Ok(growth)
}

fn grow<S: Store>(
    setting: &Setting<'_>,
    name: String,
    is_quick: bool,
    new: impl Fn(usize) -> Result<S, String>,
) -> Result<Growth, String> {
    eprintln!("memory of {name}");
    let (points, small) = memory::fill(&mut new(SMALL_SLOTS)?, setting.pages, SMALL_SLOTS)?;
    let mut settled = vec![small];
    // Half a million stores of a slow tier take a minute, and show what the small device has shown.
    if setting.has_room && is_quick {
        settled.push(memory::fill(&mut new(LARGE_SLOTS)?, setting.pages, LARGE_SLOTS)?.1);
    }
    Ok(Growth { name, points, settled })
}

/// Measures the time of all subjects in the same rounds; returns a row each. Why a Linux is left out
/// goes to `missing`.
///
/// # Errors
/// In words, when a page does not come back or a transfer fails.
pub(crate) fn times(
    setting: &Setting<'_>,
    guard: &Guard,
    missing: &mut Vec<String>,
) -> Result<Vec<Row>, String> {
    let Setting { pages, run_heavy, cpus, rounds, .. } = *setting;
    let mut subjects = vec![copy(pages)];
    subjects.extend(codecs(pages)?);
    if !run_heavy.is_empty() {
        let is_compared = |it: &Contender| it.name == ANCHOR || OURS.contains(&it.name.as_str());
        for contender in contenders::all().into_iter().filter(is_compared) {
            subjects.push(of_runs(codec(contender, run_heavy)?));
        }
    }
    let last_cpus = |count| cpus.len().checked_sub(count).map(|first| &cpus[first..]);
    for tier in tiers::all() {
        let ways: &[_] = if tier.in_all_ways { &WAYS } else { &WAYS[..1] };
        for &(threads, words, order) in ways {
            let Some(cpus) = last_cpus(threads) else { continue };
            let name = format!("{}{words}", tier.name);
            subjects.push(engine(name, Engine::new(tier.compressor, pages, cpus, order), cpus)?);
        }
        if let Some(cpus) = last_cpus(2).filter(|_| tier.in_all_ways) {
            subjects.push(engines_apart(&tier, pages, cpus)?);
        }
    }
    for algorithm in linux::ALGORITHMS {
        match linux(guard, algorithm, pages) {
            Ok(more) => subjects.extend(more),
            Err(words) => missing.push(format!("time of {}: {words}", linux_name(algorithm))),
        }
    }
    rows(subjects, rounds)
}

/// How a device is gone through: threads, what its row is called, order of its slots.
const WAYS: [(usize, &str, Order); 3] =
    [(1, "", Order::Slots), (1, RANDOM_ORDER, Order::Random), (2, TWO_THREADS, Order::Slots)];

/// Measures the time of the codecs alone; returns a row each.
///
/// # Errors
/// In words, when a page does not come back.
pub(crate) fn codec_times(pages: &[PageBytes], rounds: usize) -> Result<Vec<Row>, String> {
    rows(codecs(pages)?, rounds)
}

fn codecs(pages: &[PageBytes]) -> Result<Vec<Subject<'_>>, String> {
    contenders::all().into_iter().map(|contender| codec(contender, pages)).collect()
}

fn linux_name(algorithm: &str) -> String {
    format!("Linux {algorithm}")
}

fn rows(subjects: Vec<Subject<'_>>, rounds: usize) -> Result<Vec<Row>, String> {
    let (mut cases, mut named) = (Vec::new(), Vec::new());
    for Subject { name, ratio, store, load } in subjects {
        cases.extend([store, load]);
        named.push((name, ratio));
    }
    let times = rounds::measure(&mut cases, rounds)?;
    let both = times.as_chunks::<2>().0.iter().cloned();
    let row = |((name, ratio), [store, load]): (_, [Times; 2])| Row { name, store, load, ratio };
    Ok(named.into_iter().zip(both).map(row).collect())
}

/// The limit of everything: what moving a page costs.
fn copy(pages: &[PageBytes]) -> Subject<'_> {
    let copy = move || {
        let mut target = [0; PAGE_SIZE];
        Ok(clock::spent(|| {
            for page in pages {
                target.copy_from_slice(page);
                black_box(&target);
            }
        }))
    };
    let case = || Case { pages: pages.len(), run: Box::new(copy) };
    Subject { name: "memcpy".into(), ratio: None, store: case(), load: case() }
}

fn codec(mut contender: Contender, pages: &[PageBytes]) -> Result<Subject<'_>, String> {
    let blocks = contender.prepare(pages)?;
    let (name, ratio) = (contender.name.clone(), Some(blocks.ratio));
    let blocks_count = blocks.count();
    let contender = Rc::new(RefCell::new(contender));
    let other = contender.clone();
    let compress = move || Ok(clock::spent(|| contender.borrow_mut().compress_all(pages)));
    let decompress = move || Ok(clock::spent(|| other.borrow_mut().decompress_all(&blocks)));
    Ok(Subject {
        name,
        ratio,
        store: Case { pages: pages.len(), run: Box::new(compress) },
        load: Case { pages: blocks_count, run: Box::new(decompress) },
    })
}

/// Names a subject after the pages it has; its ratio says nothing about a codec.
fn of_runs(subject: Subject<'_>) -> Subject<'_> {
    Subject { name: format!("{}{RUN_HEAVY}", subject.name), ratio: None, ..subject }
}

/// Returns an error in words unless every page of a device comes back.
fn check(name: &str, engine: &Engine<'_>) -> Result<(), String> {
    if engine.is_right() { Ok(()) } else { Err(format!("{name}: another page comes back")) }
}

fn engine<'a>(name: String, engine: Engine<'a>, cpus: &'a [usize]) -> Result<Subject<'a>, String> {
    check(&name, &engine)?;
    let pages = engine.pages_count();
    let engine = Rc::new(RefCell::new(engine));
    let other = engine.clone();
    let store = move || Ok(engine.borrow_mut().store(cpus));
    let load = move || Ok(other.borrow().load(cpus));
    Ok(Subject {
        name,
        ratio: None,
        store: Case { pages, run: Box::new(store) },
        load: Case { pages, run: Box::new(load) },
    })
}

/// As [`engine`], but every thread has a device of its own: what the machine gives to threads that
/// share nothing.
fn engines_apart<'a>(
    tier: &Tier,
    pages: &'a [PageBytes],
    cpus: &'a [usize],
) -> Result<Subject<'a>, String> {
    let name = format!("{}{TWO_DEVICES}", tier.name);
    let of_one = |(pages, cpu): (&'a [PageBytes], &usize)| {
        let engine = Engine::new(tier.compressor, pages, slice::from_ref(cpu), Order::Slots);
        check(&name, &engine).map(|()| Mutex::new(engine))
    };
    let shares = pages.chunks(pages.len().div_ceil(cpus.len()));
    let engines: Result<Rc<[_]>, String> = shares.zip(cpus).map(of_one).collect();
    let engines = engines?;
    let other = engines.clone();
    let on_all = move |engines: &[Mutex<Engine<'a>>],
                       work: fn(&mut Engine<'a>, &[usize]) -> Spent| {
        let engine = |index: usize, cpu: usize| (engines[index].lock(), cpu);
        Ok(threads::on_all(cpus, engine, |(mut engine, cpu)| {
            work(&mut engine, &[cpu]);
        }))
    };
    let store = move || on_all(&engines, |engine, cpus| engine.store(cpus));
    let load = move || on_all(&other, |engine, cpus| engine.load(cpus));
    Ok(Subject {
        name,
        ratio: None,
        store: Case { pages: pages.len(), run: Box::new(store) },
        load: Case { pages: pages.len(), run: Box::new(load) },
    })
}

fn linux<'a>(
    guard: &'a Guard,
    algorithm: &str,
    pages: &'a [PageBytes],
) -> Result<Vec<Subject<'a>>, String> {
    let linux = Rc::new(RefCell::new(Linux::new(guard, algorithm, pages)?));
    let subject = |(words, block): (&str, usize)| {
        let (writer, reader) = (linux.clone(), linux.clone());
        let write = move || writer.borrow_mut().write(block);
        let read = move || reader.borrow_mut().read(block);
        Subject {
            name: format!("{} {words}", linux_name(algorithm)),
            ratio: None,
            store: Case { pages: pages.len(), run: Box::new(write) },
            load: Case { pages: pages.len(), run: Box::new(read) },
        }
    };
    Ok(linux::BLOCKS.into_iter().map(subject).collect())
}
