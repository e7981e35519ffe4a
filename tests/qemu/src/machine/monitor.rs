//! QEMU's monitor (QMP) of one run: CPUs are inserted and asked back through it.
//!
//! The connection is a socket pair whose other end is QEMU's standard input, so that there is neither
//! a path nor a moment at which QEMU does not listen yet. Each command is a line, its reply a line;
//! between them QEMU tells events. Of those the guest's reports (ACPI `_OST`) are kept.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

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
            self.execute("qmp_capabilities", json!({}))?;
        }
        let slots = self.execute("query-hotpluggable-cpus", json!({}))?;
        let mut slot = free_slot(&slots).ok_or_else(|| io::Error::other("no free cpu slot"))?;
        slot["id"] = json!(format!("cpu-{}", self.inserted));
        self.execute("device_add", slot)?;
        self.inserted += 1;
        Ok(())
    }

    /// Asks the guest to give the CPU back that was inserted last.
    ///
    /// # Errors
    ///
    /// When QEMU does not answer or refuses, as it does if no CPU was inserted.
    pub fn ask_cpu_back(&mut self) -> io::Result<()> {
        let id = format!("cpu-{}", self.inserted.saturating_sub(1));
        self.execute("device_del", json!({ "id": id })).map(drop)
    }

    /// Returns what the guest has reported of its CPU slots until QEMU ended.
    ///
    /// # Errors
    ///
    /// When QEMU still runs, or the connection broke.
    pub fn reports(mut self) -> io::Result<Vec<Report>> {
        let mut line = String::new();
        while self.replies.read_line(&mut line)? > 0 {
            self.reports.extend(report(&parsed(&line)?));
            line.clear();
        }
        Ok(self.reports)
    }

    /// Executes a command; returns what it gives.
    fn execute(&mut self, command: &str, arguments: Value) -> io::Result<Value> {
        let words = json!({ "execute": command, "arguments": arguments });
        self.commands.write_all(format!("{words}\n").as_bytes())?;
        loop {
            let mut line = String::new();
            if self.replies.read_line(&mut line)? == 0 {
                return Err(io::Error::other("qemu has ended"));
            }
            let mut said = parsed(&line)?;
            self.reports.extend(report(&said));
            if said.get("error").is_some() {
                return Err(io::Error::other(format!("{command}: {line}")));
            }
            if let Some(given) = said.get_mut("return") {
                return Ok(given.take());
            }
        }
    }
}

fn parsed(line: &str) -> io::Result<Value> {
    serde_json::from_str(line).map_err(io::Error::from)
}

/// Returns driver and place, as arguments, of the first slot that has no CPU: no path in QEMU's tree.
fn free_slot(slots: &Value) -> Option<Value> {
    let free = slots.as_array()?.iter().find(|slot| slot.get("qom-path").is_none())?;
    let mut arguments = free.get("props")?.clone();
    arguments.as_object_mut()?.insert("driver".to_owned(), free.get("type")?.clone());
    Some(arguments)
}

/// Returns what the guest reports, if that is what QEMU tells.
fn report(said: &Value) -> Option<Report> {
    if said.get("event")? != "ACPI_DEVICE_OST" {
        return None;
    }
    let number = |name| said["data"]["info"][name].as_u64()?.try_into().ok();
    Some(Report { source: number("source")?, status: number("status")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slot_without_a_path_is_free() {
        let slots = json!([
            {"props": {"core-id": 1, "socket-id": 0}, "vcpus-count": 1,
             "qom-path": "/machine/device[2]", "type": "qemu64-x86_64-cpu"},
            {"props": {"core-id": 3, "socket-id": 0}, "vcpus-count": 1, "type": "qemu64-x86_64-cpu"}
        ]);
        let slot = json!({"driver": "qemu64-x86_64-cpu", "core-id": 3, "socket-id": 0});
        assert_eq!(free_slot(&slots), Some(slot));
        assert_eq!(free_slot(&json!([])), None);
    }

    #[test]
    fn a_report_is_told_from_other_events() {
        let info = json!({"device": "cpu-0", "source": 3, "status": 132, "slot": "3"});
        let told = json!({"event": "ACPI_DEVICE_OST", "data": {"info": info}});
        assert_eq!(report(&told), Some(Report::GIVEN_BACK));
        assert_eq!(report(&json!({"event": "RESUME", "data": {"info": info}})), None);
    }
}
