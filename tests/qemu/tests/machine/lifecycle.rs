//! Devices and the daemon come and go in order.

use crate::fixture::{SWAP, boot};

#[test]
fn exit_is_refused_while_a_device_is_mounted() {
    let script = format!("{SWAP}! echo 1 > zram:control/exit\ncat zram:0/initstate\n");
    boot(2, &script).succeeds().prints("cat zram:0/initstate", "1");
}

#[test]
fn exit_ends_the_daemon_when_nothing_is_open() {
    let script = format!(
        "{SWAP}\
         swapoff zram:0\n\
         echo 1 > zram:control/exit\n\
         ! cat zram:0/initstate\n\
         sleep 200\n\
         ! cat zram:0/mm_stat\n\
         echo the rest lives\n"
    );
    boot(2, &script)
        .succeeds()
        .prints("! cat zram:0/initstate", "cat: zram:0/initstate: zramd does not run")
        .prints("! cat zram:0/mm_stat", "cat: zram:0/mm_stat: zramd does not run")
        .prints("echo the rest lives", "the rest lives");
}

#[test]
fn a_device_can_be_removed_and_added_again() {
    let script = format!(
        "{SWAP}\
         swapoff zram:0\n\
         echo 1 > zram:0/reset\n\
         cat zram:0/initstate\n\
         echo 0 > zram:control/hot_remove\n\
         ! cat zram:0/mm_stat\n\
         echo > zram:control/hot_add\n\
         cat zram:0/disksize\n"
    );
    boot(2, &script)
        .succeeds()
        .prints("cat zram:0/initstate", "0")
        .prints("cat zram:0/disksize", "0");
}

#[test]
fn the_daemon_is_started_again_after_its_end() {
    let script = format!(
        "! echo zramd > init:start\n\
         echo 1 > zram:control/exit\n\
         sleep 1500\n\
         echo zramd > init:start\n\
         sleep 1500\n\
         {SWAP}\
         memhog --size 150M --figures\n"
    );
    boot(2, &script)
        .succeeds()
        .prints("! echo zramd > init:start", "echo: init:start: zramd: it runs already")
        .prints("memhog --size 150M --figures", "figure errors 0");
}

#[test]
fn what_a_killed_daemon_leaves_is_told_in_words() {
    let script = format!(
        "{SWAP}\
         swapon\n\
         kill zramd\n\
         sleep 300\n\
         cat /scheme/swap/areas\n\
         free\n\
         ! report\n"
    );
    let run = boot(2, &script).succeeds().says("init: /bin/zramd was killed");
    let columns = |command, start| -> Vec<String> {
        let output = run.output_of(command);
        let line = output.iter().find(|line| line.starts_with(start)).expect("its line");
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(columns("swapon", "zram:0")[5], "active");
    assert_eq!(columns("cat /scheme/swap/areas", "zram:0")[5], "dead");
    assert_eq!(columns("free", "Swap:")[1..], ["0", "0", "0"]);
    assert!(columns("! report", "report: ").concat().contains("zramd"));
}

#[test]
fn a_device_without_a_size_is_not_mounted_and_one_of_any_size_is() {
    let script = "echo > zram:control/hot_add\n\
                  ! swapon zram:0\n\
                  echo 1T > zram:0/disksize\n\
                  swapon -p 1 zram:0\n\
                  swapon --noheadings --show=SIZE,PRIO\n";
    boot(1, script)
        .succeeds()
        .prints(
            "! swapon zram:0",
            "swapon: zram:0: it has no disksize; give it one: echo 64M > zram:0/disksize",
        )
        // The kernel's table of it grows with what is in it, so its size is no reason.
        .prints("swapon --noheadings --show=SIZE,PRIO", "1T 1");
}

#[test]
fn devices_cpus_and_the_daemon_come_and_go_at_once_and_every_byte_is_right() {
    let run = boot(4, "storm --seconds 20 --size 150M --figures\n").succeeds();
    let ends = run.lines_with("zramd: ends with ");
    let clean =
        "zramd: ends with instances 0 devices 0 pool_pages 0 table_bytes 0 streams 0 handles 0";
    assert!(ends.iter().all(|end| *end == clean), "{ends:?}");
    assert_eq!(ends.len() as u64, run.figure("exits_accepted"));
    assert!(run.figure("devices_mounted") > 0 && run.figure("cpu_cycles") > 0);
}
