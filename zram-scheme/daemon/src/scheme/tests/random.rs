//! Random writes to attributes, valid, nearly valid, binary and huge: each does what the model says, or
//! is refused and changes nothing.
//!
//! The model reads a size by its own rules, with its own arithmetic. Bytes that the model does not
//! know (and nobody means) must at least be refused without a trace or change only what the file is
//! for.

use syscall::flag::O_WRONLY;
use zram::Algorithm;
use zram_abi::attribute::Attribute;
use zram_lifecycle::{Settings, View};

use crate::fake::Machine;

/// Writes in one run of the test.
const WRITES: u32 = 100_000;

/// Bytes of memory of the fake machine, for shares.
const MEMORY_BYTES: u128 = 256 << 20;

/// Bytes that no device may have.
const DISKSIZE_END: u128 = 1 << 43;

/// A xorshift generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// The files that are written.
const FILES: [Attribute; 9] = [
    Attribute::Disksize,
    Attribute::Resize,
    Attribute::CompAlgorithm,
    Attribute::AlgorithmParams,
    Attribute::MemLimit,
    Attribute::MemWatermark,
    Attribute::MemUsedMax,
    Attribute::Reset,
    Attribute::Compact,
];

/// Texts that some file takes, whole or as parts.
const TEXTS: [&str; 30] = [
    "0",
    "1",
    "4096",
    "4097",
    "64K",
    "1m",
    "2MiB",
    "1GB",
    "0x10000",
    "010000",
    "250%",
    "25%",
    "1T",
    "16T",
    "16E",
    "1Z",
    "-1",
    "+7",
    "70000",
    "lz4",
    "lz4-safe",
    "pagelz",
    "zstd",
    "LZ4",
    "level=2",
    "priority=0 algo=lz4 level=3",
    "priority=1 level=2",
    "level=99999999999",
    "bogus=1",
    "\n",
];

/// Devices of more pages have tables of megabytes, so they are made seldom.
const MANY_PAGES: u64 = 1 << 22;

/// Returns bytes to write to the file.
fn written_to(file: Attribute, random: &mut Random) -> Vec<u8> {
    let is_sized = matches!(file, Attribute::Disksize | Attribute::Resize);
    loop {
        let bytes = written(random);
        let is_large = is_sized && pages(&bytes).is_some_and(|pages| pages > MANY_PAGES);
        if !is_large || random.below(50) == 0 {
            return bytes;
        }
    }
}

/// Returns bytes to write: a text as it is, a spoiled one, noise, or far too much.
fn written(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.of(&TEXTS).as_bytes().to_vec();
    match random.below(8) {
        0..3 => {}
        3 => bytes.push(b'\n'),
        4 => bytes.insert(random.below(bytes.len() + 1), b" \t%KiB0x="[random.below(9)]),
        5 => {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        6 => bytes = (0..random.below(40)).map(|_| random.next() as u8).collect(),
        _ => bytes = bytes.repeat(random.below(600) + 1),
    }
    bytes
}

/// Returns the bytes that a text names, by rules of its own: the number up to the first letter, then
/// what the rest multiplies by.
fn size(bytes: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(text).trim_end_matches([' ', '\t']);
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (lower.as_str(), 10),
    };
    let end = digits.find(|letter: char| !letter.is_digit(radix)).unwrap_or(digits.len());
    let (digits, unit) = digits.split_at(end);
    if radix == 10 && digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    let number = u128::from_str_radix(digits, radix).ok().filter(|&number| number < 1 << 64)?;
    if unit == "%" && radix == 10 {
        return Some(number * MEMORY_BYTES / 100).filter(|_| number <= u128::from(u32::MAX));
    }
    let letters = "kmgtpe";
    let power = match unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(unit) {
        "" if unit.is_empty() => 0,
        letter if letter.len() == 1 => letters.find(letter)? + 1,
        _ => return None,
    };
    Some(number << (10 * power)).filter(|&bytes| bytes < 1 << 64)
}

fn pages(bytes: &[u8]) -> Option<u64> {
    let size = size(bytes).filter(|&size| size > 0 && size <= DISKSIZE_END - 4096)?;
    Some(size.div_ceil(4096) as u64)
}

/// What the view of the device must be after a write that was taken; nothing if it had to be refused.
fn after(view: View, file: Attribute, bytes: &[u8]) -> Option<View> {
    let bound =
        || size(bytes).map(|size| (size.div_ceil(4096) * 4096).min((1 << 64) - 4096) as u64);
    let sized = |pages| View { pages: zram_lifecycle::Pages::holding(pages * 4096).ok(), ..view };
    let line = std::str::from_utf8(bytes).ok().map(|text| text.strip_suffix('\n').unwrap_or(text));
    match file {
        Attribute::Disksize if view.pages.is_none() => pages(bytes).map(sized),
        // Nothing is stored and the device is closed, so it may shrink as well.
        Attribute::Resize if view.pages.is_some() => pages(bytes).map(sized),
        Attribute::CompAlgorithm if view.pages.is_none() => {
            let algorithm = Algorithm::from_name(line.filter(|_| bytes.len() < 128)?)?;
            let compressor = zram::Compressor::of(algorithm);
            Some(View { settings: Settings { compressor, ..view.settings }, ..view })
        }
        Attribute::MemLimit => {
            Some(View { settings: Settings { limit_bytes: bound()?, ..view.settings }, ..view })
        }
        Attribute::MemWatermark => {
            Some(View { settings: Settings { watermark_bytes: bound()?, ..view.settings }, ..view })
        }
        Attribute::MemUsedMax => decimal(line?).filter(|&number| number == 0).map(|_| view),
        Attribute::Reset => decimal(line?)
            .filter(|number| (1..65536).contains(number))
            .map(|_| View { settings: Settings::DEFAULT, pages: None, ..view }),
        Attribute::Compact => view.pages.map(|_| view),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal.then(|| digits.parse().ok()).flatten()
}

/// Parameters change the level alone, to one that the algorithm has.
fn is_only_another_level(before: View, after: View) -> bool {
    let algorithm = before.settings.compressor.algorithm();
    let compressor = after.settings.compressor;
    let same = View { settings: Settings { compressor, ..before.settings }, ..before };
    before.pages.is_none()
        && after == same
        && compressor.algorithm() == algorithm
        && algorithm.levels().contains(&compressor.level())
}

#[test]
fn any_write_does_what_the_model_says_or_changes_nothing() {
    let seed = 0x2026_1128_0545_0001;
    let mut random = Random(seed);
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let handles = FILES.map(|file| {
        let path = format!("0/{}", file.name());
        machine.open_as(&path, O_WRONLY, 0).unwrap()
    });
    let view = |machine: &Machine| machine.daemon.devices.views().collect::<Vec<_>>();
    let mut taken = [0_u32; FILES.len()];
    for number in 0..WRITES {
        let index = random.below(FILES.len());
        let file = FILES[index];
        let bytes = written_to(file, &mut random);
        let before = view(&machine);
        let result = machine.write(handles[index], 0, &bytes);
        let now = view(&machine);
        let at = || {
            format!(
                "seed {seed:#x}, write {number}: {file:?} {:?}",
                bytes.escape_ascii().to_string()
            )
        };
        assert!(now.len() == 1, "{}", at());
        let expected = after(before[0], file, &bytes).filter(|_| bytes.len() <= 4096);
        match (result, expected) {
            (Ok(0), _) => assert!(bytes.is_empty() && now == before, "{}", at()),
            (Ok(count), _) if file == Attribute::AlgorithmParams => {
                assert!(
                    count == bytes.len() && is_only_another_level(before[0], now[0]),
                    "{}",
                    at()
                );
            }
            (Ok(count), Some(expected)) => {
                assert!(count == bytes.len() && now[0] == expected, "{}", at());
            }
            (Err(_), None) => assert!(now == before, "{}", at()),
            (Ok(_), None) | (Err(_), Some(_)) => panic!("{}: {result:?}, {expected:?}", at()),
        }
        taken[index] += u32::from(result.is_ok());
    }
    assert!(taken.iter().all(|&count| count > 100), "each file takes something: {taken:?}");
}
