//! The results of a run of a script, and the assertions that a test makes about them.
//!
//! A failed assertion panics with the whole log, because a person needs the log then.

use crate::judge;
use crate::machine::Ended;

/// What the shell prints before each line of a script.
const PROMPT: &str = "zram> ";

/// A run that came to its own end.
#[derive(Debug)]
pub struct Run {
    ended: Ended,
}

impl Run {
    /// Returns what can be said about a run that came to its own end.
    pub const fn of(ended: Ended) -> Self {
        Self { ended }
    }

    /// Asserts that the shell ended with this code.
    ///
    /// # Panics
    ///
    /// With the whole log if that is not so.
    #[track_caller]
    pub fn ends_with(self, code: u8) -> Self {
        assert_eq!(self.ended.code_told(), Some(code), "{}", self.ended.log);
        self
    }

    /// Asserts that the guest said all went well.
    ///
    /// # Panics
    ///
    /// With the whole log if that is not so.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert!(self.ended.succeeded(), "status {:?}\n{}", self.ended.status, self.ended.log);
        self
    }

    /// Asserts that the guest powered off by itself and said that something failed.
    ///
    /// # Panics
    ///
    /// With the whole log if that is not so.
    #[track_caller]
    pub fn fails(self) -> Self {
        let status = self.ended.status;
        let own_failure = status.is_some_and(|status| status > 1 && status % 2 == 1);
        assert!(own_failure && !self.ended.succeeded(), "{status:?}\n{}", self.ended.log);
        self
    }

    /// Asserts that the guest printed a line with this in it.
    ///
    /// # Panics
    ///
    /// With the whole log if that is not so.
    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.ended.log.contains(part), "no {part:?} in\n{}", self.ended.log);
        self
    }

    /// Returns all that the guest and QEMU said.
    pub fn log(&self) -> &str {
        &self.ended.log
    }

    /// Returns the code with which the shell ended, if that was a failure.
    pub fn guest_code(&self) -> Option<u8> {
        self.ended.guest_code()
    }

    /// Returns a figure that the guest printed.
    ///
    /// # Panics
    ///
    /// With what was printed if there is none.
    #[track_caller]
    pub fn figure(&self, name: &str) -> u64 {
        let figures = judge::figures(&self.ended.log);
        let value = figures.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("no figure {name} in\n{}", self.ended.log))
    }

    /// Returns the lines that begin with this.
    pub fn lines_with(&self, start: &str) -> Vec<&str> {
        self.ended.log.lines().filter(|line| line.starts_with(start)).collect()
    }

    /// Returns how many lines of the log have this in them.
    pub fn count(&self, part: &str) -> usize {
        self.ended.log.lines().filter(|line| line.contains(part)).count()
    }

    /// Returns what `free` printed as free memory.
    ///
    /// # Panics
    ///
    /// With what was printed if there is none.
    #[track_caller]
    pub fn free_kib(&self) -> u64 {
        let output = self.output_of("free");
        let columns = output.iter().find_map(|line| line.strip_prefix("Mem:"));
        let free = columns.and_then(|columns| columns.split_whitespace().nth(2)?.parse().ok());
        free.unwrap_or_else(|| panic!("no free memory in {output:?}"))
    }

    /// Returns the lines that the guest printed between the echoed command and the next one.
    ///
    /// Lines of the daemon may be among them: it logs from a thread of its own.
    ///
    /// # Panics
    ///
    /// With the whole log if there is no such command in it.
    #[track_caller]
    pub fn output_of(&self, command: &str) -> Vec<&str> {
        let echoed = format!("{PROMPT}{command}\n");
        let behind = self.ended.log.split_once(&echoed).map(|(_, behind)| behind);
        let behind = behind.unwrap_or_else(|| panic!("no {command:?} in\n{}", self.ended.log));
        behind.lines().take_while(|line| !line.starts_with(PROMPT)).collect()
    }

    /// Asserts that `command` printed no line with this in it.
    ///
    /// # Panics
    ///
    /// With what it printed if that is not so.
    #[track_caller]
    pub fn prints_no(self, command: &str, part: &str) -> Self {
        let output = self.output_of(command);
        assert!(!output.iter().any(|line| line.contains(part)), "{command} printed {output:?}");
        self
    }

    /// Asserts that `command` printed a line that is `line`, from its first to its last letter.
    ///
    /// # Panics
    ///
    /// With the whole log if that is not so.
    #[track_caller]
    pub fn prints(self, command: &str, line: &str) -> Self {
        let output = self.output_of(command);
        assert!(output.contains(&line), "{command} printed {output:?} in\n{}", self.ended.log);
        self
    }
}
