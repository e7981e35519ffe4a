//! The boot configuration, `/etc/zram.conf`: a section for each device.
//!
//! ```text
//! # two devices
//! num_devices = 2
//! [zram:0]
//! comp_algorithm = lz4
//! disksize = 250%
//! swap-priority = 100
//! ```
//!
//! The keys of a section are those of `hot_add`, and `swap-priority`; a device with this key is
//! mounted as swap. `num_devices`, before all sections, adds devices without a size up to that
//! number. A mistake is reported by line and column, and then nothing of the file is used.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::device::DeviceNumber;
use crate::swapon;

/// Where it is.
pub const PATH: &str = "/etc/zram.conf";

/// The keys that are handed to `hot_add`.
const KEYS: [&str; 5] = ["comp_algorithm", "level", "disksize", "mem_limit", "mem_watermark"];

const SWAP_PRIORITY: &str = "swap-priority";
const NUM_DEVICES: &str = "num_devices";

/// Most devices; the daemon's own limit.
const DEVICES_MAX: u16 = 32;

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Devices up to here exist, with or without a section.
    pub num_devices: u16,
    /// Devices with a configuration of their own.
    pub sections: Vec<Section>,
}

/// What a file says about one device.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The device.
    pub device: DeviceNumber,
    /// Line of its heading, from 1.
    pub line: usize,
    /// Keys and values for `hot_add`.
    pub pairs: Vec<Pair>,
    /// Whether it is mounted, and with which priority.
    pub swap_priority: Option<u16>,
}

/// A key of `hot_add` with its value, and where that stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    key: String,
    value: String,
    line: usize,
    column: usize,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    line: usize,
    column: usize,
    words: String,
}

impl Mistake {
    /// Returns it in words, with file, line and column.
    pub fn at(&self, path: &str) -> String {
        format!("{path}:{}:{}: {}", self.line, self.column, self.words)
    }
}

impl Section {
    /// Returns the line for `hot_add`.
    pub fn hot_add(&self) -> String {
        let pairs = self.pairs.iter().map(|Pair { key, value, .. }| format!(" {key}={value}"));
        format!("id={}{}", self.device.number(), pairs.collect::<String>())
    }

    /// Returns a refusal of [`Self::hot_add`] with where it comes from: the value that it names, or else the heading.
    pub fn refused(&self, words: String) -> Mistake {
        let names = |pair: &&Pair| words.contains(&format!(" {}=", pair.key));
        let place = self.pairs.iter().find(names).map(|pair| (pair.line, pair.column));
        let (line, column) = place.unwrap_or((self.line, 1));
        Mistake { line, column, words }
    }
}

/// Reads a configuration.
///
/// # Errors
///
/// The first mistake.
pub fn parse(text: &str) -> Result<Configuration, Mistake> {
    let mut configuration = Configuration::default();
    for (index, whole) in text.lines().enumerate() {
        let line = Line { number: index + 1, whole };
        let content = whole.split(['#', ';']).next().unwrap_or("").trim();
        if content.is_empty() {
            continue;
        }
        match content.strip_prefix('[') {
            Some(heading) => {
                let section = heading_of(&configuration, line, heading)?;
                configuration.sections.push(section);
            }
            None => pair_of(&mut configuration, line, content)?,
        }
    }
    Ok(configuration)
}

/// A line of the file.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    whole: &'a str,
}

impl Line<'_> {
    /// Returns a mistake at `part`, which is a part of the line.
    fn wrong(self, part: &str, words: String) -> Mistake {
        Mistake { line: self.number, column: self.column(part), words }
    }

    /// Returns the column of `part`, which is a part of the line, from 1.
    fn column(self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize);
        self.whole.get(..offset).unwrap_or("").chars().count() + 1
    }
}

fn heading_of(so_far: &Configuration, line: Line<'_>, heading: &str) -> Result<Section, Mistake> {
    let Some(name) = heading.strip_suffix(']') else {
        return Err(line.wrong(heading, "a heading ends with ]".to_string()));
    };
    let wrong = |words| Err(line.wrong(name, words));
    let device = match DeviceNumber::parse(name.trim()) {
        Ok(device) if device.number() < DEVICES_MAX => device,
        Ok(device) => return wrong(format!("{device}: the numbers end at {}", DEVICES_MAX - 1)),
        Err(why) => return wrong(format!("{name}: {why}")),
    };
    if let Some(first) = so_far.sections.iter().find(|section| section.device == device) {
        return wrong(format!("{device}: it has a section already, in line {}", first.line));
    }
    Ok(Section { device, line: line.number, pairs: Vec::new(), swap_priority: None })
}

fn pair_of(
    configuration: &mut Configuration,
    line: Line<'_>,
    content: &str,
) -> Result<(), Mistake> {
    let Some((key, value)) = content.split_once('=') else {
        return Err(line.wrong(content, format!("{content}: not key = value")));
    };
    let (key, value) = (key.trim(), value.trim());
    let (key_words, value_words) =
        (|words| Err(line.wrong(key, words)), |words| Err(line.wrong(value, words)));
    if value.is_empty() {
        return value_words(format!("{key}: it has no value"));
    }
    let Some(section) = configuration.sections.last_mut() else {
        return match (key, value.parse()) {
            (NUM_DEVICES, Ok(number @ 0..=DEVICES_MAX)) => {
                configuration.num_devices = number;
                Ok(())
            }
            (NUM_DEVICES, _) => value_words(format!("{value}: it is 0 to {DEVICES_MAX}")),
            _ => key_words(format!("{key}: before the first [zram:N] there is only {NUM_DEVICES}")),
        };
    };
    if key == SWAP_PRIORITY {
        if section.swap_priority.is_some() {
            return key_words(format!("{key}: it is there already"));
        }
        match swapon::priority(value) {
            Ok(priority) => section.swap_priority = Some(priority),
            Err(why) => return value_words(why),
        }
        return Ok(());
    }
    if !KEYS.contains(&key) {
        let keys = KEYS.join(", ");
        return key_words(format!("{key}: no such key; there are {keys} and {SWAP_PRIORITY}"));
    }
    if section.pairs.iter().any(|pair| pair.key == key) {
        return key_words(format!("{key}: it is there already"));
    }
    if value.contains([' ', '\t', '"']) {
        return value_words(format!("{value}: one word"));
    }
    section.pairs.push(Pair {
        key: key.to_string(),
        value: value.to_string(),
        line: line.number,
        column: line.column(value),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{Configuration, parse};

    const GOOD: &str = "\
# what boots
num_devices = 3

[zram:0]
comp_algorithm = lz4      ; the default
  disksize=250%
swap-priority = 100

[zram:2]
disksize = 64M
";

    fn refusal(text: &str) -> String {
        parse(text).expect_err("it is refused").at("f")
    }

    #[test]
    fn sections_become_lines_of_hot_add() {
        let Configuration { num_devices, sections } = parse(GOOD).expect("it is right");
        let lines: Vec<_> = sections.iter().map(super::Section::hot_add).collect();
        assert_eq!(lines, ["id=0 comp_algorithm=lz4 disksize=250%", "id=2 disksize=64M"]);
        let priorities: Vec<_> = sections.iter().map(|section| section.swap_priority).collect();
        assert_eq!((num_devices, priorities), (3, [Some(100), None].into()));
        assert_eq!(parse(""), Ok(Configuration::default()));
    }

    #[test]
    fn a_mistake_is_told_by_line_and_column() {
        for (text, words) in [
            (
                "[zram:0]\n  size = 1M",
                "f:2:3: size: no such key; there are comp_algorithm, level, ",
            ),
            ("[zram:0]\ndisksize", "f:2:1: disksize: not key = value"),
            ("[zram:0]\ndisksize = # 1M", "f:2:1"),
            ("[zram0]", "f:1:2: zram0: no device is called so; the name here is zram:0"),
            ("[zram:32]", "f:1:2: zram:32: the numbers end at 31"),
            ("[zram:0", "f:1:2: a heading ends with ]"),
            ("\n[zram:1]\n[zram:1]", "f:3:2: zram:1: it has a section already, in line 2"),
            ("[zram:0]\nlevel=1\nlevel=2", "f:3:1: level: it is there already"),
            ("[zram:0]\nswap-priority = -2", "f:2:17: priority -2: it is 0 to 32767"),
            (
                "disksize = 1M",
                "f:1:1: disksize: before the first [zram:N] there is only num_devices",
            ),
            ("num_devices = 33", "f:1:15: 33: it is 0 to 32"),
            ("[zram:0]\ndisksize = 1 M", "f:2:12: 1 M: one word"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(words), "{text:?}: {refusal}");
        }
    }
}
