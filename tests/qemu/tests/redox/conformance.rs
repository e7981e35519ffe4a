//! Whether this repository's own kernel gives the answers of a Redox kernel.
//!
//! `abi-check` prints one line a fact. `abi-redox.txt` has the lines of a Redox kernel, and names
//! that kernel; `abi-own.txt` has those in which the own kernel differs on purpose, each with its
//! reason, and `abi-hooks.txt` those in which a Redox kernel with our hook lines differs. So the
//! own kernel is compared without a Redox kernel at hand.

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

/// The record.
const RECORD: &str = "abi-redox.txt";

/// Where the own kernel differs on purpose.
const OF_OWN: &str = "abi-own.txt";

/// Where a Redox kernel with hook lines does.
const OF_HOOKS: &str = "abi-hooks.txt";

/// Returns the lines that differ on purpose, of the form `FACT = ANSWER | REASON`.
fn differences(file: &str) -> Vec<Difference> {
    let difference = |line: &String| {
        let (line, reason) = line.split_once(" | ").expect("a reason");
        let (fact, answer) = split(line);
        let [fact, answer, reason] = [fact, answer, reason].map(str::to_owned);
        Difference { fact, answer, reason }
    };
    read(file).iter().map(difference).collect()
}

/// Returns what `abi-check` said, without the mark.
fn facts(log: &str) -> Vec<String> {
    log.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect()
}

/// Returns what a kernel is to say that differs so.
fn wanted(differences: &[Difference]) -> Vec<String> {
    let line = |line: String| {
        let (fact, _) = split(&line);
        let other = differences.iter().find(|difference| difference.fact == fact);
        let other = other.map(|other| line.replacen(split(&line).1, &other.answer, 1));
        other.unwrap_or(line)
    };
    read(RECORD).into_iter().map(line).collect()
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
    are_same(&facts(&log), &wanted(&differences(OF_OWN)), &log);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn the_redox_kernel_answers_as_one_did_when_it_was_recorded() {
    let log = fixture::boot_daemon(PROGRAM, "echo the rest lives\n");
    let differences = if fixture::kernel().has_swap() { differences(OF_HOOKS) } else { Vec::new() };
    are_same(&facts(&log), &wanted(&differences), &log);
}

#[test]
fn what_is_listed_is_recorded_and_differs_for_a_reason() {
    let recorded = read(RECORD);
    for Difference { fact, answer, reason } in [OF_OWN, OF_HOOKS].into_iter().flat_map(differences)
    {
        let line = recorded.iter().find(|line| split(line).0 == fact);
        let line = line.unwrap_or_else(|| panic!("{fact}: it is not recorded"));
        assert_ne!(split(line).1, answer, "{fact}");
        assert!(reason.len() > 10, "{fact}: {reason}");
    }
}

#[test]
fn the_readme_counts_what_is_compared_and_what_differs() {
    let readme = std::fs::read_to_string(place::root().join("README.md")).expect("it is there");
    let (compared, differing) = (read(RECORD).len(), differences(OF_OWN).len());
    let sentence = format!("{compared} answers of a Redox kernel, all but {differing} of which");
    let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&sentence), "no {sentence:?}");
}
