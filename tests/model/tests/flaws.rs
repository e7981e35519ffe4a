//! The checker finds mistakes: each mistake that a programmer could make around the core breaks a
//! property.

use model::bounds::Bounds;
use model::explore::broken_by;
use model::flaw::Flaw;

/// The shortest way to anything broken breaks `property`.
fn breaks(flaw: Flaw, property: &str) {
    let broken = broken_by(flaw, Bounds::TINY);
    println!("{flaw:?}: {broken:?}");
    assert!(broken.iter().any(|name| name.starts_with(property)), "{broken:?}");
}

#[test]
fn a_claim_of_an_open_device_is_found() {
    breaks(Flaw::ClaimOfOpen, "an open device is not claimed");
}

#[test]
fn an_open_of_a_claimed_device_is_found() {
    breaks(Flaw::OpenOfClaimed, "an open device is not claimed");
}

#[test]
fn a_stream_that_is_freed_while_it_is_used_is_found() {
    breaks(Flaw::TeardownUnlocked, "I-21");
}

#[test]
fn a_stream_that_is_left_behind_is_found() {
    breaks(Flaw::TeardownForgotten, "I-3");
}

#[test]
fn a_content_that_goes_while_statistics_are_read_is_found() {
    breaks(Flaw::EmptyUnlocked, "I-21");
}

#[test]
fn a_reset_that_admits_opens_too_early_is_found() {
    breaks(Flaw::AdmitFirst, "I-21");
}

#[test]
fn a_generation_that_is_used_twice_is_found() {
    breaks(Flaw::GenerationKept, "I-10");
}

#[test]
fn a_shrink_that_drops_pages_is_found() {
    breaks(Flaw::ShrinkBlind, "no page that was stored");
}

#[test]
fn a_request_that_exit_leaves_unanswered_is_found() {
    breaks(Flaw::MailboxForgotten, "I-2 ");
}

#[test]
fn a_refused_exit_that_keeps_a_claim_is_found() {
    breaks(Flaw::ReleaseForgotten, "I-26");
}
