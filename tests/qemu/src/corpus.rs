//! The sample of real pages that `memhog` fills memory with.
//!
//! At most [`PAGES_MAX`] pages of anonymous memory, taken from programs that are started for this
//! purpose (`programs.rs`), evenly from each program and evenly over its addresses. Pages made of
//! one repeated word are cheap to store and common in young processes, so at most one page in
//! twenty may be such a page. The file lies under `target/`, is readable by its owner alone and is
//! never committed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::machine::{Turn, turn_of};
use crate::place;

mod memory;
mod more;
mod programs;
mod scripts;
mod specimen;

#[cfg(test)]
mod tests;

pub use programs::{SPECIMEN_VERB, be_specimen};

use memory::Page;

/// Bytes of a page.
pub const PAGE_SIZE: usize = 4096;

/// Most pages of a sample: 4 MiB, which the image carries and `memhog` keeps in memory.
pub const PAGES_MAX: usize = 1024;

/// Most pages of a corpus of one program: 8 MiB.
pub const CORPUS_PAGES_MAX: usize = 2048;

/// One page in this many may be same-filled: 5 %.
const SAME_FILLED_ONE_IN: usize = 20;

/// How many pages are looked at for each that is taken.
const CHOICE: usize = 4;

/// A page that saves less than an eighth is refused by the device and stays in memory.
const TAKEN_BYTES_MAX: usize = PAGE_SIZE - PAGE_SIZE / 8;

/// The sample's place under `target/`.
const FILE: &str = "corpus/pages.bin";

/// What a sample is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Pages in all.
    pub pages: usize,
    /// Pages made of one repeated 64-bit word.
    pub same_filled: usize,
    /// Bytes before over bytes after LZ4, of the pages that are taken and not same-filled.
    pub ratio: f64,
    /// Part of the pages that save less than an eighth.
    pub incompressible_share: f64,
}

impl Profile {
    /// Returns the profile of some pages; an empty sample has ratio 1.
    pub fn of(pages: &[Page]) -> Self {
        let mut table = [0; PAGE_SIZE * 2];
        let (mut same_filled, mut incompressible, mut taken, mut bytes) = (0, 0, 0, 0);
        for page in pages {
            // The buffer is larger than LZ4's worst case for a page, so this cannot fail.
            let size = lz4_flex::block::compress_into(page, &mut table).unwrap_or(PAGE_SIZE);
            if is_same_filled(page) {
                same_filled += 1;
            } else if size > TAKEN_BYTES_MAX {
                incompressible += 1;
            } else {
                taken += 1;
                bytes += size;
            }
        }
        let ratio = if bytes == 0 { 1.0 } else { (taken * PAGE_SIZE) as f64 / bytes as f64 };
        let incompressible_share = incompressible as f64 / pages.len().max(1) as f64;
        Self { pages: pages.len(), same_filled, ratio, incompressible_share }
    }

    /// Returns the part of the pages that are one repeated word.
    pub fn same_filled_share(self) -> f64 {
        self.same_filled as f64 / self.pages.max(1) as f64
    }

    /// Returns what the sample is, in words, if it is nothing that programs have in memory.
    pub fn oddity(self) -> Option<&'static str> {
        if self.pages == 0 {
            Some("it has no page")
        } else if self.same_filled_share() > ODD_SHARE {
            Some(
                "these are pages of one repeated word, zeros for one: with the stamp that tells them \
                 apart they take next to nothing, and no ratio here says anything about programs",
            )
        } else if self.incompressible_share > ODD_SHARE {
            Some(
                "these are random or compressed bytes: such pages stay in memory, and nothing here \
                 says anything about programs",
            )
        } else {
            None
        }
    }

    /// Returns what the profile says in one line.
    pub fn summary(self) -> String {
        format!(
            "{} pages, same-filled {:.1} %, LZ4 ratio {:.2}, incompressible {:.1} %",
            self.pages,
            100.0 * self.same_filled as f64 / self.pages.max(1) as f64,
            self.ratio,
            100.0 * self.incompressible_share
        )
    }
}

/// More than this part of the pages makes a sample odd; ours has a twentieth of same-filled ones at most.
const ODD_SHARE: f64 = 0.9;

/// Returns the sample to use: `CORPUS=FILE`, or ours, which is captured when it is missing.
///
/// # Errors
///
/// In words, when the file named does not exist or the capture fails.
pub fn wanted() -> Result<PathBuf, String> {
    if let Some(file) = std::env::var_os("CORPUS").filter(|file| !file.is_empty()) {
        return Ok(PathBuf::from(file));
    }
    let path = place::under_target(FILE)?;
    if path.exists() {
        return Ok(path);
    }
    let _turn = turn()?;
    // Another run may have taken it in the meantime.
    if path.exists() { Ok(path) } else { take() }
}

/// Captures a new sample, reports on it and returns its path.
///
/// # Errors
///
/// In words, when no program could be sampled or the file cannot be written.
pub fn capture() -> Result<PathBuf, String> {
    let _turn = turn()?;
    take()
}

/// Captures each program of this machine into a file of its own in `folder`, of at most
/// [`CORPUS_PAGES_MAX`] pages.
///
/// # Errors
///
/// In words, when no program could be sampled or a file cannot be written.
pub fn capture_each(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut count = 0;
    for program in programs::for_corpora() {
        let name = program.name;
        match program.sample(CORPUS_PAGES_MAX * CHOICE) {
            Ok(pages) => {
                let chosen = choose_from(&pages, CORPUS_PAGES_MAX);
                println!("  {name}: {}", Profile::of(&chosen).summary());
                write_private(&folder.join(format!("{name}.bin")), chosen.as_flattened())?;
                count += 1;
            }
            Err(reason) => println!("  {name}: no sample ({reason})"),
        }
    }
    if count == 0 { Err("no program could be sampled".to_owned()) } else { Ok(()) }
}

/// Waits until no other run of this checkout takes a sample, and says so at once if one does.
fn turn() -> Result<Turn, String> {
    turn_of("corpus/lock").map_err(|why| why.to_string())
}

fn take() -> Result<PathBuf, String> {
    println!("taking a sample of memory from programs started for this purpose");
    let mut sources = Vec::new();
    for program in programs::all() {
        let name = program.name;
        match program.sample(PAGES_MAX * CHOICE) {
            Ok(pages) => sources.push((name, pages)),
            Err(reason) => println!("  {name}: no sample ({reason})"),
        }
    }
    if sources.iter().all(|(_, pages)| pages.is_empty()) {
        println!("  no process may be looked into here: the specimen gives its own pages");
        sources.push(("specimen", programs::specimen_gives_pages()?));
    }
    let parts = choose(sources.iter().map(|(_, pages)| pages.as_slice()));
    for ((name, _), part) in sources.iter().zip(&parts) {
        println!("  {name}: {}", Profile::of(part).summary());
    }
    let pages = parts.concat();
    println!("  all: {}", Profile::of(&pages).summary());
    let path = place::under_target(FILE)?;
    write_private(&path, pages.as_flattened())?;
    Ok(path)
}

/// Returns the pages of a sample.
///
/// # Errors
///
/// In words, when the file cannot be read or is no sample.
pub fn read(path: &Path) -> Result<Vec<Page>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    pages_of(&bytes).map_err(|why| format!("{}: {why}", path.display()))
}

fn pages_of(bytes: &[u8]) -> Result<Vec<Page>, String> {
    let (pages, rest) = bytes.as_chunks();
    let why = match pages.len() {
        0 => "too short",
        1..=PAGES_MAX if rest.is_empty() => return Ok(pages.to_vec()),
        1..=PAGES_MAX => "not whole pages",
        _ => "too long",
    };
    Err(format!(
        "{} bytes are {why}; a sample is 1 to {PAGES_MAX} pages of {PAGE_SIZE} bytes",
        bytes.len()
    ))
}

/// Returns at most `count` items, evenly spread and in their order.
fn spread<T>(items: &[T], count: usize) -> impl Iterator<Item = &T> {
    let count = count.min(items.len());
    (0..count).map(move |index| &items[index * items.len() / count])
}

/// Takes from each source its even part; what one cannot give is left to those behind it.
fn choose<'a>(sources: impl ExactSizeIterator<Item = &'a [Page]>) -> Vec<Vec<Page>> {
    let mut sources_left = sources.len();
    let mut pages_left = PAGES_MAX;
    let mut parts = Vec::new();
    for pages in sources {
        let part = choose_from(pages, pages_left / sources_left);
        sources_left -= 1;
        pages_left -= part.len();
        parts.push(part);
    }
    parts
}

/// Takes `count` pages at most, of which one in twenty may be same-filled.
fn choose_from(pages: &[Page], count: usize) -> Vec<Page> {
    let (same, other): (Vec<&Page>, Vec<&Page>) =
        pages.iter().partition(|page| is_same_filled(page));
    let same_max = count.min(other.len()) / SAME_FILLED_ONE_IN;
    let same_count = same.len().min(same_max);
    let chosen = spread(&same, same_count).chain(spread(&other, count - same_count));
    chosen.map(|page| **page).collect()
}

fn is_same_filled(page: &Page) -> bool {
    let words = page.as_chunks::<8>().0;
    words.iter().all(|word| *word == words[0])
}

/// Writes a file that its owner alone may read; a file that is there is replaced as a whole.
fn write_private(path: &Path, content: &[u8]) -> Result<(), String> {
    let describe = |error| format!("{}: {error}", path.display());
    let fresh = path.with_extension("new");
    if fresh.exists() {
        fs::remove_file(&fresh).map_err(describe)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(describe)?;
    file.write_all(content).map_err(describe)?;
    fs::rename(&fresh, path).map_err(describe)
}
