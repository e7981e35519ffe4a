//! `hostile odd SEED COUNT`: writes to the settings of devices and of the pager at random.
//!
//! It writes sizes, numbers, names and lists of keys, right ones and nonsense, at the limits and
//! far beyond. Any answer is right, but there must be one; in between a device is used now and
//! then, so that not only empty devices are changed. In the end all devices are removed and the
//! pager's settings are restored, which must succeed.

use alloc::format;
use alloc::string::{String, ToString};

use host_core::order::Random;
use syscall::flag::{O_RDWR, O_WRONLY};
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{InWords, Result};
use zram_rt::{eprintln, fs, println};

/// Writes of one run, unless somebody says how many.
pub(crate) const WRITES: u32 = 400;

/// Devices that the random numbers name; there may be more.
const DEVICES: u64 = 4;

/// Files of a device that take writes.
const ATTRIBUTES: [&str; 8] = [
    "disksize",
    "resize",
    "mem_limit",
    "mem_used_max",
    "comp_algorithm",
    "algorithm_params",
    "compact",
    "reset",
];

/// Numbers at edges: of pages, of what 32 and 64 bits hold, of the limits that documents name.
const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "2",
    "31",
    "32",
    "33",
    "4095",
    "4096",
    "4097",
    "65535",
    "65536",
    "16777215",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "8796093022207",
    "8796093022208",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
];

/// What follows a number, and what is none.
const TAILS: [&str; 10] = ["", "", "", "K", "M", "G", "T", "E", "MB", " "];

const WORDS: [&str; 12] =
    ["", "-1", "+1", "0x10", "1e3", "lz4", "lz4-safe", "pagelz", "zstd", "[lz4]", "all", "\0"];

const KEYS: [&str; 14] = [
    "id",
    "disksize",
    "comp_algorithm",
    "level",
    "mem_limit",
    "priority",
    "algo",
    "reserve",
    "low",
    "high",
    "batch",
    "frames",
    "",
    "=",
];

/// Makes the writes, and puts everything back.
pub(crate) fn run(seed: u64, count: u32) -> u8 {
    let parameters = fs::read_text("swap:params").unwrap_or_default();
    let mut random = Random::new(seed);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..count {
        match write_at_random(&mut random) {
            Ok(_) => taken += 1,
            Err(_) => refused += 1,
        }
    }
    println!("hostile: odd: seed {seed}: {taken} taken, {refused} refused");
    match put_back(&parameters) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("hostile: odd: seed {seed}: what was changed stays: {}", InWords(error));
            1
        }
    }
}

fn write_at_random(random: &mut Random) -> Result<usize> {
    let device = random.below(DEVICES);
    let (path, text) = match random.below(16) {
        0..3 => ("zram:control/hot_add".to_string(), keys(random)),
        3 => ("zram:control/hot_add".to_string(), "\n".to_string()),
        4 => ("zram:control/hot_remove".to_string(), value(random)),
        5..7 => ("swap:params".to_string(), keys(random)),
        7 => return use_pages(device, random),
        8 => (format!("zram:{device}/reset"), "1".to_string()),
        9 => (format!("zram:{device}/disksize"), format!("{}K", 1 + random.below(20_000))),
        _ => {
            let attribute = ATTRIBUTES[random.below(ATTRIBUTES.len() as u64) as usize];
            let is_list = attribute == "algorithm_params";
            let text = if is_list { keys(random) } else { value(random) };
            (format!("zram:{device}/{attribute}"), text)
        }
    };
    fs::open(&path, O_WRONLY)?.write(text.as_bytes())
}

fn one_of<'a>(choices: &[&'a str], random: &mut Random) -> &'a str {
    choices[random.below(choices.len() as u64) as usize]
}

fn value(random: &mut Random) -> String {
    match random.below(4) {
        0 => one_of(&WORDS, random).to_string(),
        1 => format!("{}{}", random.next() >> random.below(64), one_of(&TAILS, random)),
        _ => format!("{}{}", one_of(&NUMBERS, random), one_of(&TAILS, random)),
    }
}

fn keys(random: &mut Random) -> String {
    let count = random.below(5);
    let mut text = String::new();
    for _ in 0..count {
        let assign = if random.below(8) == 0 { "" } else { "=" };
        text += &format!("{}{assign}{} ", one_of(&KEYS, random), value(random));
    }
    text
}

/// Writes some pages of a device and reads them back.
fn use_pages(device: u64, random: &mut Random) -> Result<usize> {
    let file = fs::open(&format!("zram:{device}"), O_RDWR)?;
    let mut page = [0; PAGE_SIZE];
    for part in page.chunks_exact_mut(16) {
        part[..8].copy_from_slice(&random.next().to_le_bytes());
    }
    let pages = (file.size()? / PAGE_SIZE as u64).max(1);
    let mut back = [0; PAGE_SIZE];
    for _ in 0..8 {
        let at = random.below(pages) * PAGE_SIZE as u64;
        file.write_at(&page, at)?;
        file.read_at(&mut back, at)?;
        assert!(back == page, "device {device} at {at}: another page comes back");
    }
    Ok(0)
}

/// Removes every device, and sets the pager as it was.
fn put_back(parameters: &str) -> Result<()> {
    for name in fs::read_text("zram:")?.lines().filter(|name| *name != "control") {
        fs::open("zram:control/hot_remove", O_WRONLY)?.write(name.as_bytes())?;
    }
    // What is shown beside the four settings cannot be written.
    let settings = parameters.lines().filter(|line| {
        ["reserve=", "low=", "high=", "batch="].iter().any(|key| line.starts_with(key))
    });
    let line: String = settings.flat_map(|setting| [setting, " "]).collect();
    fs::open("swap:params", O_RDWR)?.write(line.trim().as_bytes()).map(drop)
}
