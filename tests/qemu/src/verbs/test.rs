//! `make test`: every test, on the host and under QEMU, with one closing line.
//!
//! cargo runs the tests; their output passes through as it comes. The lines `test result: ...` are
//! counted. A test program that was started and printed no such line (killed, aborted), and a step
//! that fails without one (it did not compile), count as one failure each: a test that did not run
//! is a failure. cargo says which packages have tests ([`packages`]).

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use qemu::image::redox::RedoxKernel;
use qemu::image::{self, Build};
use qemu::place;

mod packages;

use packages::Packages;

/// What the lines of one step said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    started: u32,
    results: u32,
    passed: u32,
    failed: u32,
}

/// Runs all tests; an error without words when one failed, because the last line has said it.
pub(crate) fn run() -> Result<(), String> {
    let Packages { together, alone } = Packages::with_tests()?;
    let mut host = vec!["test", "--no-fail-fast"];
    host.extend(together.iter().flat_map(|package| ["-p", package]));
    println!("tests on the host");
    let mut all = vec![step(&host)?];
    for package in &alone {
        all.push(step(&["test", "--no-fail-fast", "-p", package])?);
    }
    println!("building the kernel and the programs");
    if let Err(message) = image::build(Build::Checked) {
        // The tests that need them will say so, each for itself.
        eprintln!("{message}");
    }
    println!("tests of the harness, and of the machine under QEMU");
    // One at a time: two machines would disturb each other.
    all.push(step(&["test", "--no-fail-fast", "-p", packages::OWN, "--", "--test-threads=1"])?);
    let passed: u32 = all.iter().map(|tally| tally.passed).sum();
    let failed: u32 = all.iter().map(|tally| tally.failed).sum();
    println!("not run: the tests on a Redox kernel (make test-redox REDOX_KERNEL=FILE)");
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}

/// Runs the tests that need a Redox kernel, which the environment names.
pub(crate) fn run_on_redox(kernel: &RedoxKernel) -> Result<(), String> {
    image::build(Build::Checked)?;
    let of_redox = ["test", "--no-fail-fast", "-p", packages::OWN, "--test", "redox"];
    let one_at_a_time = ["--", "--ignored", "--test-threads=1"];
    let without: &[&str] = if kernel.has_swap() { &[] } else { &["--skip", "swap::"] };
    let Tally { passed, failed, .. } = step(&[&of_redox[..], &one_at_a_time, without].concat())?;
    if !kernel.has_swap() {
        println!("not run: the tests of swap, which this kernel has not (docs/redox.md)");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}

/// Runs cargo, passes on what it says and counts.
fn step(arguments: &[&str]) -> Result<Tally, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(arguments)
        .current_dir(place::root())
        // The counting needs cargo's lines, and needs them plain.
        .env("CARGO_TERM_QUIET", "false")
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    let (sender, said) = channel();
    if let (Some(out), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
        forward(out, sender.clone(), Said::Out);
        forward(errors, sender, Said::Errors);
    }
    let mut listener = Listener::default();
    said.into_iter().for_each(|said| listener.hear(said));
    listener.end();
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    Ok(listener.tally.closed(status.success()))
}

/// A piece of what cargo and the tests say: the tests on one stream, cargo on the other.
enum Said {
    Out(Vec<u8>),
    Errors(Vec<u8>),
}

fn forward(
    mut from: impl Read + Send + 'static,
    to: Sender<Said>,
    wrap: impl Fn(Vec<u8>) -> Said + Send + 'static,
) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.send(wrap(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
}

/// Passes on both streams as they come and counts; cargo's lines wait while a test's line is open.
#[derive(Default)]
struct Listener {
    tally: Tally,
    out: Vec<u8>,
    errors: Vec<u8>,
    held: Vec<u8>,
}

impl Listener {
    fn hear(&mut self, said: Said) {
        // Counting goes on even when nobody reads the terminal, so errors of writing are nothing.
        match said {
            Said::Out(bytes) => {
                let mut terminal = std::io::stdout();
                let _ = terminal.write_all(&bytes).and_then(|()| terminal.flush());
                self.tally.count_lines(&mut self.out, &bytes);
            }
            Said::Errors(bytes) => {
                self.tally.count_lines(&mut self.errors, &bytes);
                self.held.extend(bytes);
            }
        }
        if self.out.is_empty() {
            self.end();
        }
    }

    fn end(&mut self) {
        let _ = std::io::stderr().write_all(&std::mem::take(&mut self.held));
    }
}

impl Tally {
    /// Counts the lines that `bytes` complete; what they leave open stays in `line`.
    fn count_lines(&mut self, line: &mut Vec<u8>, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.count(&String::from_utf8_lossy(&std::mem::take(line)));
            } else {
                line.push(byte);
            }
        }
    }

    fn count(&mut self, line: &str) {
        let line = line.trim_start();
        if line.starts_with("Running ") || line.starts_with("Doc-tests ") {
            self.started += 1;
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.results += 1;
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
        }
    }

    /// Returns the tally of a step that has ended, with failures that no line told.
    fn closed(mut self, succeeded: bool) -> Self {
        self.failed += self.started.saturating_sub(self.results);
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// Returns the number directly before `word` in "ok. 3 passed; 0 failed; ...".
fn number_before(text: &str, word: &str) -> u32 {
    let before = text.split(word).next().unwrap_or("");
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str], succeeded: bool) -> (u32, u32) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.count(line));
        let tally = tally.closed(succeeded);
        (tally.passed, tally.failed)
    }

    const STARTED: &str = "     Running unittests src/lib.rs (target/debug/deps/x-1)";
    const RESULT: &str = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered";
    const FAILURE: &str = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured";

    #[test]
    fn results_are_added_up() {
        let doc = "   Doc-tests zram";
        assert_eq!(tally(&[STARTED, RESULT, doc, RESULT, STARTED, FAILURE], false), (27, 2));
    }

    #[test]
    fn a_test_program_that_was_killed_is_a_failure() {
        assert_eq!(tally(&[STARTED, RESULT, STARTED], false), (12, 1));
    }

    #[test]
    fn tests_that_do_not_compile_are_a_failure() {
        assert_eq!(tally(&["error: could not compile `zram`"], false), (0, 1));
    }
}
