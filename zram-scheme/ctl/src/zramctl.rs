//! `zramctl`: lists the devices in the columns of util-linux's zramctl(8).
//!
//! Everything comes from the attribute files of `zram:`; a file that a device does not have shows
//! as `-`.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};

use zram_rt::errno::{InWords, Result};
use zram_rt::{args, eprintln, fs, println};

zram_rt::entry!(main);

const HELP: &str = "\
usage: zramctl [--bytes]
lists the devices of zram:
  NAME       zram:N
  ALGORITHM  the codec in use
  DISKSIZE   size of the device
  DATA       what its pages would take uncompressed
  COMPR      what they take compressed
  TOTAL      memory of the pool, with what is lost in it
  STREAMS    CPUs that have a compression stream
  --bytes    sizes as plain numbers
A device is made by: echo > zram:control/hot_add
and gets its size by: echo 384M > zram:0/disksize";

fn main() -> u8 {
    let mut in_bytes = false;
    for argument in args().skip(1) {
        match argument {
            "--help" | "-h" => {
                println!("{HELP}");
                return 0;
            }
            "--bytes" | "-b" => in_bytes = true,
            _ => {
                eprintln!("zramctl: {argument}: unknown; see zramctl --help");
                return 2;
            }
        }
    }
    match list(in_bytes) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("zramctl: zram: {}", InWords(error));
            1
        }
    }
}

fn list(in_bytes: bool) -> Result<()> {
    let names = fs::list("zram:")?;
    println!(
        "{:8} {:9} {:>8} {:>8} {:>8} {:>8} {:>7}",
        "NAME", "ALGORITHM", "DISKSIZE", "DATA", "COMPR", "TOTAL", "STREAMS"
    );
    for name in names.iter().filter(|name| name.parse::<u32>().is_ok()) {
        let size = |text: Option<&str>| match text.and_then(|text| text.parse().ok()) {
            Some(bytes) if in_bytes => format!("{bytes}"),
            Some(bytes) => shortened(bytes),
            None => "-".to_string(),
        };
        let statistics = read(name, "mm_stat");
        let mut columns = statistics.split_whitespace();
        let [data, compressed, total] = [columns.next(), columns.next(), columns.next()];
        println!(
            "{:8} {:9} {:>8} {:>8} {:>8} {:>8} {:>7}",
            format!("zram:{name}"),
            chosen(&read(name, "comp_algorithm")),
            size(Some(read(name, "disksize").trim())),
            size(data),
            size(compressed),
            size(total),
            streams(&read(name, "streams"))
        );
    }
    Ok(())
}

/// Returns an attribute's text, empty if it cannot be read.
fn read(device: &str, attribute: &str) -> String {
    fs::read_text(&format!("/scheme/zram/{device}/{attribute}")).unwrap_or_default()
}

/// Returns the algorithm in brackets.
fn chosen(algorithms: &str) -> &str {
    let behind = algorithms.split_once('[').map_or("-", |(_, behind)| behind);
    behind.split(']').next().unwrap_or(behind)
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
