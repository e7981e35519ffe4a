//! A short run of every target, and all inputs in `found/`.

use std::fs;
use std::path::Path;

use crate::{TARGETS, Target, random};

/// Some seconds in a debug build.
const INPUTS: u64 = 4000;

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name")
}

fn short_run(name: &str) {
    // Another seed is another run; a finding names both numbers.
    let seed = 0x2026;
    let target = target(name);
    for number in 0..INPUTS {
        println!("{name}, seed {seed:#x}, input {number}");
        (target.run)(&(target.input)(&mut random(seed, number)));
    }
}

#[test]
fn damaged_blocks_are_told_from_valid_ones() {
    short_run("decoder");
}

#[test]
fn pages_of_every_kind_come_back() {
    short_run("encoder");
}

#[test]
fn what_was_found_once_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    for entry in fs::read_dir(folder).expect("the folder of found inputs") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        // A file is called TARGET-SEED-NUMBER.bin.
        if let Some((prefix, _)) = name.strip_suffix(".bin").and_then(|it| it.split_once('-')) {
            println!("{name}");
            (target(prefix).run)(&fs::read(&path).expect("a found input"));
        }
    }
}

#[test]
fn an_input_depends_on_seed_and_number_alone() {
    for target in TARGETS {
        let input = |seed, number| (target.input)(&mut random(seed, number));
        assert_eq!(input(1, 2), input(1, 2));
        assert_ne!(input(1, 2), input(1, 3));
        assert_ne!(input(1, 2), input(2, 2));
    }
}
