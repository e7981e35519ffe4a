//! The values that a device's files show.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::areas::areas;
use crate::device::DeviceNumber;
use crate::system::{AREAS, Errno, System, attribute, missing};

/// The first eight columns of `mm_stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of its pages.
    pub data: u64,
    /// What they take compressed.
    pub compressed: u64,
    /// Bytes of the pool's pages.
    pub total: u64,
    /// Most bytes of the pool; 0 is no limit.
    pub limit: u64,
    /// Most bytes of the pool since its start.
    pub used_max: u64,
    /// Pages of one repeated word, which take no room.
    pub same_filled: u64,
    /// Pages of the pool that compaction gave back.
    pub compacted: u64,
    /// Pages that are stored whole.
    pub incompressible: u64,
}

/// A compression stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The CPU, or `fallback`.
    pub owner: String,
    /// Pages that it compressed.
    pub compressed: u64,
    /// Pages that it decompressed.
    pub decompressed: u64,
}

/// A device; what could not be read is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its number.
    pub number: DeviceNumber,
    /// Its size in bytes.
    pub disksize: Option<u64>,
    /// The codec, and behind a colon its level unless that is 1.
    pub algorithm: Option<String>,
    /// What it takes.
    pub memory: Option<Memory>,
    /// Its streams.
    pub streams: Option<Vec<Stream>>,
    /// Bytes of its tables and streams.
    pub metadata: Option<u64>,
    /// The state of the swap area that it is.
    pub area: Option<String>,
}

/// Reads the devices that were `chosen`, or all if none was.
///
/// # Errors
///
/// In words: one that there is not; all are unreadable.
pub fn read(system: &impl System, chosen: &[DeviceNumber]) -> Result<Vec<Device>, String> {
    let names = system.list("/scheme/zram");
    let names = names.map_err(|errno| format!("zram: {}", missing(system, errno)))?;
    let mut numbers: Vec<_> =
        names.iter().filter_map(|name| name.parse().ok()).map(DeviceNumber::new).collect();
    numbers.sort_unstable();
    if let Some(device) = chosen.iter().find(|device| !numbers.contains(device)) {
        return Err(format!("{device}: no such device"));
    }
    if !chosen.is_empty() {
        numbers = chosen.to_vec();
    }
    let table = system.read(AREAS).unwrap_or_default();
    let read: Vec<_> = numbers.iter().map(|&number| one(system, number, &table)).collect();
    match read.iter().find_map(|(_, failure)| *failure) {
        // A single file may be missing, or forbidden; nothing at all is another matter.
        Some(errno) if read.iter().all(|(device, _)| device.memory.is_none()) => {
            Err(format!("zram: {}", missing(system, errno)))
        }
        _ => Ok(read.into_iter().map(|(device, _)| device).collect()),
    }
}

fn one(system: &impl System, number: DeviceNumber, table: &str) -> (Device, Option<Errno>) {
    let read = |name| system.read(&attribute(number, name));
    let mm_stat = read("mm_stat");
    let streams = read("streams").ok();
    let name = number.to_string();
    let device = Device {
        number,
        disksize: read("disksize").ok().and_then(|text| text.trim().parse().ok()),
        algorithm: read("algorithm_params").ok().and_then(|text| algorithm(&text)),
        memory: mm_stat.as_deref().ok().and_then(memory),
        metadata: streams.as_deref().and_then(metadata),
        streams: streams.as_deref().map(|text| text.lines().filter_map(stream).collect()),
        area: areas(table).find(|area| area.name == name).map(|area| area.state.to_string()),
    };
    (device, mm_stat.err())
}

fn memory(text: &str) -> Option<Memory> {
    let numbers: Vec<u64> = text.split_whitespace().map_while(|it| it.parse().ok()).collect();
    let &[data, compressed, total, limit, used_max, same_filled, compacted, incompressible, ..] =
        numbers.as_slice()
    else {
        return None;
    };
    Some(Memory {
        data,
        compressed,
        total,
        limit,
        used_max,
        same_filled,
        compacted,
        incompressible,
    })
}

/// Returns the algorithm of a device's parameters, with the level unless that is 1.
fn algorithm(parameters: &str) -> Option<String> {
    let value = |key| parameters.split_whitespace().find_map(|pair| pair.strip_prefix(key));
    let name = value("algo=")?;
    match value("level=") {
        Some("1") | None => Some(name.to_string()),
        Some(level) => Some(format!("{name}:{level}")),
    }
}

fn stream(line: &str) -> Option<Stream> {
    let mut words = line.split_whitespace();
    let owner = words.next()?.to_string();
    let (compressed, decompressed) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Stream { owner, compressed, decompressed })
}

fn metadata(text: &str) -> Option<u64> {
    let value = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse::<u64>().ok())
    };
    value("table_bytes ")?.checked_add(value("streams_bytes ")?)
}
