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
fn a_mounted_device_is_opened_by_nobody_else() {
    let script = format!("{SWAP}! cat zram:0\n! swapon zram:0\nswapoff zram:0\npages zram:0\n");
    boot(2, &script)
        .succeeds()
        .prints("! cat zram:0", "cat: zram:0: device or resource busy (EBUSY)")
        .prints("! swapon zram:0", "swapon: zram:0: device or resource busy (EBUSY)");
}
