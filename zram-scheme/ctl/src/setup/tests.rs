//! All of the boot configuration, or nothing of it.

use alloc::string::String;
use alloc::vec::Vec;

use super::run;
use crate::system::fake::Fake;

const CONF: &str = "\
num_devices = 3
[zram:0]
disksize = 64M
swap-priority = 100
[zram:1]
disksize = 1M
swap-priority = 5
";

fn system(conf: &str) -> Fake {
    Fake::with(&[
        ("/etc/zram.conf", conf),
        ("/scheme/swap/areas", "head\n"),
        ("/scheme/zram", "control\n"),
        ("/scheme/zram/0/disksize", "67108864\n"),
        ("/scheme/zram/1/disksize", "1048576\n"),
        ("/scheme/zram/control/last_error", "hot_add: disksize=1M: no memory\n"),
    ])
}

fn outcome(system: &Fake) -> (u8, Vec<String>, String) {
    (run(system, &[]), system.done(), system.shown.borrow().clone())
}

#[test]
fn devices_are_made_and_then_mounted() {
    let (code, done, said) = outcome(&system(CONF));
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(
        done,
        [
            "add id=0 disksize=64M",
            "add id=1 disksize=1M",
            "add id=2",
            "mount zram:0 100",
            "mount zram:1 5"
        ]
    );
}

#[test]
fn a_file_with_a_mistake_does_nothing_at_all() {
    let (code, done, said) = outcome(&system("[zram:0]\ndisksize = 64M\nnosuch = 1\n"));
    assert_eq!((code, done.len()), (1, 0));
    assert!(said.starts_with("! zram-setup: /etc/zram.conf:3:1: nosuch: no such key"), "{said}");
}

#[test]
fn a_device_that_cannot_be_made_takes_those_before_it_away_again() {
    let mut system = system(CONF);
    system.fails = [("add id=1", syscall::ENOMEM)].into();
    let (code, done, said) = outcome(&system);
    assert_eq!(code, 1);
    assert_eq!(
        done,
        [
            "add id=0 disksize=64M",
            "add id=1 disksize=1M",
            "write /scheme/zram/control/hot_remove 0"
        ]
    );
    let why = "! zram-setup: /etc/zram.conf:6:12: hot_add: disksize=1M: no memory; nothing of it is in use\n";
    assert_eq!(said, why);
}

#[test]
fn a_device_that_cannot_be_mounted_takes_everything_away_again() {
    let mut system = system(CONF);
    system.fails = [("mount zram:1", syscall::ENOMEM)].into();
    let (code, done, _) = outcome(&system);
    assert_eq!(code, 1);
    assert_eq!(
        done[5..],
        [
            "unmount zram:0",
            "write /scheme/zram/control/hot_remove 0",
            "write /scheme/zram/control/hot_remove 1",
            "write /scheme/zram/control/hot_remove 2",
        ]
    );
}

#[test]
fn a_check_does_nothing() {
    let system = system(CONF);
    assert_eq!((run(&system, &["--check"]), system.done().len()), (0, 0));
}
