//! QEMU's monitor (QMP) of one run: CPUs are inserted and asked back through it.
//!
//! The connection is a socket pair whose other end is QEMU's standard input, so that there is neither
//! a path nor a moment at which QEMU does not listen yet. Each command is a line, its reply a line;
//! between them QEMU tells events. Of those the guest's reports (ACPI `_OST`) are kept. Replies are
//! taken apart as text: what is needed of them is two fields of one command.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest wait for a reply: QEMU answers in milliseconds, a busy host may take longer.
const REPLY_MAX: Duration = Duration::from_secs(30);

/// What a guest reports of a CPU slot (ACPI 6.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is about: 1 for an inserted CPU, 3 for one that is asked back.
    pub source: u32,
    /// How it went.
    pub status: u32,
}

impl Report {
    /// An inserted CPU is in use.
    pub const INSERTED: Self = Self { source: 1, status: 0 };
    /// A CPU that is asked back is no longer in use.
    pub const GIVEN_BACK: Self = Self { source: 3, status: 0x84 };
}

/// The monitor of a run.
#[derive(Debug)]
pub struct Monitor {
    commands: UnixStream,
    replies: BufReader<UnixStream>,
    reports: Vec<Report>,
    inserted: usize,
}

impl Monitor {
    /// Returns a monitor and the end of the connection that QEMU gets.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (own, other) = UnixStream::pair()?;
        own.set_read_timeout(Some(REPLY_MAX))?;
        let replies = BufReader::new(own.try_clone()?);
        let monitor = Self { commands: own, replies, reports: Vec::new(), inserted: 0 };
        Ok((monitor, other.into()))
    }

    /// Inserts a CPU into the first slot that is free.
    ///
    /// # Errors
    ///
    /// When QEMU does not answer, refuses, or has no free slot.
    pub fn insert_cpu(&mut self) -> io::Result<()> {
        if self.inserted == 0 {
            // The first command ends the negotiation that a new connection begins with.
            self.execute("qmp_capabilities", "{}")?;
        }
        let slots = self.execute("query-hotpluggable-cpus", "{}")?;
        let slot = free_slot(&slots).ok_or_else(|| io::Error::other("no free cpu slot"))?;
        let arguments = format!("{{\"id\": \"cpu-{}\", {slot}}}", self.inserted);
        self.execute("device_add", &arguments)?;
        self.inserted += 1;
        Ok(())
    }

    /// Asks the guest to give the CPU back that was inserted last.
    ///
    /// # Errors
    ///
    /// When QEMU does not answer or refuses, as it does if no CPU was inserted.
    pub fn ask_cpu_back(&mut self) -> io::Result<()> {
        let arguments = format!("{{\"id\": \"cpu-{}\"}}", self.inserted.saturating_sub(1));
        self.execute("device_del", &arguments).map(drop)
    }

    /// Returns what the guest has reported of its CPU slots until QEMU ended.
    ///
    /// # Errors
    ///
    /// When QEMU still runs, or the connection broke.
    pub fn reports(mut self) -> io::Result<Vec<Report>> {
        let mut line = String::new();
        while self.replies.read_line(&mut line)? > 0 {
            self.reports.extend(report(&line));
            line.clear();
        }
        Ok(self.reports)
    }

    /// Executes a command; returns the line of its reply.
    fn execute(&mut self, command: &str, arguments: &str) -> io::Result<String> {
        let line = format!("{{\"execute\": \"{command}\", \"arguments\": {arguments}}}\n");
        self.commands.write_all(line.as_bytes())?;
        loop {
            let mut line = String::new();
            if self.replies.read_line(&mut line)? == 0 {
                return Err(io::Error::other("qemu has ended"));
            }
            self.reports.extend(report(&line));
            if line.starts_with("{\"error\"") {
                return Err(io::Error::other(format!("{command}: {line}")));
            }
            if line.starts_with("{\"return\"") {
                return Ok(line);
            }
        }
    }
}

/// Returns driver and place, as arguments, of the first slot that has no CPU: no path in QEMU's tree.
fn free_slot(reply: &str) -> Option<String> {
    let mut slots = reply.split("{\"props\": {").skip(1);
    let free = slots.find(|slot| !slot.contains("\"qom-path\""))?;
    let (place, rest) = free.split_once('}')?;
    let driver = rest.split_once("\"type\": \"")?.1.split_once('"')?.0;
    Some(format!("\"driver\": \"{driver}\", {place}"))
}

/// Returns what the guest reports, if the line tells of that.
fn report(line: &str) -> Option<Report> {
    let number = |name: &str| {
        let (_, behind) = line.split_once(name)?;
        let digits = behind.trim_start_matches([':', ' ', '"']);
        let end = digits.find(|letter: char| !letter.is_ascii_digit())?;
        digits[..end].parse().ok()
    };
    if !line.contains("\"ACPI_DEVICE_OST\"") {
        return None;
    }
    Some(Report { source: number("\"source\"")?, status: number("\"status\"")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slot_without_a_path_is_free() {
        let reply = r#"{"return": [{"props": {"core-id": 1, "socket-id": 0}, "vcpus-count": 1, "qom-path": "/machine/device[2]", "type": "qemu64-x86_64-cpu"}, {"props": {"core-id": 3, "socket-id": 0}, "vcpus-count": 1, "type": "qemu64-x86_64-cpu"}]}"#;
        let slot = r#""driver": "qemu64-x86_64-cpu", "core-id": 3, "socket-id": 0"#;
        assert_eq!(free_slot(reply).as_deref(), Some(slot));
        assert_eq!(free_slot(r#"{"return": []}"#), None);
    }

    #[test]
    fn a_report_is_told_from_other_events() {
        let told = r#"{"timestamp": {"seconds": 17}, "event": "ACPI_DEVICE_OST", "data": {"info": {"device": "cpu-0", "source": 3, "status": 132, "slot": "3", "slot-type": "CPU"}}}"#;
        assert_eq!(report(told), Some(Report::GIVEN_BACK));
        assert_eq!(report(r#"{"event": "RESUME", "data": {"source": 1, "status": 0}}"#), None);
    }
}
