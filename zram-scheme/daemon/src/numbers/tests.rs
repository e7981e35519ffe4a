//! Numbers against a system that maps pages, counts its pieces and allows only so many.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;
use std::vec::Vec;

use super::{NUMBERS_MAX, Numbers, RUN_MAX, SET_NUMBERS, TAKES_BEFORE_RETRY, Taken};

/// Which pages are mapped, in how many pieces at most.
struct System {
    mapped: BTreeSet<u32>,
    pieces_max: usize,
    unmaps: usize,
}

impl System {
    fn new(pieces_max: usize) -> Self {
        Self { mapped: BTreeSet::new(), pieces_max, unmaps: 0 }
    }

    fn map(&mut self, number: u32) {
        assert!(self.mapped.insert(number), "page {number} was mapped twice");
    }

    fn pieces(&self) -> usize {
        let begins = |number: &&u32| **number == 0 || !self.mapped.contains(&(**number - 1));
        self.mapped.iter().filter(begins).count()
    }

    /// Unmaps a run unless it is in the middle of a piece and there are too many.
    fn unmap(&mut self, run: Range<u32>) -> bool {
        self.unmaps += 1;
        assert!(run.end - run.start <= RUN_MAX, "a call takes too long");
        assert!(run.clone().all(|number| self.mapped.contains(&number)), "{run:?} is not mapped");
        let before = run.start.checked_sub(1).is_some_and(|number| self.mapped.contains(&number));
        let is_middle = before && self.mapped.contains(&run.end);
        let fits = !is_middle || self.pieces() < self.pieces_max;
        if fits {
            self.mapped.retain(|number| !run.contains(number));
        }
        fits
    }
}

/// Takes a number and maps its page if it is not mapped, as the daemon does.
fn commit(numbers: &Numbers, system: &mut System) -> u32 {
    match numbers.take().expect("a number is left") {
        Taken::Unmapped(number) => {
            system.map(number);
            number
        }
        Taken::Mapped(number) => {
            assert!(system.mapped.contains(&number), "spare page {number} is not mapped");
            number
        }
    }
}

fn commit_many(numbers: &Numbers, system: &mut System, count: u32) -> Vec<u32> {
    (0..count).map(|_| commit(numbers, system)).collect()
}

#[test]
fn the_lowest_free_number_goes_first() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(usize::MAX));
    assert_eq!(commit_many(&numbers, &mut system, 300), (0..300).collect::<Vec<_>>());
    for number in [250, 7, 130] {
        numbers.release(number, |run| system.unmap(run));
    }
    assert_eq!(commit_many(&numbers, &mut system, 4), [7, 130, 250, 300]);
}

#[test]
fn a_number_behind_the_last_one_is_refused() {
    let (numbers, mut system) = (Numbers::new(SET_NUMBERS + 70), System::new(usize::MAX));
    let taken = commit_many(&numbers, &mut system, SET_NUMBERS + 70);
    assert_eq!(taken.last(), Some(&(SET_NUMBERS + 69)));
    assert_eq!((numbers.take(), numbers.is_used_up()), (None, true));
    numbers.release(3, |run| system.unmap(run));
    assert_eq!(numbers.take(), Some(Taken::Unmapped(3)));
}

#[test]
fn a_page_that_cannot_be_unmapped_is_used_first() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(1));
    commit_many(&numbers, &mut system, 10);
    numbers.release(9, |run| system.unmap(run));
    numbers.release(5, |run| system.unmap(run));
    assert_eq!((numbers.spares(), system.mapped.len()), (1, 9));
    assert_eq!(numbers.take(), Some(Taken::Mapped(5)));
    assert_eq!(numbers.take(), Some(Taken::Unmapped(9)));
}

#[test]
fn a_spare_page_goes_with_the_page_beside_it() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(1));
    commit_many(&numbers, &mut system, 10);
    for number in [8, 7, 5] {
        numbers.release(number, |run| system.unmap(run));
    }
    assert_eq!(system.mapped.len(), 10);
    numbers.release(9, |run| system.unmap(run));
    assert_eq!((numbers.spares(), system.mapped.len()), (1, 7));
}

#[test]
fn a_spare_page_goes_when_two_holes_have_become_one() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(3));
    commit_many(&numbers, &mut system, 20);
    for number in [2, 4, 10] {
        numbers.release(number, |run| system.unmap(run));
    }
    assert_eq!(numbers.spares(), 1, "page 10 finds no room");
    numbers.release(3, |run| system.unmap(run));
    assert_eq!((numbers.spares(), system.mapped.len()), (0, 16));
}

#[test]
fn many_pages_go_by_runs_and_not_one_by_one() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(1));
    let taken = commit_many(&numbers, &mut system, 3 * RUN_MAX);
    taken.iter().rev().for_each(|number| numbers.release_later(*number));
    numbers.release_spares(|run| system.unmap(run));
    assert_eq!((numbers.spares(), system.mapped.len(), system.unmaps), (0, 0, 3));
}

#[test]
fn pages_between_those_of_others_stay_spare_when_there_is_no_room() {
    let (numbers, mut system) = (Numbers::new(NUMBERS_MAX), System::new(10));
    let taken = commit_many(&numbers, &mut system, 1000);
    let (even, odd): (Vec<u32>, Vec<u32>) =
        taken.iter().partition(|number| number.is_multiple_of(2));
    even.iter().for_each(|number| numbers.release_later(*number));
    numbers.release_spares(|run| system.unmap(run));
    assert_eq!(system.pieces(), 10);
    odd.iter().for_each(|number| numbers.release_later(*number));
    numbers.release_spares(|run| system.unmap(run));
    assert_eq!((numbers.spares(), system.mapped.len()), (0, 0));
}

#[test]
fn a_number_set_aside_comes_back_when_nothing_else_is_left() {
    let numbers = Numbers::new(3);
    assert_eq!(numbers.take(), Some(Taken::Unmapped(0)));
    numbers.set_aside(0);
    assert_eq!(numbers.take(), Some(Taken::Unmapped(1)));
    assert_eq!(numbers.take(), Some(Taken::Unmapped(2)));
    assert_eq!(numbers.take(), Some(Taken::Unmapped(0)));
    assert_eq!(numbers.take(), None);
}

#[test]
fn a_number_set_aside_comes_back_after_a_while() {
    let numbers = Numbers::new(NUMBERS_MAX);
    assert_eq!(numbers.take(), Some(Taken::Unmapped(0)));
    numbers.set_aside(0);
    let again = (0..=TAKES_BEFORE_RETRY).position(|_| {
        let taken = numbers.take();
        numbers.put_back(match taken {
            Some(Taken::Unmapped(number)) => number,
            Some(Taken::Mapped(_)) | None => unreachable!("nothing is mapped"),
        });
        taken == Some(Taken::Unmapped(0))
    });
    assert_eq!(again, Some(TAKES_BEFORE_RETRY as usize - 1));
}

#[test]
fn random_commits_and_releases_lose_no_number_and_no_page() {
    for (seed, pieces_max) in [(1, 1), (2, 5), (3, 40), (4, usize::MAX)] {
        let (numbers, mut system) = (Numbers::new(400), System::new(pieces_max));
        let mut random: u64 = seed;
        let mut held = Vec::new();
        for _ in 0..3_000 {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(seed);
            let at = (random >> 33) as usize;
            if at.is_multiple_of(2) && held.len() < 400 {
                held.push(commit(&numbers, &mut system));
            } else if !held.is_empty() {
                let number = held.swap_remove(at / 2 % held.len());
                numbers.release(number, |run| system.unmap(run));
            }
            assert_eq!(system.mapped.len(), held.len() + numbers.spares() as usize, "seed {seed}");
        }
        held.iter().for_each(|number| numbers.release(*number, |run| system.unmap(run)));
        assert_eq!((numbers.spares(), system.mapped.len()), (0, 0), "seed {seed}");
    }
}

#[test]
fn threads_that_commit_and_release_at_once_lose_no_number_and_no_page() {
    let (numbers, system) = (Numbers::new(2000), Mutex::new(System::new(20)));
    let unmap = |run| system.lock().unwrap().unmap(run);
    let work = |seed: u64| {
        let mut random = seed;
        let mut held: Vec<u32> = Vec::new();
        for _ in 0..3_000 {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(seed);
            let at = (random >> 33) as usize;
            if at.is_multiple_of(2) && held.len() < 400 {
                match numbers.take().expect("a number is left") {
                    Taken::Unmapped(number) => {
                        system.lock().unwrap().map(number);
                        held.push(number);
                    }
                    Taken::Mapped(number) => held.push(number),
                }
            } else if !held.is_empty() {
                numbers.release(held.swap_remove(at / 2 % held.len()), unmap);
            }
        }
        held.iter().for_each(|number| numbers.release_later(*number));
    };
    thread::scope(|scope| {
        for seed in 1..=4 {
            scope.spawn(move || work(2 * seed + 1));
        }
    });
    numbers.release_spares(unmap);
    assert_eq!((numbers.spares(), system.lock().unwrap().mapped.len()), (0, 0));
    assert_eq!(numbers.take(), Some(Taken::Unmapped(0)));
}
