//! The oracle: what Linux 6.18 answers, what the daemon answers, and the reason for each
//! difference.
//!
//! Linux's side was observed on live devices: 6.18, and 6.12 and 7.3 where that has no such file, or (for
//! `algorithm_params` of a device with a size) answers as those before it did not. A row is one operation
//! on a fresh device in a state; the guide has the rows that differ, in the same words.

mod table;

use syscall::flag::{O_RDONLY, O_RDWR, O_WRONLY};
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use crate::fake::{Machine, noise};
use table::ROWS;

/// The page size, for offsets.
const PAGE: u64 = 4096;

/// The guide, whose table of differences is this one's.
const GUIDE: &str = include_str!("../../../../../docs/guide.md");

/// Heading of the guide's table.
const HEADING: &str = "## Differences from Linux";

/// In which state the device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Without a size.
    New,
    /// 1 MiB, nothing stored.
    Sized,
    /// 1 MiB, and a program has it open.
    Open,
    /// 1 MiB, swapped to.
    Mounted,
    /// 1 MiB, `mem_limit` of a page, and a page stored that does not compress.
    Full,
    /// 1 MiB, with a page of zeros and one of a repeated word stored.
    Same,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    /// Write this text to the file.
    Write(&'static str),
    /// Read the file.
    Read,
    /// Ask for its permissions.
    Mode,
    /// Write the text, then read the file.
    Set(&'static str),
    /// Write this text to the file, then read `disksize`.
    Then(&'static str, &'static str),
    /// Write a page that does not compress, at this byte.
    Store(u64),
    /// Read a page, at this byte.
    Load(u64),
    /// Discard the first two pages, then read the file.
    Discard,
}

/// One operation and its results.
struct Row {
    file: &'static str,
    when: When,
    what: Do,
    linux: &'static str,
    here: &'static str,
    /// Empty where both are the same.
    why: &'static str,
}

fn machine(when: When) -> Machine {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    if when != When::New {
        machine.echo("0/disksize", "1M").unwrap();
    }
    match when {
        When::New | When::Sized => {}
        When::Open => {
            machine.open("0");
        }
        When::Mounted => {
            let handle = machine.open("0");
            machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        }
        When::Full => {
            machine.echo("0/mem_limit", "4096").unwrap();
            store(&mut machine, 0, &noise(1)).unwrap();
        }
        When::Same => {
            store(&mut machine, 0, &[0; 4096]).unwrap();
            store(&mut machine, PAGE, b"abcdefgh".repeat(512).as_slice()).unwrap();
        }
    }
    machine
}

fn store(machine: &mut Machine, offset: u64, page: &[u8]) -> Result<usize, i32> {
    let handle = machine.open_as("0", O_RDWR, 0)?;
    let result = machine.write(handle, offset, page);
    machine.close(handle);
    result
}

fn read(machine: &mut Machine, path: &str) -> Result<String, i32> {
    let handle = machine.open_as(path, O_RDONLY, 0)?;
    let bytes = machine.read(handle, 0, 8192);
    machine.close(handle);
    bytes.map(|bytes| {
        String::from_utf8(bytes).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

fn write(machine: &mut Machine, path: &str, text: &str) -> Result<String, i32> {
    let handle = machine.open_as(path, O_WRONLY, 0)?;
    let result = machine.write(handle, 0, text.as_bytes());
    machine.close(handle);
    result.map(|count| {
        assert_eq!(count, text.len(), "what is taken is taken whole");
        "ok".to_owned()
    })
}

fn path_of(file: &str) -> String {
    match file {
        "hot_add" | "hot_remove" => format!("control/{file}"),
        file => format!("0/{file}"),
    }
}

fn mode(machine: &mut Machine, path: &str) -> Result<String, i32> {
    // Which users may open it how is what the bits say.
    let may = |machine: &mut Machine, flags, uid| machine.open_as(path, flags, uid).is_ok();
    let bits = |machine: &mut Machine, uid| {
        u32::from(may(machine, O_RDONLY, uid)) * 4 + u32::from(may(machine, O_WRONLY, uid)) * 2
    };
    let (root, others) = (bits(machine, 0), bits(machine, super::NOBODY));
    Ok(format!("{root}{others}{others}"))
}

fn perform(row: &Row) -> String {
    let mut machine = machine(row.when);
    let path = path_of(row.file);
    let result = match row.what {
        Do::Write(text) => write(&mut machine, &path, text),
        Do::Read => read(&mut machine, &path),
        Do::Mode => mode(&mut machine, &path),
        Do::Set(text) => write(&mut machine, &path, text).and_then(|_| read(&mut machine, &path)),
        Do::Then(text, shown) => {
            write(&mut machine, &path, text).and_then(|_| read(&mut machine, &path_of(shown)))
        }
        Do::Store(offset) => store(&mut machine, offset, &noise(2)).map(|_| "ok".to_owned()),
        Do::Load(offset) => load(&mut machine, offset),
        Do::Discard => {
            let handle = machine.open("0");
            let discarded = machine.verb(handle, [DISCARD, 0, 2]);
            machine.close(handle);
            discarded.and_then(|_| read(&mut machine, &path))
        }
    };
    result.unwrap_or_else(name)
}

fn load(machine: &mut Machine, offset: u64) -> Result<String, i32> {
    let handle = machine.open_as("0", O_RDONLY, 0)?;
    let bytes = machine.read(handle, offset, 4096)?;
    let what = if bytes.iter().all(|&byte| byte == 0) { "zeros" } else { "bytes" };
    Ok(if bytes.is_empty() { "the end".to_owned() } else { format!("{} {what}", bytes.len()) })
}

fn name(errno: i32) -> String {
    use syscall::{E2BIG, EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ERANGE};
    let names = [
        (E2BIG, "E2BIG"),
        (EACCES, "EACCES"),
        (EBUSY, "EBUSY"),
        (EINVAL, "EINVAL"),
        (EIO, "EIO"),
        (ENODEV, "ENODEV"),
        (ENOENT, "ENOENT"),
        (ENOMEM, "ENOMEM"),
        (ENOSPC, "ENOSPC"),
        (ERANGE, "ERANGE"),
    ];
    let found = names.into_iter().find(|&(number, _)| number == errno);
    found.map_or_else(|| format!("errno {errno}"), |(_, name)| name.to_owned())
}

#[test]
fn every_operation_answers_what_the_table_says() {
    let wrong: Vec<String> = ROWS
        .iter()
        .filter_map(|row| {
            let Row { file, when, what, here, .. } = row;
            let found = perform(row);
            (found != *here).then(|| format!("{file} {when:?} {what:?}: {found:?}, not {here:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_row_has_a_reason_if_and_only_if_it_differs_from_linux() {
    for Row { file, when, what, linux, here, why } in ROWS {
        assert_eq!(linux != here, !why.is_empty(), "{file} {when:?} {what:?}");
    }
}

/// Returns the row as a line of the guide.
fn line(row: &Row) -> String {
    let Row { file, when, what, linux, here, why } = row;
    let when = match when {
        When::New => "no size",
        When::Sized => "size set",
        When::Open => "open",
        When::Mounted => "mounted",
        When::Full => "at its limit",
        When::Same => "two same-filled pages",
    };
    let quoted = |text: &str| format!("`{}`", text.replace('\n', "\\n"));
    let what = match what {
        Do::Write(text) => format!("write {}", quoted(text)),
        Do::Read => "read".to_owned(),
        Do::Mode => "permissions".to_owned(),
        Do::Set(text) => format!("write {}, read", quoted(text)),
        Do::Then(text, shown) => format!("write {}, read `{shown}`", quoted(text)),
        Do::Store(offset) => format!("write a page at {offset}"),
        Do::Load(offset) => format!("read a page at {offset}"),
        Do::Discard => "discard two pages, read".to_owned(),
    };
    let file = if file.is_empty() { "the device" } else { file };
    format!("| `{file}` | {when} | {what} | {linux} | {here} | {why} |")
}

#[test]
fn the_guide_has_exactly_the_rows_that_differ() {
    let differing: Vec<String> =
        ROWS.iter().filter(|row| row.linux != row.here).map(line).collect();
    let section = GUIDE.split_once(HEADING).expect("the guide has that section").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let written: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(written, differing, "\n{}\n", differing.join("\n"));
}
