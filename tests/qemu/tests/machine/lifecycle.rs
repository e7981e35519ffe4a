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
         echo the rest lives\n"
    );
    boot(2, &script).succeeds().prints("echo the rest lives", "the rest lives");
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
