//! Grants agree with a plain list of pages after any mapping and unmapping.

use std::collections::BTreeMap;

use super::{Grants, Kind, PAGES_END, Rights, Span, server_most};
use crate::limits::{GRANTS_MAX, GRANTS_SERVER_MIN};
use crate::order::Random;

const READ: Rights = Rights { read: true, write: false, execute: false };
const WRITE: Rights = Rights { read: true, write: true, execute: false };
const SEEDS: u64 = 40;
const STEPS: u64 = 400;
const PAGES: u64 = 60;
/// So few grants that random changes of [`PAGES`] pages often find no room.
const FEW: usize = 12;

fn span(start: u64, count: u64) -> Span {
    Span { start, count }
}

/// What each page is, if it is mapped.
type Model = BTreeMap<u64, (Rights, Kind)>;

fn random_span(random: &mut Random) -> Span {
    let start = random.below(PAGES);
    span(start, 1 + random.below(PAGES - start))
}

fn step(random: &mut Random, grants: &mut Grants, model: &mut Model) {
    let wanted = random_span(random);
    let rights = if random.below(2) == 0 { READ } else { WRITE };
    let kind = if random.below(3) == 0 { Kind::Shared } else { Kind::Private };
    match random.below(3) {
        0 => {
            let is_free = wanted.pages().all(|page| !model.contains_key(&page));
            let before = grants.all().len();
            let inserted = grants.insert(wanted, rights, kind);
            assert!(grants.all().len() <= before.max(FEW), "an insertion needs room");
            assert!(!inserted || is_free);
            assert!(inserted || !is_free || before >= FEW);
            if inserted {
                model.extend(wanted.pages().map(|page| (page, (rights, kind))));
            }
        }
        1 => {
            let (fits, before) = (grants.has_room_to_remove(wanted), grants.all().len());
            grants.remove(wanted);
            assert_eq!(fits, grants.all().len() <= before.max(FEW));
            model.retain(|page, _| !wanted.pages().contains(page));
        }
        _ => {
            let fits = grants.has_room_to_set_rights(wanted, rights);
            let before = grants.all().len();
            grants.set_rights(wanted, rights);
            assert_eq!(fits, grants.all().len() <= before.max(FEW));
            model.range_mut(wanted.pages()).for_each(|(_, page)| page.0 = rights);
        }
    }
}

fn agrees(grants: &Grants, model: &Model) {
    for page in 0..PAGES {
        let found = grants.find(page).map(|(_, grant)| (grant.rights, grant.kind));
        assert_eq!(found, model.get(&page).copied(), "page {page}");
    }
    let mut end = 0;
    for (found, _) in grants.all() {
        assert!(found.start >= end, "grants overlap at {found:?}");
        end = found.end();
    }
}

#[test]
fn random_changes_agree_with_a_list_of_pages() {
    for seed in 1..=SEEDS {
        println!("seed {seed}");
        let (mut random, mut grants, mut model) =
            (Random::new(seed), Grants::with_most(FEW), Model::new());
        for _ in 0..STEPS {
            step(&mut random, &mut grants, &mut model);
            agrees(&grants, &model);
        }
    }
}

#[test]
fn private_ranges_that_touch_are_one_grant() {
    let mut grants = Grants::default();
    for page in [5, 3, 4] {
        assert!(grants.insert(span(page, 1), WRITE, Kind::Private));
    }
    assert_eq!(grants.find(4).map(|(found, _)| found), Some(span(3, 3)));
    assert!(grants.insert(span(6, 1), READ, Kind::Private));
    assert!(grants.insert(span(7, 1), WRITE, Kind::Shared));
    assert_eq!(grants.all().len(), 3);
}

#[test]
fn the_lowest_hole_that_is_large_enough_is_found() {
    let mut grants = Grants::default();
    assert!(grants.insert(span(10, 5), READ, Kind::Private));
    assert!(grants.insert(span(17, 3), READ, Kind::Private));
    assert_eq!(grants.find_free(10, 2), Some(span(15, 2)));
    assert_eq!(grants.find_free(12, 3), Some(span(20, 3)));
    assert_eq!(grants.find_free(4, 6), Some(span(4, 6)));
    assert_eq!(grants.find_free(0, PAGES_END), None);
}

#[test]
fn there_are_only_so_many_grants() {
    let mut grants = Grants::default();
    let most = GRANTS_MAX as u64;
    for page in 0..most {
        assert!(grants.insert(span(2 * page, 1), READ, Kind::Private));
    }
    assert!(!grants.insert(span(2 * most, 1), READ, Kind::Private));
}

/// Returns grants of three pages each, as many as there may be, and the first page of one of them.
fn full() -> (Grants, u64) {
    let mut grants = Grants::default();
    for at in 0..GRANTS_MAX as u64 {
        assert!(grants.insert(span(4 * at, 3), WRITE, Kind::Private));
    }
    (grants, 40)
}

#[test]
fn a_whole_grant_can_be_removed_without_room() {
    let (mut grants, first) = full();
    assert!(grants.has_room_to_remove(span(first, 3)));
    grants.remove(span(first, 3));
    assert_eq!(grants.all().len(), GRANTS_MAX - 1);
}

#[test]
fn an_end_of_a_grant_can_be_removed_without_room() {
    let (mut grants, first) = full();
    assert!(grants.has_room_to_remove(span(first, 1)));
    assert!(grants.has_room_to_remove(span(first + 2, 1)));
    grants.remove(span(first + 2, 1));
    assert_eq!(grants.all().len(), GRANTS_MAX);
}

#[test]
fn the_ends_of_two_grants_can_be_removed_without_room() {
    let (grants, first) = full();
    assert!(grants.has_room_to_remove(span(first + 1, 5)));
}

#[test]
fn only_the_middle_of_a_grant_needs_room_to_be_removed() {
    let (mut grants, first) = full();
    assert!(!grants.has_room_to_remove(span(first + 1, 1)));
    grants.remove(span(0, 3));
    assert!(grants.has_room_to_remove(span(first + 1, 1)));
}

#[test]
fn a_page_beside_a_grant_like_it_can_be_added_without_room() {
    let (mut grants, first) = full();
    assert!(grants.insert(span(first + 3, 1), WRITE, Kind::Private));
    assert_eq!(grants.all().len(), GRANTS_MAX - 1);
}

#[test]
fn a_range_can_be_lent_without_room() {
    let (mut grants, first) = full();
    assert!(grants.insert(span(first + 3, 1), READ, Kind::Lent));
}

#[test]
fn a_whole_grant_can_get_other_rights_without_room() {
    let (grants, first) = full();
    assert!(grants.has_room_to_set_rights(span(first, 3), READ));
}

#[test]
fn part_of_a_grant_can_be_given_its_own_rights_without_room() {
    let (mut grants, first) = full();
    assert!(grants.has_room_to_set_rights(span(first + 1, 1), WRITE));
    grants.set_rights(span(first + 1, 1), WRITE);
    assert_eq!(grants.all().len(), GRANTS_MAX);
}

#[test]
fn an_end_of_a_grant_needs_room_for_other_rights() {
    let (mut grants, first) = full();
    assert!(!grants.has_room_to_set_rights(span(first, 1), READ));
    grants.remove(span(0, 3));
    assert!(grants.has_room_to_set_rights(span(first, 1), READ));
}

#[test]
fn the_middle_of_a_grant_needs_room_for_two_more_to_get_other_rights() {
    let (mut grants, first) = full();
    grants.remove(span(0, 3));
    assert!(!grants.has_room_to_set_rights(span(first + 1, 1), READ));
    grants.remove(span(4, 3));
    assert!(grants.has_room_to_set_rights(span(first + 1, 1), READ));
}

#[test]
fn a_server_may_have_more_grants_on_a_larger_machine() {
    let frames_of_mib = |mib: usize| mib * 256;
    assert_eq!(server_most("", frames_of_mib(128)), GRANTS_SERVER_MIN);
    assert_eq!(server_most("window=map", frames_of_mib(2048)), 128 * 1024);
}

#[test]
fn the_command_line_says_how_many_grants_a_server_may_have() {
    assert_eq!(server_most("window=map grants=300", 1 << 20), 300);
    assert_eq!(server_most("grants=many", 0), GRANTS_SERVER_MIN);
}

#[test]
fn spans_outside_user_space_or_off_pages_are_none() {
    let page_size = zram_abi::PAGE_SIZE as u64;
    assert_eq!(Span::of_bytes(page_size, 2 * page_size), Some(span(1, 2)));
    assert_eq!(Span::of_bytes(1, page_size), None);
    assert_eq!(Span::of_bytes(page_size, 1), None);
    assert_eq!(Span::of_bytes(page_size, 0), None);
    assert_eq!(Span::of_bytes(PAGES_END * page_size, page_size), None);
    assert_eq!(Span::of_bytes(page_size, !(page_size - 1)), None);
}
