//! `last_error`: each refused request leaves one line that names the file, what was wrong, and what
//! would be accepted.

use syscall::flag::{O_RDONLY, O_RDWR, O_WRONLY};
use syscall::{EACCES, EBUSY, EINVAL, EIO, ENODATA, ENODEV, ENOSPC, ERANGE};
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use crate::fake::{Machine, noise};

/// The page size, for offsets.
const PAGE: u64 = 4096;

/// Path, what is written, the error, the line in `last_error`.
type Refused = (&'static str, &'static str, i32, &'static str);

/// Writes to a device 0 of 64 MiB and a device 1 without a size.
const REFUSED: &[Refused] = &[
    (
        "1/disksize",
        "64 M",
        EINVAL,
        "disksize: \"64 M\": not a size; write 67108864, 64M, 64MiB or 50% (of memory)",
    ),
    (
        "1/disksize",
        "0100",
        EINVAL,
        "disksize: \"0100\": a leading 0 means octal elsewhere and is not taken; write 4096 or 0x1000",
    ),
    ("1/disksize", "0", EINVAL, "disksize: \"0\": a device has at least one byte"),
    (
        "0/disksize",
        "1M",
        EBUSY,
        "disksize: the device is initialised, with 67108864 bytes; reset it first",
    ),
    (
        "0/mem_limit",
        "much",
        EINVAL,
        "mem_limit: \"much\": not a size; write 67108864, 64M, 64MiB or 50% (of memory)",
    ),
    (
        "1/comp_algorithm",
        "zstd",
        EINVAL,
        "comp_algorithm: \"zstd\": no such algorithm; there are NAMES",
    ),
    (
        "1/comp_algorithm",
        "[lz4]",
        EINVAL,
        "comp_algorithm: \"[lz4]\": no such algorithm; there are NAMES",
    ),
    (
        "1/comp_algorithm",
        "LZ4",
        EINVAL,
        "comp_algorithm: \"LZ4\": no such algorithm; there are NAMES",
    ),
    (
        "1/algorithm_params",
        "algo=lz4 level=x",
        EINVAL,
        "algorithm_params: level=\"x\": not a decimal number; LEVELS",
    ),
    (
        "1/algorithm_params",
        "dict=/d",
        EINVAL,
        "algorithm_params: dict=\"/d\": no such key; there are priority algo level",
    ),
    (
        "1/algorithm_params",
        "algo=pagelz level=1",
        EINVAL,
        "algorithm_params: the device has lz4; choose with comp_algorithm",
    ),
    (
        "1/reset",
        "70000",
        ERANGE,
        "reset: \"70000\": the number is out of range; 1 to 65535 reset the device",
    ),
    (
        "1/mem_used_max",
        "5",
        EINVAL,
        "mem_used_max: \"5\": has no meaning here; only 0 sets the mark to the present use",
    ),
    ("1/compact", "1", EINVAL, "compact: the device has no disksize yet, write that first"),
    ("1/resize", "1M", EINVAL, "resize: the device has no disksize yet, write that first"),
];

/// Returns the words with the algorithms there are and their levels.
fn filled_in(words: &str) -> String {
    let names: Vec<_> = zram::Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    let words = words.replace("LEVELS", &crate::words::Levels.to_string());
    words.replace("NAMES", &names.join(" "))
}

fn control_error(machine: &mut Machine) -> String {
    machine.cat("control/last_error").unwrap()
}

#[test]
fn what_was_written_is_quoted_with_what_would_be_taken() {
    let mut machine = Machine::with_device("64M");
    machine.echo("control/hot_add", "id=1").unwrap();
    for &(path, text, errno, words) in REFUSED {
        assert_eq!(machine.echo(path, text), Err(errno), "{path} {text:?}");
        let device = path.split('/').next().unwrap();
        let words = format!("{}\n", filled_in(words));
        assert_eq!(machine.cat(&format!("{device}/last_error")).unwrap(), words);
    }
}

#[test]
fn hot_add_names_the_key_and_the_right_forms() {
    let mut machine = Machine::with_device("1M");
    const FORMS: &str = "no key=value; write an empty line to add a device, or id=1 disksize=64M";
    for (text, words) in [
        ("1", format!("\"1\": {FORMS}")),
        ("zram0", format!("\"zram0\": {FORMS}")),
        ("64M", format!("\"64M\": {FORMS}")),
        (
            "id=1 disksize=64M level=2 comp_algorithm=lz4 mem_limit=x",
            "mem_limit=\"x\": not a size; write 67108864, 64M, 64MiB or 50% (of memory)".into(),
        ),
        ("id=0", "a device of that id exists; without id= a free one is taken".into()),
        (
            "comp_algorithm=zstd disksize=64M",
            "comp_algorithm=\"zstd\": no such algorithm; there are NAMES".into(),
        ),
    ] {
        assert!(machine.echo("control/hot_add", text).is_err(), "{text:?}");
        assert_eq!(control_error(&mut machine), format!("hot_add: {}\n", filled_in(&words)));
    }
    assert_eq!(machine.cat("").unwrap(), "control\n0\n", "none of them added a device");
}

#[test]
fn reading_hot_add_without_a_write_is_refused_with_words() {
    let mut machine = Machine::new();
    let handle = machine.open_as("control/hot_add", O_RDONLY, 0).unwrap();
    assert_eq!(machine.read(handle, 0, 16), Err(EINVAL));
    let words = control_error(&mut machine);
    assert!(words.starts_with("hot_add: nothing was added through this descriptor"), "{words}");
    assert!(words.contains("last_added tells its id"), "{words}");
    assert_eq!(machine.cat("").unwrap(), "control\n", "a read adds no device");
}

#[test]
fn who_holds_the_device_is_named() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    assert_eq!(machine.echo("0/reset", "1"), Err(EBUSY));
    assert_eq!(machine.cat("0/last_error").unwrap(), "reset: device 0 is open by a program\n");
    assert_eq!(machine.echo("control/exit", "1"), Err(EBUSY));
    assert_eq!(control_error(&mut machine), "exit: device 0 is open by a program\n");
    machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
    assert_eq!(machine.echo("control/hot_remove", "0"), Err(EBUSY));
    let words = "hot_remove: device 0 is mounted as swap; swapoff zram:0 first\n";
    assert_eq!(control_error(&mut machine), words);
    assert_eq!(machine.open_as("0", O_RDWR, 0), Err(EBUSY));
    let words = "0: it is mounted as swap, and nobody else opens it\n";
    assert_eq!(machine.cat("0/last_error").unwrap(), words);
    assert_eq!(machine.echo("control/hot_remove", "7"), Err(ENODEV));
    assert_eq!(control_error(&mut machine), "hot_remove: no such device; there are 0\n");
}

#[test]
fn a_refused_transfer_says_why() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let error = |machine: &mut Machine| machine.cat("0/last_error").unwrap();
    let handle = machine.open("0");
    assert_eq!(machine.write(handle, 0, &noise(1)), Err(ENOSPC));
    assert_eq!(error(&mut machine), "0: no room: the device has no disksize yet\n");
    assert_eq!(machine.verb(handle, [SWAP_ATTACH, 0, 0]), Err(ENODATA));
    assert_eq!(error(&mut machine), "0: the device has no disksize yet\n");
    machine.echo("0/disksize", "64K").unwrap();
    assert_eq!(machine.write(handle, 16 * PAGE, &noise(1)), Err(ENOSPC));
    assert_eq!(error(&mut machine), "0: no room beyond the end at 65536 bytes\n");
    assert_eq!(machine.write(handle, 1, &noise(1)), Err(EINVAL));
    assert_eq!(error(&mut machine), "0: only whole pages of 4096 bytes\n");
    assert_eq!(machine.verb(handle, [DISCARD, 15, 2]), Err(EINVAL));
    assert_eq!(error(&mut machine), "0: beyond the end, which is at 65536 bytes\n");
    machine.echo("0/mem_limit", "4K").unwrap();
    machine.write(handle, 0, &noise(1)).unwrap();
    assert_eq!(machine.write(handle, PAGE, &noise(2)), Err(EIO));
    let words = "0: mem_limit of 4096 bytes is reached, the page is as it was\n";
    assert_eq!(error(&mut machine), words);
}

#[test]
fn opening_a_file_for_what_it_cannot_do_is_told_to_root_alone() {
    let mut machine = Machine::with_device("1M");
    assert_eq!(machine.open_as("0/mm_stat", O_WRONLY, 0), Err(EACCES));
    assert_eq!(machine.cat("0/last_error").unwrap(), "mm_stat: it can only be read\n");
    assert_eq!(machine.open_as("0/reset", O_RDONLY, 0), Err(EACCES));
    assert_eq!(machine.cat("0/last_error").unwrap(), "reset: it can only be written\n");
    assert_eq!(machine.open_as("0", O_RDWR, super::NOBODY), Err(EACCES));
    assert_eq!(machine.cat("0/last_error").unwrap(), "reset: it can only be written\n");
}

#[test]
fn a_mounted_device_is_not_attached_again() {
    let mut machine = Machine::with_device("1M");
    let handles = [machine.open("0"), machine.open("0")];
    assert_eq!(machine.verb(handles[0], [SWAP_ATTACH, 0, 0]), Err(EBUSY));
    let words = "0: others have it open, so it cannot become swap\n";
    assert_eq!(machine.cat("0/last_error").unwrap(), words);
}
