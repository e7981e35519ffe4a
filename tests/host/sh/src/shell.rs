//! Runs lines: finds the commands, directs their output, and keeps the programs in the background.
//!
//! On the console every command of a line runs, as in any shell; in a script the first one that fails
//! ends the line, and with it the script.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zram_rt::errno::{Error, InWords};
use zram_rt::process::{self, Child, End};
use zram_rt::{eprintln, fs, println};

use crate::commands::{self, Failure};
use crate::output::Output;
use host_core::line::{self, Command};
use host_core::refusal;

/// Exit code of a command that was killed: Linux's 128 + SIGKILL.
const KILLED_CODE: u8 = 137;

/// Exit code of a line that is no command: Linux's.
const NOT_FOUND: u8 = 127;

/// What the shell does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The line is done, with this code; 0 is success.
    Done(u8),
    /// The shell ends with this code.
    Exit(u8),
}

/// Exit code of a command that ought to have failed.
const DID_NOT_FAIL: u8 = 3;

/// The shell's state between lines.
pub(crate) struct Shell {
    ends_at_failure: bool,
    background: Vec<(String, Child)>,
}

impl Shell {
    /// Returns a shell without background programs that goes on when a command fails.
    pub(crate) fn of_console() -> Self {
        Self { ends_at_failure: false, background: Vec::new() }
    }

    /// Returns a shell without background programs that ends a line at the first failure.
    pub(crate) fn of_script() -> Self {
        Self { ends_at_failure: true, background: Vec::new() }
    }

    /// Runs one line and says what went wrong, if anything; its code is that of the last command run.
    pub(crate) fn run(&mut self, text: &str) -> Next {
        let commands = match line::parse(text) {
            Ok(commands) => commands,
            Err(why) => {
                eprintln!("sh: {why}");
                // A line that must fail has done so.
                return Next::Done(if text.starts_with('!') { 0 } else { 2 });
            }
        };
        let mut last = Next::Done(0);
        for command in &commands {
            last = self.run_or_fail(command);
            let failed = last != Next::Done(0);
            if matches!(last, Next::Exit(_)) || failed && self.ends_at_failure {
                break;
            }
        }
        last
    }

    fn run_or_fail(&mut self, command: &Command) -> Next {
        match (self.run_one(command), command.must_fail) {
            (Next::Done(0), true) => {
                eprintln!("sh: this had to fail, and did not: {}", command.words.join(" "));
                Next::Done(DID_NOT_FAIL)
            }
            (Next::Done(_), true) => Next::Done(0),
            (next, _) => next,
        }
    }

    fn run_one(&mut self, command: &Command) -> Next {
        let mut words = command.words.iter().map(String::as_str);
        let Some(name) = words.next() else { return Next::Done(0) };
        let arguments: Vec<&str> = words.collect();
        match (name, arguments.as_slice()) {
            ("exit", []) => Next::Exit(0),
            ("exit", [code]) => match code.parse() {
                Ok(code) => Next::Exit(code),
                Err(_) => failed("exit", &Failure::words(format!("{code}: not 0 to 255"))),
            },
            ("wait", []) => Next::Done(self.wait_for_all()),
            ("exit" | "wait", [.., more]) => failed(name, &Failure::unknown(more)),
            (_, arguments) => self.run_command(name, arguments, command),
        }
    }

    fn run_command(&mut self, name: &str, arguments: &[&str], command: &Command) -> Next {
        match commands::find(name) {
            Some(_) if command.in_background => {
                failed(name, &Failure::words("& is for programs".to_string()))
            }
            Some(run) => {
                let mut output = Output::to(command.target.as_ref());
                match run(arguments, &mut output).and_then(|()| output.end()) {
                    Ok(()) => {
                        command.target.iter().for_each(|target| tell_note(name, &target.file));
                        Next::Done(0)
                    }
                    Err(failure) => failed(name, &failure),
                }
            }
            None if command.target.is_some() => {
                failed(name, &Failure::words("> is for commands of the shell".to_string()))
            }
            None => self.run_program(name, arguments, command.in_background),
        }
    }

    fn run_program(&mut self, name: &str, arguments: &[&str], in_background: bool) -> Next {
        let path = if name.starts_with('/') { name.to_string() } else { format!("/bin/{name}") };
        let program = process::Command::new(&path);
        let program = arguments.iter().fold(program, |program, word| program.argument(word));
        match program.spawn() {
            Ok(child) if in_background => {
                self.background.push((name.to_string(), child));
                Next::Done(0)
            }
            Ok(child) => Next::Done(code_of(name, child.wait())),
            Err(Error { errno: syscall::ENOENT }) => {
                eprintln!("sh: {name}: no such command; help lists them");
                Next::Done(NOT_FOUND)
            }
            Err(error) => failed(name, &Failure::from(error)),
        }
    }

    /// Waits for every program in the background; returns the code of the first that failed.
    pub(crate) fn wait_for_all(&mut self) -> u8 {
        let codes = self.background.drain(..).map(|(name, child)| {
            let code = code_of(&name, child.wait());
            println!("{name} has ended with code {code}");
            code
        });
        codes.fold(0, |first, code| if first == 0 { code } else { first })
    }
}

fn code_of(name: &str, end: End) -> u8 {
    match end {
        End::Exited(code) => code,
        End::Killed => {
            eprintln!("sh: {name} was killed");
            KILLED_CODE
        }
    }
}

fn failed(name: &str, failure: &Failure) -> Next {
    match failure {
        Failure::Words(words) => eprintln!("{name}: {words}"),
        Failure::System { file: None, error } => eprintln!("{name}: {}", InWords(*error)),
        Failure::System { file: Some(file), error } => {
            // A file that is not there, or is another kind of file, has been refused nothing.
            let is_refused =
                !matches!(error.errno, syscall::ENOENT | syscall::ENOTDIR | syscall::EISDIR);
            match last_error(file).filter(|_| is_refused) {
                Some(why) => eprintln!("{name}: {file}: {why}"),
                None if is_of_a_dead_daemon(file, *error) => {
                    eprintln!("{name}: {file}: zramd does not run");
                }
                None => eprintln!("{name}: {file}: {}", InWords(*error)),
            }
        }
    }
    Next::Done(1)
}

/// Tells what is odd about what was just written to `file`, and taken, if its device says so.
fn tell_note(name: &str, file: &str) {
    let Some((scheme, rest)) = fs::split_path(file) else { return };
    let (place, written) = refusal::note_place(rest);
    // Most schemes have no such file, and most writes leave nothing there.
    let text = fs::read_text(&format!("/scheme/{scheme}/{place}")).unwrap_or_default();
    if let Some(note) = refusal::words(&text, written) {
        eprintln!("{name}: {file}: taken, but {note}");
    }
}

/// Returns whether the file is missing because no program serves `zram:` any more.
fn is_of_a_dead_daemon(file: &str, error: Error) -> bool {
    let is_gone = |error: Error| error.errno == syscall::ENODEV;
    let is_of_zram = fs::split_path(file).is_some_and(|(scheme, _)| scheme == "zram");
    is_of_zram && is_gone(error) && fs::list("zram:").is_err_and(is_gone)
}

/// Returns what is said about the last refusal where `file` belongs to (a device, a scheme), if that was one of
/// this file.
fn last_error(file: &str) -> Option<String> {
    let (scheme, rest) = fs::split_path(file)?;
    refusal::places(rest).into_iter().find_map(|(place, name)| {
        let text = fs::read_text(&format!("/scheme/{scheme}/{place}")).ok()?;
        refusal::words(&text, name).map(ToString::to_string)
    })
}
