//! Instructions per page, counted by callgrind: a figure without noise.
//!
//! `bench instructions` starts this program again under valgrind, once per codec and direction, and
//! counts in one function alone. The pages are a part of the corpus, taken at even distances.

use std::env;
use std::process::Command;

use crate::contenders::{self, ANCHOR, Contender};
use crate::corpus::Corpus;

/// How many pages are counted over: valgrind is some 50 times slower than the processor.
const PAGES: usize = 512;

/// The verb that valgrind runs.
pub(crate) const COUNTED: &str = "counted";

/// The functions of [`Contender`] in which instructions are counted.
const COMPRESS: &str = "compress_all";
const DECOMPRESS: &str = "decompress_all";

/// Counts for every codec and prints a table.
///
/// # Errors
/// In words, when valgrind is missing or says something unexpected.
pub(crate) fn count_all() -> Result<(), String> {
    println!("instructions a page, over {PAGES} pages of the corpus at most\n");
    println!("{:20}{:>12}{:>12}{:>12}{:>10}", "", "compress", "decompress", "both", "of C");
    let mut anchor = f64::NAN;
    for Contender { name, .. } in contenders::all() {
        let (compress, decompress) = (count(&name, COMPRESS)?, count(&name, DECOMPRESS)?);
        let both = compress + decompress;
        if name == ANCHOR {
            anchor = both;
        }
        let of_anchor = both / anchor;
        println!("{name:20}{compress:>12.0}{decompress:>12.0}{both:>12.0}{of_anchor:>10.3}");
    }
    Ok(())
}

/// Runs one codec under callgrind; returns instructions per page.
fn count(name: &str, direction: &str) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        // The name is demangled; the stars stand for path and hash.
        .arg(format!("--toggle-collect=*Contender*::{direction}*"))
        .arg(program)
        .args([COUNTED, name, direction])
        .output()
        .map_err(|error| format!("valgrind: {error}; it is needed for counting"))?;
    let (said, pages) = (text(&output.stderr), text(&output.stdout));
    let is_count = |line: &str| line.split_once("Collected :")?.1.trim().parse::<f64>().ok();
    match (said.lines().find_map(is_count), pages.trim().parse::<f64>()) {
        (Some(count), Ok(pages)) if output.status.success() && count > 0.0 => Ok(count / pages),
        _ => Err(format!("valgrind, {name}, {direction}: {}\n{said}", output.status)),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What runs under valgrind: one direction of one codec; prints for how many pages.
///
/// # Errors
/// In words, when there is no such codec or direction, or a page does not come back.
pub(crate) fn run_counted(name: &str, direction: &str) -> Result<(), String> {
    let corpus = Corpus::read()?;
    let step = corpus.pages.len().div_ceil(PAGES);
    let pages: Vec<_> = corpus.pages.iter().step_by(step).copied().collect();
    let found = contenders::all().into_iter().find(|contender| contender.name == name);
    let mut contender = found.ok_or_else(|| format!("no codec {name}"))?;
    let blocks = contender.prepare(&pages)?;
    match direction {
        COMPRESS => {
            contender.compress_all(&pages);
            println!("{}", pages.len());
        }
        DECOMPRESS => {
            contender.decompress_all(&blocks);
            println!("{}", blocks.count());
        }
        other => return Err(format!("no direction {other}")),
    }
    Ok(())
}
