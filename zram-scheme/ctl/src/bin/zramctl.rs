//! `zramctl`: lists the devices in the columns of util-linux's zramctl(8), and sets the parameters of
//! a device's algorithm by the same option.
//!
//! Everything comes from the attribute files of `zram:`, and goes there; a file that a device does not
//! have shows as `-`. If nothing of any device can be read, that is an error: the daemon is gone, or
//! all of it is forbidden.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zram_abi::attribute::Attribute;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::{args, eprintln, fs, println};

zram_rt::entry!(main);

const HELP: &str = "\
usage: zramctl [--bytes]
       zramctl --algorithm-params LIST zram:N
lists the devices of zram:
  NAME       zram:N
  ALGORITHM  the codec in use; behind a colon its level, unless that is 1
  DISKSIZE   size of the device
  DATA       what its pages would take uncompressed
  COMPR      what they take compressed
  TOTAL      memory of the pool, with what is lost in it
  STREAMS    CPUs that have a compression stream
  -b, --bytes                  sizes as plain numbers
  -p, --algorithm-params LIST  sets all parameters of a device without a size: level=8
A device is made by: echo > zram:control/hot_add
and gets its size by: echo 384M > zram:0/disksize";

fn main() -> u8 {
    let words: Vec<&str> = args().skip(1).collect();
    match *words {
        ["--help" | "-h"] => {
            println!("{HELP}");
            0
        }
        [] => told("zram", list(false)),
        ["--bytes" | "-b"] => told("zram", list(true)),
        ["--algorithm-params" | "-p", parameters, device] => {
            told(device, set_parameters(parameters, device))
        }
        [first, ..] => {
            eprintln!("zramctl: {first}: unknown, or not with this; see zramctl --help");
            2
        }
    }
}

fn told(what: &str, result: Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("zramctl: {what}: {}", InWords(error));
            1
        }
    }
}

/// Writes the parameters; if they are refused, tells what the device says about it.
fn set_parameters(parameters: &str, device: &str) -> Result<()> {
    let ("zram", number) = fs::split_path(device).ok_or(Error::new(syscall::EINVAL))? else {
        return Err(Error::new(syscall::EINVAL));
    };
    let name = Attribute::AlgorithmParams.name();
    let result = fs::write(&format!("/scheme/zram/{number}/{name}"), parameters.as_bytes());
    result.inspect_err(|_| {
        let words = read(number, Attribute::LastError.name());
        if !words.is_empty() {
            eprintln!("zramctl: {}", words.trim_end());
        }
    })
}

fn list(in_bytes: bool) -> Result<()> {
    let names = fs::list("zram:")?;
    println!(
        "{:8} {:9} {:>8} {:>8} {:>8} {:>8} {:>7}",
        "NAME", "ALGORITHM", "DISKSIZE", "DATA", "COMPR", "TOTAL", "STREAMS"
    );
    let mut unread = Ok(());
    let mut is_any_read = false;
    for name in names.iter().filter(|name| name.parse::<u32>().is_ok()) {
        let size = |text: Option<&str>| match text.and_then(|text| text.parse().ok()) {
            Some(bytes) if in_bytes => format!("{bytes}"),
            Some(bytes) => shortened(bytes),
            None => "-".to_string(),
        };
        let statistics = match fs::read_text(&format!("/scheme/zram/{name}/mm_stat")) {
            Ok(text) => {
                is_any_read = true;
                text
            }
            Err(error) => {
                unread = Err(error);
                String::new()
            }
        };
        let mut columns = statistics.split_whitespace();
        let [data, compressed, total] = [columns.next(), columns.next(), columns.next()];
        println!(
            "{:8} {:9} {:>8} {:>8} {:>8} {:>8} {:>7}",
            format!("zram:{name}"),
            algorithm(&read(name, Attribute::AlgorithmParams.name())),
            size(Some(read(name, "disksize").trim())),
            size(data),
            size(compressed),
            size(total),
            streams(&read(name, "streams"))
        );
    }
    if is_any_read { Ok(()) } else { unread }
}

/// Returns an attribute's text, empty if it cannot be read.
fn read(device: &str, attribute: &str) -> String {
    fs::read_text(&format!("/scheme/zram/{device}/{attribute}")).unwrap_or_default()
}

/// Returns the algorithm of a device's parameters, with the level unless that is 1.
fn algorithm(parameters: &str) -> String {
    let value = |key| parameters.split_whitespace().find_map(|pair| pair.strip_prefix(key));
    match (value("algo="), value("level=")) {
        (Some(algorithm), Some("1") | None) => algorithm.to_string(),
        (Some(algorithm), Some(level)) => format!("{algorithm}:{level}"),
        (None, _) => "-".to_string(),
    }
}

/// Returns how many CPUs have a stream: the lines that begin with a CPU's number.
fn streams(text: &str) -> String {
    let first_words = text.lines().filter_map(|line| line.split_whitespace().next());
    let count = first_words.filter(|word| word.parse::<u32>().is_ok()).count();
    if text.is_empty() { "-".to_string() } else { format!("{count}") }
}

/// Returns a size with one decimal and a suffix, as zramctl(8) does.
fn shortened(bytes: u64) -> String {
    let mut suffixes = ["K", "M", "G", "T", "P", "E"].into_iter();
    let (mut whole, mut tenths, mut suffix) = (bytes, 0, "B");
    while whole >= 1024 {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        suffix = suffixes.next().unwrap_or("E");
    }
    if tenths == 0 { format!("{whole}{suffix}") } else { format!("{whole}.{tenths}{suffix}") }
}
