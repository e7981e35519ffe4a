//! The files of a device: every good and bad write, and pages through the scheme.

use crate::fixture::{PAGES, SWAP, boot};

#[test]
fn every_attribute_takes_good_writes_and_refuses_bad_ones() {
    boot(2, "attributes\n").succeeds();
}

#[test]
fn programs_read_back_the_pages_they_wrote_through_the_scheme() {
    boot(2, PAGES).succeeds();
}

#[test]
fn pages_come_back_from_plain_and_coded_blocks_of_pagelz() {
    let script = "\
echo comp_algorithm=pagelz disksize=64M > zram:control/hot_add
echo comp_algorithm=pagelz level=5 disksize=64M > zram:control/hot_add
echo comp_algorithm=pagelz level=8 disksize=64M > zram:control/hot_add
pages zram:0
pages zram:1
pages zram:2
zramctl
";
    let run = boot(2, script).succeeds();
    let rows = run.output_of("zramctl");
    assert!(rows.iter().any(|row| row.starts_with("zram:1 pagelz:5 ")), "{rows:?}");
    assert!(rows.iter().any(|row| row.starts_with("zram:2 pagelz:8 ")), "{rows:?}");
}

#[test]
fn settings_of_a_mounted_device_are_refused() {
    let script = format!(
        "{SWAP}\
         ! echo 64M > zram:0/disksize\n\
         ! echo 1 > zram:0/reset\n\
         ! echo 0 > zram:control/hot_remove\n\
         cat zram:0/disksize\n"
    );
    boot(2, &script).succeeds().prints("cat zram:0/disksize", &(512 << 20).to_string());
}

#[test]
fn zramctl_sets_a_level_and_lists_it() {
    let script = "\
echo level=2 > zram:control/hot_add
! zramctl -p level=0 zram:0
zramctl --algorithm-params 'algo=lz4 level=8' zram:0
echo 64M > zram:0/disksize
zramctl
cat zram:0/algorithm_params
! zramctl -p level=1 zram:0
";
    let run = boot(2, script)
        .succeeds()
        .says("zramctl: zram:0: algorithm_params level=0: no such level; pagelz has 1 to 9, lz4 1 to 65537, lz4-safe only 1")
        .says("zramctl: zram:0: algorithm_params level=1: ")
        .prints("cat zram:0/algorithm_params", "priority=0 algo=lz4 level=8");
    let rows = run.output_of("zramctl");
    assert!(rows.iter().any(|row| row.starts_with("zram:0 lz4:8 ")), "{rows:?}");
}

#[test]
fn a_mounted_device_is_opened_by_nobody_else() {
    let script = format!("{SWAP}! cat zram:0\n! swapon zram:0\nswapoff zram:0\npages zram:0\n");
    boot(2, &script)
        .succeeds()
        .prints("! cat zram:0", "cat: zram:0: it is mounted as swap, and nobody else opens it")
        .prints("! swapon zram:0", "swapon: zram:0: it is already mounted as swap");
}

#[test]
fn zramctl_fails_when_the_daemon_has_ended() {
    let script = "echo 64M > zram:0/disksize\nzramctl\necho 1 > zram:control/exit\n! zramctl\n";
    boot(2, &format!("echo > zram:control/hot_add\n{script}")).succeeds();
}

#[test]
fn two_devices_at_once_are_removed_only_when_they_are_not_mounted() {
    let script = "\
echo id=0 disksize=10M > zram:control/hot_add
echo id=1 disksize=10M > zram:control/hot_add
echo 1 > zram:control/hot_remove
echo 0 > zram:control/hot_remove
echo id=0 disksize=10M > zram:control/hot_add
echo id=1 disksize=10M > zram:control/hot_add
swapon zram:0
swapon zram:1
! echo 0 > zram:control/hot_remove
! echo 1 > zram:control/hot_remove
cat zram:1/disksize
swapoff zram:0
swapoff zram:1
echo id=2 disksize=10M > zram:control/hot_add
echo 0 > zram:control/hot_remove
echo 1 > zram:control/hot_remove
echo 2 > zram:control/hot_remove
! cat zram:0/disksize
";
    boot(2, script).succeeds().prints("cat zram:1/disksize", &(10 << 20).to_string());
}

#[test]
fn report_leaves_out_the_ratios_of_a_device_that_holds_nothing() {
    let run = boot(2, &format!("{SWAP}zramctl\nreport\n")).succeeds();
    let report = run.output_of("report");
    assert!(report.contains(&"ratios"), "{report:?}");
    assert!(!report.iter().any(|line| line.contains("stored to compressed")), "{report:?}");
}
