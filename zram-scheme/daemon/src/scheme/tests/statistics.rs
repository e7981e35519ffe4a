//! What the files of statistics show of a device with pages.

use syscall::flag::{O_RDONLY, O_WRONLY};
use syscall::{EACCES, EINVAL};
use zram_abi::verb::DISCARD;

use super::NOBODY;
use crate::fake::{Machine, noise, page};

/// The page size, for offsets.
const PAGE: u64 = 4096;

/// A device of 40 MiB, so of several leaves, with a same-filled page in slot 0, one that compresses
/// in slot 5, and one that does not in slot 9000.
fn machine() -> (Machine, usize) {
    let mut machine = Machine::with_device("40M");
    let handle = machine.open("0");
    machine.write(handle, 0, &[b'A'; 4096]).unwrap();
    machine.write(handle, 5 * PAGE, &page(1)).unwrap();
    machine.write(handle, 9000 * PAGE, &noise(1)).unwrap();
    (machine, handle)
}

fn number(machine: &mut Machine, name: &str) -> u64 {
    let text = machine.cat("0/statistics").unwrap();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.next().unwrap().parse().unwrap()
}

#[test]
fn block_state_lists_the_slots_that_hold_a_page() {
    let (mut machine, _handle) = machine();
    let file = machine.open_as("0/block_state", O_RDONLY, 0).unwrap();
    let expected = "           0            5.000000 s.....\n\
                    \u{20}          5            5.000000 ......\n\
                    \u{20}       9000            5.000000 ..h...\n";
    assert_eq!(machine.read(file, 0, 8192).unwrap(), expected.as_bytes());
    assert_eq!(machine.read(file, expected.len() as u64, 100).unwrap(), b"");
    for size in [1, 7, 40, 41] {
        let mut text = Vec::new();
        while let part @ [_, ..] = &*machine.read(file, text.len() as u64, size).unwrap() {
            text.extend_from_slice(part);
        }
        assert_eq!(text, expected.as_bytes(), "in pieces of {size}");
    }
    assert_eq!(machine.read(file, 95, 10).unwrap(), &expected.as_bytes()[95..105]);
}

#[test]
fn block_state_is_for_root_and_needs_a_size() {
    let (mut machine, _handle) = machine();
    assert_eq!(machine.open_as("0/block_state", O_RDONLY, NOBODY), Err(EACCES));
    assert_eq!(machine.open_as("0/block_state", O_WRONLY, 0), Err(EACCES));
    machine.echo("control/hot_add", "\n").unwrap();
    let file = machine.open_as("1/block_state", O_RDONLY, 0).unwrap();
    assert_eq!(machine.read(file, 0, 100), Err(EINVAL));
}

#[test]
fn statistics_count_what_goes_in_and_out_and_add_up() {
    let (mut machine, handle) = machine();
    machine.read(handle, 0, 2 * 4096).unwrap();
    machine.verb(handle, [DISCARD, 0, 4]).unwrap();
    for (name, expected) in [
        ("logical_bytes", 2 * 4096),
        ("huge_pages", 1),
        ("same_pages", 0),
        ("reads", 1),
        ("read_bytes", 2 * 4096),
        ("writes", 3),
        ("write_bytes", 3 * 4096),
        ("discards", 1),
        ("discard_bytes", 4 * 4096),
        ("pool_bytes", machine.column("0/mm_stat", 2)),
        ("stored_bytes", machine.column("0/mm_stat", 1)),
    ] {
        assert_eq!(number(&mut machine, name), expected, "{name}");
    }
    let total = number(&mut machine, "pool_bytes") + number(&mut machine, "metadata_bytes");
    assert_eq!(number(&mut machine, "total_bytes"), total);
    let sectors = [2, 6, 13].map(|column| machine.column("0/stat", column));
    assert_eq!(sectors, [16, 24, 32], "read, written, discarded, of 512 bytes");
}

#[test]
fn a_reset_leaves_no_count() {
    let (mut machine, handle) = machine();
    machine.read(handle, 0, 4096).unwrap();
    machine.close(handle);
    machine.echo("0/reset", "1").unwrap();
    for name in ["logical_bytes", "total_bytes", "reads", "writes", "write_bytes", "discards"] {
        assert_eq!(number(&mut machine, name), 0, "{name}");
    }
    let text = machine.cat("0/stat").unwrap();
    assert!(text.split_whitespace().all(|column| column == "0"), "{text}");
}
