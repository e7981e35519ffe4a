//! What a run of the checker explores, so that it ends.
//!
//! Everything that a run leaves out is named here: how many there are of each, and how often each may
//! act. Within these bounds every interleaving is looked at.

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
    /// Times that somebody reads statistics.
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
    pub const ALL: [Self; 4] = [Self::PAIRS, Self::OPENED, Self::TRIPLES, Self::LATE];

    /// A smaller run, for every change.
    pub const SMALL: Self =
        Self { name: "small", devices: 1, requests_each: 1, lost_answers: false, ..Self::PAIRS };

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
        let failures = if self.failures { "any allocation fails" } else { "no failure" };
        let answers =
            if self.lost_answers { "answers late or lost" } else { "every answer in time" };
        write!(
            formatter,
            "{} devices, {} CPUs, {} clients x {} requests, {failures}, {} records per CPU, {} opens, \
             {} looks at statistics, {} CPU transitions, {answers}",
            self.devices,
            self.cpus,
            self.clients,
            self.requests_each,
            self.records_each,
            self.opens,
            self.looks,
            self.transitions,
        )
    }
}
