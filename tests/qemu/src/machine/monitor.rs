//! QEMU's monitor (QMP) of one run: inserts CPUs and asks the guest to release them.
//!
//! The connection is a socket pair whose other end is QEMU's standard input, so it needs no path,
//! and QEMU listens from its start. Each command is a line, its reply a line; between them QEMU
//! sends events. Of the events only the guest's reports (ACPI `_OST`) are kept.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Map, Value, json};

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
            self.execute("qmp_capabilities", Map::new())?;
        }
        let slots = self.execute("query-hotpluggable-cpus", Map::new())?;
        let mut arguments =
            free_slot(&slots).ok_or_else(|| io::Error::other("no free cpu slot"))?;
        arguments.insert("id".to_owned(), format!("cpu-{}", self.inserted).into());
        self.execute("device_add", arguments)?;
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
        self.execute("device_del", Map::from_iter([("id".to_owned(), id.into())])).map(drop)
    }

    /// Returns what the guest has reported of its CPU slots until QEMU ended.
    ///
    /// # Errors
    ///
    /// When QEMU still runs, or the connection broke.
    pub fn reports(mut self) -> io::Result<Vec<Report>> {
        while let Some(message) = self.next_message()? {
            self.reports.extend(report(&message));
        }
        Ok(self.reports)
    }

    /// Executes a command; returns what it gave back.
    fn execute(&mut self, command: &str, arguments: Map<String, Value>) -> io::Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments });
        writeln!(self.commands, "{line}")?;
        loop {
            let message = self.next_message()?;
            let mut message = message.ok_or_else(|| io::Error::other("qemu has ended"))?;
            self.reports.extend(report(&message));
            if let Some(error) = message.get("error") {
                return Err(io::Error::other(format!("{command}: {error}")));
            }
            if let Some(result) = message.get_mut("return") {
                return Ok(result.take());
            }
        }
    }

    /// Returns what QEMU says next, or nothing if it has ended.
    fn next_message(&mut self) -> io::Result<Option<Value>> {
        let mut line = String::new();
        if self.replies.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(&line)?))
    }
}

/// Returns driver and place, as arguments, of the first slot that has no CPU: no path in QEMU's tree.
fn free_slot(slots: &Value) -> Option<Map<String, Value>> {
    let free = slots.as_array()?.iter().find(|slot| slot.get("qom-path").is_none())?;
    let mut arguments = free["props"].as_object()?.clone();
    arguments.insert("driver".to_owned(), free["type"].clone());
    Some(arguments)
}

/// Returns what the guest reports, if the message tells of that.
fn report(message: &Value) -> Option<Report> {
    if message["event"] != "ACPI_DEVICE_OST" {
        return None;
    }
    let info = &message["data"]["info"];
    let number = |name: &str| u32::try_from(info[name].as_u64()?).ok();
    Some(Report { source: number("source")?, status: number("status")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slot_without_a_path_is_free() {
        let driver = "qemu64-x86_64-cpu";
        let slots = json!([
            { "props": { "core-id": 1, "socket-id": 0 }, "vcpus-count": 1, "type": driver,
              "qom-path": "/machine/device[2]" },
            { "props": { "core-id": 3, "socket-id": 0 }, "vcpus-count": 1, "type": driver },
        ]);
        let slot = json!({ "driver": driver, "core-id": 3, "socket-id": 0 });
        assert_eq!(free_slot(&slots).map(Value::Object), Some(slot));
        assert_eq!(free_slot(&json!([])), None);
    }

    #[test]
    fn a_report_is_told_from_other_events() {
        let info = json!({ "device": "cpu-0", "source": 3, "status": 132, "slot": "3" });
        let told = json!({ "event": "ACPI_DEVICE_OST", "data": { "info": info } });
        assert_eq!(report(&told), Some(Report::GIVEN_BACK));
        let other = json!({ "event": "RESUME", "data": { "info": { "source": 1, "status": 0 } } });
        assert_eq!(report(&other), None);
    }
}
