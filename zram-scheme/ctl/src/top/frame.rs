//! One frame: two moments' counts in, a text out.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::areas::{self, Totals};
use crate::table::{Column, Form, Side, Table};
use crate::units::{ratio, shortened};
use crate::zramctl::devices::{Device, Memory, Stream};

const NS_PER_S: u128 = 1_000_000_000;

/// What there was to see at one time.
#[derive(Debug)]
pub(super) struct Moment {
    at_ns: u64,
    pages_out: u64,
    pages_in: u64,
    latencies: Vec<Step>,
    swap: Totals,
    devices: Vec<Device>,
}

/// Page-ins that took about the same time.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The longest of them in nanoseconds; the shortest is above the step before.
    upper_ns: u64,
    /// How many there were since the start.
    count: u64,
}

impl Moment {
    /// Takes it out of the texts of `swap:stat`, `swap:latencies` and `swap:areas`.
    pub(super) fn of(
        at_ns: u64,
        [statistics, latencies, areas]: [&str; 3],
        devices: Vec<Device>,
    ) -> Self {
        let value = |name: &str| {
            let mut lines = statistics.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(known, _)| *known == name).and_then(|(_, value)| value.parse().ok())
        };
        let count = |name| value(name).unwrap_or(0);
        Self {
            at_ns,
            pages_out: count("pages_out"),
            pages_in: count("pages_in"),
            latencies: latencies.lines().filter_map(step).collect(),
            swap: areas::totals(areas),
            devices,
        }
    }
}

/// By what the devices are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Name,
    Data,
    Ratio,
}

impl Order {
    /// Returns the order after this order; after the last, the first.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Name => Self::Data,
            Self::Data => Self::Ratio,
            Self::Ratio => Self::Name,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Data => "data",
            Self::Ratio => "ratio",
        }
    }
}

/// What is shown.
pub(super) struct Frame<'a> {
    /// The moment from which rates count.
    pub(super) before: &'a Moment,
    /// The moment that is shown.
    pub(super) now: &'a Moment,
    /// How devices are sorted.
    pub(super) order: Order,
    /// Whether no new frame comes.
    pub(super) is_held: bool,
}

impl Frame<'_> {
    /// Returns the text, whole rows.
    pub(super) fn text(&self) -> String {
        let Self { before, now, order, is_held } = self;
        let held = if *is_held { ", held" } else { "" };
        let Totals { size_kib, used_kib } = now.swap;
        let mut text = format!(
            "zram, sorted by {}{held}    q ends, p holds, s sorts\n\
             pages a second  out {}  in {}    page-in takes  p50 {}  p99 {}\n\
             swap            {} of {} in use\n",
            order.name(),
            self.rate(before.pages_out, now.pages_out),
            self.rate(before.pages_in, now.pages_in),
            self.page_in(50),
            self.page_in(99),
            shortened(used_kib << 10),
            shortened(size_kib << 10),
        );
        if now.devices.is_empty() {
            text.push_str("no devices\n");
            return text;
        }
        text.push('\n');
        text.push_str(&self.devices());
        text.push('\n');
        text.push_str(&self.streams());
        text
    }

    /// Returns how many a second; 0 from one moment to itself.
    fn rate(&self, before: u64, now: u64) -> u64 {
        let elapsed_ns = u128::from(self.now.at_ns.saturating_sub(self.before.at_ns));
        let moved = u128::from(now.saturating_sub(before)) * NS_PER_S;
        u64::try_from(moved.checked_div(elapsed_ns).unwrap_or(0)).unwrap_or(u64::MAX)
    }

    /// Returns how long `percent` of the page-ins between the two moments took at most; `-` if there were none.
    fn page_in(&self, percent: u64) -> String {
        let earlier = |ns: u64| {
            let found = self.before.latencies.iter().find(|step| step.upper_ns == ns);
            found.map_or(0, |step| step.count)
        };
        let steps = self.now.latencies.iter().map(|&Step { upper_ns, count }| {
            let count = count.saturating_sub(earlier(upper_ns));
            Step { upper_ns, count }
        });
        let steps: Vec<Step> = steps.collect();
        let all: u64 = steps.iter().map(|step| step.count).sum();
        let wanted = all.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        let mut reached = steps.iter().skip_while(|step| {
            seen += step.count;
            seen < wanted
        });
        reached.next().map_or_else(|| String::from("-"), |step| microseconds(step.upper_ns))
    }

    fn devices(&self) -> String {
        let mut devices: Vec<&Device> = self.now.devices.iter().collect();
        let memory = |device: &Device| device.memory.unwrap_or_default();
        match self.order {
            Order::Name => {}
            Order::Data => devices.sort_by_key(|device| core::cmp::Reverse(memory(device).data)),
            Order::Ratio => {
                devices.sort_by_key(|device| core::cmp::Reverse(hundredths(memory(device))))
            }
        }
        let right = |name| Column { name, side: Side::Right, is_number: true };
        let left = |name| Column { name, side: Side::Left, is_number: false };
        let mut table = Table::new(vec![
            left("NAME"),
            left("ALGORITHM"),
            right("DATA"),
            right("COMPR"),
            right("TOTAL"),
            right("COMP-RATIO"),
            left("STATE"),
        ]);
        for device in devices {
            let Memory { data, compressed, total, .. } = memory(device);
            table.add(vec![
                Some(device.number.to_string()),
                device.algorithm.clone(),
                Some(shortened(data)),
                Some(shortened(compressed)),
                Some(shortened(total)),
                Some(ratio(data, compressed).unwrap_or_default()),
                Some(device.area.clone().unwrap_or_default()),
            ]);
        }
        table.text(Form::Columns, true, "devices")
    }

    fn streams(&self) -> String {
        let right = |name| Column { name, side: Side::Right, is_number: true };
        let left = |name| Column { name, side: Side::Left, is_number: false };
        let columns = vec![left("NAME"), right("CPU"), right("COMPR/S"), right("DECOMPR/S")];
        let mut table = Table::new(columns);
        for device in &self.now.devices {
            for stream in device.streams.iter().flatten() {
                let before = self.earlier(device, stream);
                let (compressed, decompressed) =
                    before.map_or((0, 0), |it| (it.compressed, it.decompressed));
                table.add(vec![
                    Some(device.number.to_string()),
                    Some(stream.owner.clone()),
                    Some(format!("{}", self.rate(compressed, stream.compressed))),
                    Some(format!("{}", self.rate(decompressed, stream.decompressed))),
                ]);
            }
        }
        table.text(Form::Columns, true, "streams")
    }

    /// Returns the same stream at the moment before; nothing for one that is new.
    fn earlier(&self, device: &Device, stream: &Stream) -> Option<&Stream> {
        let device = self.before.devices.iter().find(|it| it.number == device.number)?;
        device.streams.iter().flatten().find(|it| it.owner == stream.owner)
    }
}

fn hundredths(Memory { data, compressed, .. }: Memory) -> u64 {
    data.saturating_mul(100) / compressed.max(1)
}

/// Reads a line of `swap:latencies`.
fn step(line: &str) -> Option<Step> {
    let (upper_ns, count) = line.split_once(' ')?;
    Some(Step { upper_ns: upper_ns.parse().ok()?, count: count.parse().ok()? })
}

fn microseconds(ns: u64) -> String {
    format!("{} us", ns / 1000)
}
