//! The checker finds the known races of Linux's old order, and the first fix's deadlock.

use model::linux::{Order, Path, Race, Search, paths_of, search};

const ALL: [Path; 4] = [Path::Exit, Path::Disksize, Path::Reset, Path::HotAdd];
const RACES: [Race; 4] = [Race::R1, Race::R2, Race::R3, Race::R4];

fn interleaving(found: Search) -> String {
    found.interleaving.expect("the race is there")
}

#[test]
fn the_old_order_has_all_four_races() {
    for race in RACES {
        let text = interleaving(search(Order::Old, race, &paths_of(race)));
        println!("{}: {}\n{text}", race.name(), race.words());
        let both_columns = text.lines().filter(|line| line.starts_with("                ")).count();
        assert!(both_columns > 1 && both_columns + 3 < text.lines().count(), "{text}");
        assert!(search(Order::Old, race, &ALL).interleaving.is_some());
    }
}

#[test]
fn each_race_is_what_the_report_says() {
    let last_of = |race| {
        let text = interleaving(search(Order::Old, race, &paths_of(race)));
        text.lines().last().map(str::trim).map(str::to_owned)
    };
    for race in [Race::R1, Race::R2, Race::R4] {
        assert_eq!(last_of(race).as_deref(), Some("cpuhp_remove_multi_state"), "{race:?}");
    }
    assert_eq!(last_of(Race::R3).as_deref(), Some("zram_reset_device: free table"));
}

#[test]
fn the_first_fix_has_none_of_them_but_a_deadlock() {
    for race in RACES {
        assert!(search(Order::Flag, race, &ALL).interleaving.is_none(), "{race:?}");
    }
    let text = interleaving(search(Order::Flag, Race::Deadlock, &paths_of(Race::Deadlock)));
    println!("{text}");
    let waiting: Vec<_> = text.lines().filter(|line| line.contains("waits for ever")).collect();
    assert_eq!(waiting.len(), 2, "{text}");
    assert!(waiting[0].contains("del_gendisk") && waiting[1].contains("mutex_lock"), "{text}");
}

#[test]
fn the_old_order_and_the_merged_fix_have_no_deadlock() {
    for order in [Order::Old, Order::Merged] {
        assert!(search(order, Race::Deadlock, &ALL).interleaving.is_none(), "{order:?}");
    }
}

#[test]
fn the_merged_fix_has_none_of_the_races_that_it_names() {
    for race in [Race::R1, Race::R2, Race::R3] {
        let found = search(Order::Merged, race, &[Path::Exit, Path::Disksize, Path::Reset]);
        assert!(found.interleaving.is_none(), "{race:?}");
        assert!(found.states > 100, "{} states", found.states);
    }
}
