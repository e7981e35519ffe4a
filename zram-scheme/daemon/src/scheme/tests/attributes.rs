//! What writes to attribute and control files do and refuse, and what reads show.

use syscall::{E2BIG, EBUSY, EEXIST, EINVAL, ENODEV, ENOMEM, ENOSPC, ERANGE};

use crate::fake::Machine;

#[test]
fn hot_add_gives_the_lowest_free_id_and_tells_it() {
    let mut machine = Machine::new();
    assert_eq!(machine.cat("control/last_added").unwrap(), "");
    let first = machine.open("control/hot_add");
    assert_eq!(machine.write(first, 0, b"\n"), Ok(1));
    let second = machine.open("control/hot_add");
    assert_eq!(machine.write(second, 0, b"disksize=1M mem_limit=8K\n"), Ok(25));
    assert_eq!(machine.cat("control/last_added").unwrap(), "1\n");
    assert_eq!(machine.read(first, 0, 10).unwrap(), b"0\n", "on the writing handle, its own");
    assert_eq!(machine.echo("control/hot_remove", "0"), Ok(1));
    assert_eq!(machine.echo("control/hot_add", "\n"), Ok(1));
    assert_eq!(machine.cat("control/last_added").unwrap(), "0\n");
    assert_eq!(machine.cat("0/disksize").unwrap(), "0\n");
    assert_eq!(machine.cat("1/disksize").unwrap(), "1048576\n");
    assert_eq!(machine.column("1/mm_stat", 3), 8192);
}

#[test]
fn control_files_refuse_as_linux_does() {
    let mut machine = Machine::with_device("1M");
    for (file, text, errno) in [
        ("hot_remove", "999", ENODEV),
        ("hot_remove", "1", ENODEV),
        ("hot_remove", "-1", EINVAL),
        ("hot_remove", "abc", EINVAL),
        ("hot_remove", "1x", EINVAL),
        ("hot_remove", "2147483648", ERANGE),
        ("hot_add", "id=0", EEXIST),
        ("hot_add", "id=999", ENOSPC),
        ("hot_add", "bogus=1", EINVAL),
        ("hot_add", "disksize=16T", ENOMEM),
        ("exit", "0", EINVAL),
        ("exit", "yes", EINVAL),
    ] {
        assert_eq!(machine.echo(&format!("control/{file}"), text), Err(errno), "{file} {text:?}");
        let words = machine.cat("control/last_error").unwrap();
        assert!(words.starts_with(file), "{words:?}");
    }
    assert_eq!(machine.cat("").unwrap(), "control\n0\n");
    assert_eq!(machine.echo("control/hot_remove", "0\n"), Ok(2));
    assert_eq!(machine.echo("control/hot_remove", "0\n"), Err(ENODEV));
}

#[test]
fn state_errors_are_those_of_linux_and_come_after_parse_errors() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "\n").unwrap();
    for (path, text, expected) in [
        ("0/disksize", "16M", Err(EBUSY)),
        ("0/disksize", "0", Err(EINVAL)),
        ("0/disksize", "16T", Err(ENOMEM)),
        ("0/comp_algorithm", "lz4", Err(EBUSY)),
        ("0/comp_algorithm", "nosuch", Err(EINVAL)),
        ("1/comp_algorithm", "lz4\n", Ok(4)),
        ("0/algorithm_params", "level=2", Err(EBUSY)),
        ("0/algorithm_params", "level=", Err(EINVAL)),
        ("1/algorithm_params", "level=99999999999", Err(ERANGE)),
        ("1/algorithm_params", "level=0", Err(EINVAL)),
        ("1/algorithm_params", "algo=lz4-safe level=1", Err(EINVAL)),
        ("1/algorithm_params", "algo=lz4 level=2\n", Ok(17)),
        ("1/compact", "1", Err(EINVAL)),
        ("0/compact", "anything", Ok(8)),
        ("1/mem_used_max", "0", Ok(1)),
        ("0/mem_used_max", "0", Ok(1)),
        ("0/mem_used_max", "1", Err(EINVAL)),
        ("1/mem_limit", "4097", Ok(4)),
        ("0/mem_limit", "1M", Ok(2)),
        ("1/reset", "1", Ok(1)),
        ("0/reset", "70000", Err(ERANGE)),
        ("0/reset", "0", Err(EINVAL)),
    ] {
        assert_eq!(machine.echo(path, text), expected, "{path} {text:?}");
    }
    let words = machine.cat("0/last_error").unwrap();
    assert!(words.starts_with("reset: \"0\": has no meaning here"), "{words:?}");
}

#[test]
fn a_level_holds_until_the_algorithm_or_the_parameters_are_set_again_or_reset() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "comp_algorithm=lz4 level=3\n").unwrap();
    for (path, text, shown) in [
        ("0/mem_limit", "0", "priority=0 algo=lz4 level=3\n"),
        ("0/algorithm_params", "level=8", "priority=0 algo=lz4 level=8\n"),
        ("0/algorithm_params", "priority=0", "priority=0 algo=lz4 level=1\n"),
        ("0/algorithm_params", "algo=lz4 level=5", "priority=0 algo=lz4 level=5\n"),
        ("0/comp_algorithm", "lz4", "priority=0 algo=lz4 level=1\n"),
        ("0/comp_algorithm", "lz4-safe", "priority=0 algo=lz4-safe level=1\n"),
        ("0/reset", "1", "priority=0 algo=lz4 level=1\n"),
        ("0/algorithm_params", "level=2", "priority=0 algo=lz4 level=2\n"),
        ("0/disksize", "1M", "priority=0 algo=lz4 level=2\n"),
        ("0/reset", "1", "priority=0 algo=lz4 level=1\n"),
    ] {
        machine.echo(path, text).unwrap();
        assert_eq!(machine.cat("0/algorithm_params").unwrap(), shown, "{path} {text}");
    }
}

#[test]
fn a_write_of_nothing_has_no_effect_and_no_error() {
    let mut machine = Machine::with_device("1M");
    for path in ["0/disksize", "0/reset", "0/comp_algorithm", "control/hot_add", "control/exit"] {
        assert_eq!(machine.echo(path, ""), Ok(0), "{path}");
    }
    assert_eq!(machine.cat("").unwrap(), "control\n0\n");
    assert_eq!(machine.echo("0/compact", &"x".repeat(4097)), Err(E2BIG));
}

#[test]
fn attributes_show_what_linux_shows() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let zeros =
        "       0        0        0        0        0        0        0        0        0\n";
    for (path, text) in [
        ("0/disksize", "0\n"),
        ("0/initstate", "0\n"),
        ("0/comp_algorithm", "pagelz [lz4] lz4-safe \n"),
        ("0/algorithm_params", "priority=0 algo=lz4 level=1\n"),
        ("0/mm_stat", zeros),
        ("0/io_stat", "       0        0 0        0\n"),
        ("0/streams", ""),
        ("0/debug_stat", "version: 1\n0        0\n"),
        ("0/mem_watermark", "0\n"),
        ("0/last_error", ""),
    ] {
        assert_eq!(machine.cat(path).unwrap(), text, "{path}");
    }
    machine.echo("0/disksize", "4097").unwrap();
    assert_eq!(machine.cat("0/disksize").unwrap(), "8192\n");
    assert_eq!(machine.cat("0/initstate").unwrap(), "1\n");
    let streams = machine.cat("0/streams").unwrap();
    let words: Vec<&str> = streams.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(words, ["0", "1", "fallback", "table_bytes", "streams_bytes"]);
}

#[test]
fn statistics_have_as_many_columns_before_a_size_as_after() {
    let mut machine = crate::fake::Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let columns = |machine: &mut crate::fake::Machine| {
        ["0/mm_stat", "0/io_stat", "0/stat"].map(|path| {
            let text = machine.cat(path).unwrap();
            assert!(text.ends_with('\n') && !text.contains('\t'), "{text:?}");
            text.split_whitespace().count()
        })
    };
    assert_eq!(columns(&mut machine), [9, 4, 17]);
    machine.echo("0/disksize", "10M").unwrap();
    assert_eq!(columns(&mut machine), [9, 4, 17]);
}

#[test]
fn two_mounted_devices_are_not_removed_and_nothing_changes() {
    let mut machine = crate::fake::Machine::new();
    for id in [0, 1] {
        machine.echo("control/hot_add", &format!("id={id} disksize=10M")).unwrap();
    }
    let handles = ["0", "1"].map(|path| machine.open(path));
    for handle in handles {
        machine.verb(handle, [zram_abi::verb::SWAP_ATTACH, 0, 0]).unwrap();
    }
    let before = machine.daemon.remains();
    for id in ["0", "1"] {
        assert_eq!(machine.echo("control/hot_remove", id), Err(syscall::EBUSY));
    }
    assert_eq!(machine.daemon.remains(), before);
    for handle in handles {
        machine.close(handle);
    }
    for id in ["0", "1"] {
        assert_eq!(machine.echo("control/hot_remove", id), Ok(1));
    }
    assert_eq!(machine.echo("control/hot_add", "id=0 disksize=10M"), Ok(17), "it can come again");
}
