//! The guide: the commands that it tells people to type do what it shows.

use std::path::Path;

use host_core::guide::{commands, sections};

use crate::fixture::boot_like_a_person;

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md");
    std::fs::read_to_string(path).expect("the guide is there")
}

/// Returns a line with `#` for each number and its unit, and one blank for many: what stays the same on
/// every machine.
fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() && !text.ends_with(':') {
            while letters.next_if(|it| it.is_ascii_digit() || *it == '.').is_some() {}
            letters.next_if(|it| "BKMGT".contains(*it));
            text.push('#');
        } else {
            text.push(letter);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_of_the_guide_does_what_the_guide_shows() {
    let guide = guide();
    let commands = commands(&guide);
    assert!(commands.len() > 50, "{} commands", commands.len());
    let script: String = commands.iter().map(|(command, _)| format!("{command}\n")).collect();
    let run = boot_like_a_person(&script).succeeds();
    let mut rest = run.log();
    for (command, shown) in commands {
        let echoed = format!("zram> {command}\n");
        rest = rest.split_once(&echoed).map(|(_, rest)| rest).expect("the script went on");
        let printed: Vec<String> = rest
            .lines()
            .take_while(|line| !line.starts_with("zram> "))
            .map(without_numbers)
            .collect();
        for line in shown {
            let line = without_numbers(line);
            assert!(printed.contains(&line), "{command}: {line:?} is not in {printed:#?}");
        }
    }
}

#[test]
fn every_section_of_the_guide_has_a_short_form_in_the_shell() {
    let guide = guide();
    let names: Vec<&str> = sections(&guide).map(|(name, _)| name).collect();
    let script: String = names.iter().map(|name| format!("help {name}\n")).collect();
    let run = crate::fixture::boot(1, &(script + "help\n! help nosuch\n")).succeeds();
    for name in &names {
        let output = run.output_of(&format!("help {name}"));
        assert!(output.len() > 1, "{name}: {output:?}");
    }
    run.says("help: nosuch: no such command or section; sections are swap, saving, ");
}

#[test]
fn numbers_are_what_may_differ_and_names_of_devices_are_not() {
    let line = without_numbers("zram:0 partition 612.9M   0B  -1 active");
    assert_eq!(line, "zram:0 partition # # -# active");
}
