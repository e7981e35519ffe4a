//! `last_note`: accepted writes that are probably mistakes.

use crate::fake::{Machine, noise};

#[test]
fn a_setting_that_can_hardly_be_meant_is_taken_and_leaves_a_line() {
    let mut machine = Machine::with_device("64M");
    let device = machine.open("0");
    for slot in 0..32 {
        machine.write(device, slot * 4096, &noise(slot)).unwrap();
    }
    machine.close(device);
    for (path, text, note) in [
        (
            "0/mem_limit",
            "100",
            "mem_limit: a mem_limit of 4096 bytes is below the 131072 in use; nothing more is stored \
             until they are fewer\n",
        ),
        ("0/mem_limit", "64M", ""),
        (
            "0/mem_watermark",
            "65M",
            "mem_watermark: the pool never comes to 68157440 bytes: its mem_limit is 67108864\n",
        ),
        ("0/mem_watermark", "64M", ""),
    ] {
        machine.echo(path, text).unwrap();
        assert_eq!(machine.cat("0/last_note").unwrap(), note, "{path} {text}");
    }
}

#[test]
fn a_device_of_a_few_pages_and_a_limit_of_a_few_are_said_where_they_were_written() {
    let mut machine = Machine::new();
    for (line, note) in [
        (
            "disksize=64M mem_limit=100",
            "hot_add: a mem_limit of 4096 bytes is 4 KiB only; it is in bytes, megabytes have an M\n",
        ),
        (
            "disksize=512",
            "hot_add: the device has room for 1 page only; sizes are in bytes, megabytes have an M\n",
        ),
        ("disksize=64M", ""),
    ] {
        machine.echo("control/hot_add", line).unwrap();
        assert_eq!(machine.cat("control/last_note").unwrap(), note, "{line}");
    }
    machine.echo("control/hot_add", "id=9").unwrap();
    machine.echo("9/disksize", "8192").unwrap();
    let note = machine.cat("9/last_note").unwrap();
    assert!(note.starts_with("disksize: the device has room for 2 pages only"), "{note}");
    assert_eq!(machine.cat("0/last_note").unwrap(), "", "it is another device");
}

#[test]
fn a_note_goes_with_the_next_write_that_is_taken_and_with_the_device() {
    let mut machine = Machine::with_device("64M");
    machine.echo("0/mem_limit", "100").unwrap();
    let note = machine.cat("0/last_note").unwrap();
    assert_ne!(note, "");
    machine.echo("0/mem_limit", "much").unwrap_err();
    assert_eq!(machine.cat("0/last_note").unwrap(), note, "the refused write changed nothing");
    machine.echo("0/mem_used_max", "0").unwrap();
    assert_eq!(machine.cat("0/last_note").unwrap(), "");
    machine.echo("0/mem_limit", "100").unwrap();
    machine.echo("0/reset", "1").unwrap();
    assert_eq!(machine.cat("0/last_note").unwrap(), "");
}
