//! The bounds of a run of the checker, which make the run end.
//!
//! All limits of a run are named here: how many there are of each thing, and how often each may
//! act. Within these bounds every interleaving is explored.

use std::fmt;

/// Devices that the specification has: a run with fewer numbers asks for no more.
pub(crate) const DEVICES_MAX: usize = 2;
/// Most CPUs of any run: a state is compared with all renumberings of its own.
pub(crate) const CPUS_MAX: usize = 3;

/// The bounds of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Short name, for the report.
    pub name: &'static str,
    /// Numbers that devices can have.
    pub devices: usize,
    /// CPUs that can be up.
    pub cpus: usize,
    /// Programs that write to attributes and control files.
    pub clients: usize,
    /// Requests that each client sends, one after the other.
    pub requests_each: u8,
    /// Whether each allocation may fail.
    pub failures: bool,
    /// Records that the queue of each CPU serves.
    pub records_each: u8,
    /// Times that a program opens and closes a device.
    pub opens: u8,
    /// Times that statistics are read.
    pub looks: u8,
    /// Ups and downs of CPUs.
    pub transitions: u8,
    /// Whether the kernel may stop waiting for answers, and the subscription may end.
    pub lost_answers: bool,
}

impl Bounds {
    /// Two of everything, any allocation failing, while CPUs come and go.
    const PAIRS: Self = Self {
        name: "pairs",
        devices: 2,
        cpus: 2,
        clients: 2,
        requests_each: 2,
        failures: true,
        records_each: 1,
        opens: 0,
        looks: 0,
        transitions: 1,
        lost_answers: false,
    };

    /// The same, while a program opens and closes devices.
    const OPENED: Self = Self { name: "opened", opens: 1, transitions: 0, ..Self::PAIRS };

    /// Three CPUs and clients on one device.
    const TRIPLES: Self = Self {
        name: "triples",
        devices: 1,
        cpus: 3,
        clients: 3,
        requests_each: 1,
        failures: false,
        ..Self::PAIRS
    };

    /// The same with two requests each, while no thread works on pages.
    const TWICE: Self =
        Self { name: "triples-twice", requests_each: 2, records_each: 0, ..Self::TRIPLES };

    /// Answers that come late or never, a subscription that ends, a program that opens the device and
    /// somebody who reads statistics.
    const LATE: Self = Self {
        name: "late",
        devices: 1,
        clients: 1,
        opens: 1,
        looks: 1,
        transitions: 2,
        lost_answers: true,
        ..Self::PAIRS
    };

    /// The runs of `make model`.
    pub const ALL: [Self; 5] = [Self::PAIRS, Self::OPENED, Self::TRIPLES, Self::TWICE, Self::LATE];

    /// Larger ones, of 20 to 60 million states each: `model long`.
    pub const LONG: [Self; 3] = [
        Self { name: "pairs-opened", opens: 1, ..Self::PAIRS },
        Self { name: "triples-opened", opens: 1, ..Self::TRIPLES },
        Self { name: "late-pairs", clients: 2, requests_each: 1, ..Self::LATE },
    ];

    /// Smaller runs, for every change.
    pub const SMALL: [Self; 2] = [
        Self { name: "small", devices: 1, requests_each: 1, ..Self::PAIRS },
        Self { name: "small-late", requests_each: 1, transitions: 1, ..Self::LATE },
    ];

    /// A run that ends soon, to be broken.
    pub const TINY: Self = Self {
        name: "tiny",
        devices: 1,
        clients: 1,
        failures: false,
        opens: 1,
        looks: 1,
        ..Self::PAIRS
    };
}

impl fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = if self.failures { "any allocation fails" } else { "no allocation fails" };
        let answers =
            if self.lost_answers { "answers late or lost" } else { "every answer in time" };
        let parts = [
            count(self.devices as u64, "device"),
            count(self.cpus as u64, "CPU"),
            count(self.clients as u64, "client"),
            count(self.requests_each, "request") + " each",
            failures.to_owned(),
            count(self.records_each, "record") + " per CPU",
            count(self.opens, "open"),
            count(self.looks, "look") + " at statistics",
            count(self.transitions, "CPU transition"),
            answers.to_owned(),
        ];
        formatter.write_str(&parts.join(", "))
    }
}

fn count(number: impl Into<u64>, name: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {name}{plural}")
}
