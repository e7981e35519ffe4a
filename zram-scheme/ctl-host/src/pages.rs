//! The pages of a file, of a core dump, or of a running process.

use std::fmt;
use std::fs::{self, File};
use std::iter;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use elf::abi::PT_LOAD;
use elf::endian::AnyEndian;

/// Bytes of a page.
pub(crate) const PAGE_SIZE: usize = 4096;

/// A page's content.
pub(crate) type Page = [u8; PAGE_SIZE];

/// Bytes at the start of a core dump that have its list of segments, and far more.
const HEADERS_MAX: u64 = 16 << 20;

/// Where pages come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file; if it is a core dump, the memory in it.
    File(PathBuf),
    /// A process of this machine.
    Process(u32),
}

/// Some pages, and how many there are in all.
#[derive(Debug)]
pub(crate) struct Pages {
    /// Those that are looked at.
    pub(crate) pages: Vec<Page>,
    /// All there are.
    pub(crate) all: usize,
}

/// Where a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    offset: u64,
    /// Bytes of it that there are.
    length: usize,
}

impl Source {
    /// Returns the source that a file is.
    pub(crate) fn file(path: &str) -> Self {
        Self::File(path.into())
    }

    /// Returns the source that a process is.
    ///
    /// # Errors
    ///
    /// In words, if it is no number of a process.
    pub(crate) fn process(text: &str) -> Result<Self, String> {
        text.parse().map(Self::Process).map_err(|_| format!("{text}: not the number of a process"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Process(number) => write!(out, "process {number}"),
        }
    }
}

impl Pages {
    /// Reads at most `count` pages, evenly spread over all. A last part of a page is filled up with zeros.
    ///
    /// # Errors
    ///
    /// In words: what cannot be read, or has no page.
    pub(crate) fn of(source: &Source, count: usize) -> Result<Self, String> {
        let wrong = |error: std::io::Error| format!("{source}: {error}");
        let (file, ranges) = match source {
            Source::File(path) => {
                let file = File::open(path).map_err(wrong)?;
                let size = file.metadata().map_err(wrong)?.len();
                let ranges =
                    core_dump(&file, size).unwrap_or_else(|| iter::once(0..size).collect());
                (file, ranges)
            }
            Source::Process(number) => {
                let maps = fs::read_to_string(format!("/proc/{number}/maps")).map_err(wrong)?;
                let file = File::open(format!("/proc/{number}/mem")).map_err(wrong)?;
                (file, maps.lines().filter_map(private_range).collect())
            }
        };
        let places: Vec<Place> = ranges.into_iter().flat_map(pages_in).collect();
        let mut pages = Vec::new();
        for &Place { offset, length } in spread(&places, count) {
            let mut page = [0; PAGE_SIZE];
            // Of a process that runs, a page may have gone since the list was made.
            if file.read_exact_at(&mut page[..length], offset).is_ok() {
                pages.push(page);
            }
        }
        if pages.is_empty() {
            return Err(format!("{source}: no page of it can be read"));
        }
        Ok(Self { pages, all: places.len() })
    }
}

/// Returns at most `count` of the places, evenly spread.
fn spread(places: &[Place], count: usize) -> impl Iterator<Item = &Place> {
    let chosen = places.len().min(count);
    (0..chosen).map(move |number| &places[number * places.len() / chosen])
}

fn pages_in(range: Range<u64>) -> impl Iterator<Item = Place> {
    let starts = range.clone().step_by(PAGE_SIZE);
    starts.map(move |offset| {
        let left = range.end - offset;
        Place { offset, length: left.min(PAGE_SIZE as u64) as usize }
    })
}

/// Returns where in a core dump memory is; nothing if it is another kind of file.
fn core_dump(file: &File, size: u64) -> Option<Vec<Range<u64>>> {
    let mut head = vec![0; size.min(HEADERS_MAX) as usize];
    file.read_exact_at(&mut head, 0).ok()?;
    let parsed = elf::ElfBytes::<AnyEndian>::minimal_parse(&head).ok()?;
    if parsed.ehdr.e_type != elf::abi::ET_CORE {
        return None;
    }
    let segments = parsed.segments()?.iter().filter(|segment| segment.p_type == PT_LOAD);
    let inside =
        segments.filter(|it| it.p_offset.checked_add(it.p_filesz).is_some_and(|e| e <= size));
    Some(inside.map(|segment| segment.p_offset..segment.p_offset + segment.p_filesz).collect())
}

/// Returns the addresses of a line of /proc/PID/maps, if what is there is private and can be swapped.
fn private_range(line: &str) -> Option<Range<u64>> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let name = fields.nth(3).unwrap_or("");
    let is_wanted = permissions.starts_with("rw")
        && permissions.ends_with('p')
        && (name.is_empty() || matches!(name, "[heap]" | "[stack]"));
    let address = |text| u64::from_str_radix(text, 16).ok();
    let (start, end) = (address(start)?, address(end)?);
    (is_wanted && start <= end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::{PAGE_SIZE, Pages, Place, Source, private_range, spread};

    fn file(name: &str, bytes: &[u8]) -> Source {
        let path = std::env::temp_dir().join(format!("zramctl-host-{name}-{}", std::process::id()));
        std::fs::write(&path, bytes).expect("a place for small files");
        Source::File(path)
    }

    fn pages(source: &Source, count: usize) -> Pages {
        let pages = Pages::of(source, count).expect("it can be read");
        if let Source::File(path) = source {
            std::fs::remove_file(path).expect("it was made here");
        }
        pages
    }

    #[test]
    fn a_file_is_cut_into_pages_and_the_last_is_filled_up() {
        let read = pages(&file("cut", &[7; PAGE_SIZE + 1]), usize::MAX);
        assert_eq!(read.pages.len(), 2);
        assert_eq!((read.pages[1][0], read.pages[1][1]), (7, 0));
    }

    #[test]
    fn of_a_core_dump_only_the_memory_counts() {
        // A 64-bit little-endian header, one segment of a page at 8192, and a page of something else.
        let mut bytes = vec![0; 3 * PAGE_SIZE];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        for (at, value) in [(16, 4), (18, 62), (20, 1), (32, 64), (52, 64), (54, 56), (56, 1)] {
            bytes[at] = value;
        }
        bytes[64] = 1;
        bytes[72 + 1] = 0x20;
        bytes[96 + 1] = 0x10;
        bytes[104 + 1] = 0x10;
        bytes[2 * PAGE_SIZE..].fill(9);
        let read = pages(&file("core", &bytes), usize::MAX);
        assert_eq!((read.all, read.pages), (1, vec![[9; PAGE_SIZE]]));
    }

    #[test]
    fn few_of_many_pages_are_spread_over_all() {
        let place = |offset| Place { offset, length: PAGE_SIZE };
        let places: Vec<_> = (0..10).map(place).collect();
        let chosen: Vec<u64> = spread(&places, 4).map(|place| place.offset).collect();
        assert_eq!(chosen, [0, 2, 5, 7]);
        assert_eq!(spread(&places, 99).count(), 10);
        assert_eq!(spread(&[], 4).count(), 0);
    }

    #[test]
    fn a_process_has_its_private_memory_and_no_file() {
        assert_eq!(private_range("5000-7000 rw-p 00000000 00:00 0   [heap]"), Some(0x5000..0x7000));
        assert_eq!(private_range("5000-7000 rw-p 00000000 fe:01 12 /lib/x.so"), None);
        assert_eq!(private_range("5000-7000 r--p 00000000 00:00 0"), None);
        let own = Pages::of(&Source::Process(std::process::id()), 8).expect("one's own memory");
        assert!(!own.pages.is_empty());
    }

    #[test]
    fn what_has_no_pages_is_refused() {
        let empty = file("empty", b"");
        assert!(Pages::of(&empty, 8).expect_err("it has none").contains("no page"));
        if let Source::File(path) = empty {
            std::fs::remove_file(path).expect("it was made here");
        }
    }
}
