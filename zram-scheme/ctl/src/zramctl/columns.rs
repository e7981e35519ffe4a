//! The columns of the list: util-linux's, and some of our own.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::devices::{Device, Memory};
use crate::table::{Column, Side, Table};
use crate::units::{ratio, shortened};

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `zram:N`.
    Name,
    /// The codec in use, behind a colon its level.
    Algorithm,
    /// Size of the device.
    DiskSize,
    /// What its pages would take uncompressed.
    Data,
    /// What they take compressed.
    Compressed,
    /// Memory of the pool, with what is lost in it.
    Total,
    /// CPUs that have a stream.
    Streams,
    /// `[SWAP]` if it is mounted.
    MountPoint,
    /// Pages of one repeated word, by Linux's name.
    ZeroPages,
    /// Most memory of the pool.
    MemLimit,
    /// The most it has taken.
    MemUsed,
    /// Pages that compaction gave back.
    Migrated,
    /// Data to compressed.
    Ratio,
    /// Pages of one repeated word.
    SameFilled,
    /// Pages that are stored whole.
    Incompressible,
    /// Tables and streams.
    Metadata,
    /// What the swap area takes part in, if it is one: `full` and `limited` show here.
    State,
}

const FIELDS: [(Field, &str); 17] = [
    (Field::Name, "NAME"),
    (Field::Algorithm, "ALGORITHM"),
    (Field::DiskSize, "DISKSIZE"),
    (Field::Data, "DATA"),
    (Field::Compressed, "COMPR"),
    (Field::Total, "TOTAL"),
    (Field::Streams, "STREAMS"),
    (Field::MountPoint, "MOUNTPOINT"),
    (Field::State, "STATE"),
    (Field::ZeroPages, "ZERO-PAGES"),
    (Field::MemLimit, "MEM-LIMIT"),
    (Field::MemUsed, "MEM-USED"),
    (Field::Migrated, "MIGRATED"),
    (Field::Ratio, "COMP-RATIO"),
    (Field::SameFilled, "SAME-FILLED"),
    (Field::Incompressible, "INCOMPRESSIBLE"),
    (Field::Metadata, "METADATA"),
];

/// How many of them are shown unless others are asked for.
const USUAL: usize = 9;

/// Returns the columns that are shown unless others are asked for.
pub fn usual() -> Vec<Field> {
    FIELDS[..USUAL].iter().map(|(field, _)| *field).collect()
}

/// Returns all columns.
pub fn all() -> Vec<Field> {
    FIELDS.iter().map(|(field, _)| *field).collect()
}

/// Returns the columns of a list of names; with `+` in front of it, behind the usual ones.
///
/// # Errors
///
/// In words, with the names that there are.
pub fn named(names: &str) -> Result<Vec<Field>, String> {
    let (mut fields, names) = match names.strip_prefix('+') {
        Some(more) => (usual(), more),
        None => (Vec::new(), names),
    };
    for name in names.split(',') {
        let found = FIELDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        let (field, _) = found.ok_or_else(|| {
            let known = FIELDS.map(|(_, name)| name).join(", ");
            format!("{name}: no such column; there are {known}")
        })?;
        fields.push(*field);
    }
    Ok(fields)
}

/// Which columns are shown, and how.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The columns.
    pub fields: &'a [Field],
    /// Whether sizes are plain numbers.
    pub in_bytes: bool,
    /// Whether a last line adds up.
    pub has_total: bool,
}

impl Shown<'_> {
    /// Returns the table of the devices.
    pub fn of(&self, devices: &[Device]) -> Table {
        let mut table = Table::new(self.fields.iter().map(|&field| column(field)).collect());
        for device in devices {
            table.add(self.fields.iter().map(|&field| self.cell(field, device)).collect());
        }
        if self.has_total {
            table.add(self.fields.iter().map(|&field| self.total(field, devices)).collect());
        }
        table
    }

    fn cell(&self, field: Field, device: &Device) -> Option<String> {
        match field {
            Field::Name => Some(device.number.to_string()),
            Field::Algorithm => device.algorithm.clone(),
            Field::MountPoint => {
                Some(String::from(if device.area.is_some() { "[SWAP]" } else { "" }))
            }
            Field::State => Some(device.area.clone().unwrap_or_default()),
            Field::Ratio => Some(ratio_of(&device.memory?)),
            _ => number(field, device).map(|number| self.shown(field, number)),
        }
    }

    /// Returns the sum of a column, as far as it is known, or what stands there instead.
    fn total(&self, field: Field, devices: &[Device]) -> Option<String> {
        match field {
            Field::Name => Some(String::from("total")),
            Field::Algorithm | Field::MountPoint | Field::State | Field::Streams => {
                Some(String::new())
            }
            Field::Ratio => {
                let sum = |field| sum(field, devices);
                let (data, compressed) = (sum(Field::Data), sum(Field::Compressed));
                Some(ratio_of(&Memory { data, compressed, ..Memory::default() }))
            }
            _ => Some(self.shown(field, sum(field, devices))),
        }
    }

    fn shown(&self, field: Field, number: u64) -> String {
        match field {
            Field::DiskSize
            | Field::Data
            | Field::Compressed
            | Field::Total
            | Field::MemLimit
            | Field::MemUsed
            | Field::Metadata
                if !self.in_bytes =>
            {
                shortened(number)
            }
            _ => format!("{number}"),
        }
    }
}

fn column(field: Field) -> Column {
    let name = FIELDS.iter().find(|(known, _)| *known == field).map_or("", |(_, name)| name);
    match field {
        Field::Name | Field::Algorithm | Field::MountPoint | Field::State => {
            Column { name, side: Side::Left, is_number: false }
        }
        _ => Column { name, side: Side::Right, is_number: true },
    }
}

/// Returns a ratio; nothing where there is nothing that could have one.
fn ratio_of(memory: &Memory) -> String {
    ratio(memory.data, memory.compressed).unwrap_or_default()
}

fn sum(field: Field, devices: &[Device]) -> u64 {
    let numbers = devices.iter().filter_map(|device| number(field, device));
    numbers.fold(0, u64::saturating_add)
}

/// Returns the number of a column that has numbers.
fn number(field: Field, device: &Device) -> Option<u64> {
    let of_memory = |number: fn(&Memory) -> u64| device.memory.as_ref().map(number);
    match field {
        Field::Name | Field::Algorithm | Field::MountPoint | Field::State | Field::Ratio => None,
        Field::DiskSize => device.disksize,
        Field::Data => of_memory(|memory| memory.data),
        Field::Compressed => of_memory(|memory| memory.compressed),
        Field::Total => of_memory(|memory| memory.total),
        Field::MemLimit => of_memory(|memory| memory.limit),
        Field::MemUsed => of_memory(|memory| memory.used_max),
        Field::ZeroPages | Field::SameFilled => of_memory(|memory| memory.same_filled),
        Field::Migrated => of_memory(|memory| memory.compacted),
        Field::Incompressible => of_memory(|memory| memory.incompressible),
        Field::Metadata => device.metadata,
        Field::Streams => {
            let streams = device.streams.as_ref()?;
            Some(streams.iter().filter(|it| it.owner.parse::<u32>().is_ok()).count() as u64)
        }
    }
}
