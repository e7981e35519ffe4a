//! Whether this repository's own kernel answers as a Redox kernel does.
//!
//! `abi-check` asks, one line a fact. `abi-redox.txt` has the lines of a Redox kernel, and says of which;
//! `abi-own.txt` has those in which the own kernel differs on purpose, each with its reason. So the own
//! kernel is compared without any Redox kernel at hand.

use qemu::place;

use crate::fixture;

/// What every line of `abi-check` begins with.
const MARK: &str = "abi: ";

/// The program that takes the daemon's place.
const PROGRAM: &str = "abi-check";

/// An answer that differs on purpose.
struct Difference {
    fact: String,
    answer: String,
    reason: String,
}

fn read(name: &str) -> Vec<String> {
    let path = place::root().join("tests/qemu/tests/redox").join(name);
    let text = std::fs::read_to_string(&path).expect("it is in the repository");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn split(line: &str) -> (&str, &str) {
    line.split_once(" = ").or_else(|| line.split_once(": ")).expect("a fact and an answer")
}

/// Returns the lines of the own kernel that differ, of the form `FACT = ANSWER | REASON`.
fn differences() -> Vec<Difference> {
    let difference = |line: &String| {
        let (line, reason) = line.split_once(" | ").expect("a reason");
        let (fact, answer) = split(line);
        let [fact, answer, reason] = [fact, answer, reason].map(str::to_owned);
        Difference { fact, answer, reason }
    };
    read("abi-own.txt").iter().map(difference).collect()
}

/// Returns what `abi-check` said, without the mark.
fn facts(log: &str) -> Vec<String> {
    log.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect()
}

/// Returns what the own kernel is to say.
fn wanted() -> Vec<String> {
    let differences = differences();
    let line = |line: String| {
        let (fact, _) = split(&line);
        let own = differences.iter().find(|difference| difference.fact == fact);
        let own = own.map(|own| line.replacen(split(&line).1, &own.answer, 1));
        own.unwrap_or(line)
    };
    read("abi-redox.txt").into_iter().map(line).collect()
}

/// Asserts that both are the same, line by line.
#[track_caller]
fn are_same(found: &[String], wanted: &[String], log: &str) {
    let differing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
    let unknown: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
    let same = found == wanted;
    assert!(same, "recorded: {differing:#?}\nfound: {unknown:#?}\n--- log ---\n{log}");
}

#[test]
fn the_own_kernel_answers_as_a_redox_kernel_but_for_what_is_listed() {
    let log = fixture::boot_own(PROGRAM, "echo the rest lives\n");
    are_same(&facts(&log), &wanted(), &log);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn the_redox_kernel_answers_as_one_did_when_it_was_recorded() {
    let log = fixture::boot_daemon(PROGRAM, "echo the rest lives\n");
    are_same(&facts(&log), &read("abi-redox.txt"), &log);
}

#[test]
fn what_is_listed_is_recorded_and_differs_for_a_reason() {
    let recorded = read("abi-redox.txt");
    for Difference { fact, answer, reason } in differences() {
        let line = recorded.iter().find(|line| split(line).0 == fact);
        let line = line.unwrap_or_else(|| panic!("{fact}: it is not recorded"));
        assert_ne!(split(line).1, answer, "{fact}");
        assert!(reason.len() > 10, "{fact}: {reason}");
    }
}

#[test]
fn the_readme_counts_what_is_compared_and_what_differs() {
    let readme = std::fs::read_to_string(place::root().join("README.md")).expect("it is there");
    let (compared, differing) = (read("abi-redox.txt").len(), differences().len());
    let sentence = format!("{compared} answers of a Redox kernel, all but {differing} of which");
    let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&sentence), "no {sentence:?}");
}
