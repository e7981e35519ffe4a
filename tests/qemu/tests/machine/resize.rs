//! A mounted device is made smaller by a person: the pages above its new end are brought back, or
//! nothing changes.

use crate::fixture::{Run, boot};

/// `zram:0` of 128 MiB as swap.
const SWAP: &str = "\
echo disksize=128M > zram:control/hot_add
swapon zram:0
";

/// What both tools say about the size of `zram:0`, in bytes.
const SIZES: &str = "\
swapon --bytes --noheadings --show=SIZE
zramctl --bytes --noheadings --output DISKSIZE
";

/// Asserts that area and device have this size.
#[track_caller]
fn area_and_device_have(run: Run, size_mib: u64) -> Run {
    let size = (size_mib << 20).to_string();
    run.prints("swapon --bytes --noheadings --show=SIZE", &size)
        .prints("zramctl --bytes --noheadings --output DISKSIZE", &size)
}

#[test]
fn a_mounted_device_is_made_smaller_and_every_byte_that_lay_above_its_end_is_right() {
    // The second program pushes pages of the first one out, then ends and makes room for them. The
    // first one touches none of them until the area is gone.
    let full_bytes = 80 << 20;
    let script = format!(
        "{SWAP}memhog --size 80M --until-swapoff &\n\
         until resident_bytes {full_bytes}\n\
         memhog --size 56M --passes 2\n\
         swapon --bytes --noheadings --show=USED\n\
         zramctl --resize 8M zram:0\n\
         {SIZES}\
         swapoff zram:0\n\
         wait\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    let run = area_and_device_have(run, 8);
    let used = run.output_of("swapon --bytes --noheadings --show=USED");
    let used: u64 = used.iter().find_map(|line| line.parse().ok()).expect("a size");
    assert!(used > 8 << 20, "{used}: nothing lay above the end");
}

#[test]
fn a_size_below_what_fits_is_refused_in_words_and_nothing_is_lost() {
    // The program is larger than the memory by more than the size that is asked for.
    let script = format!(
        "{SWAP}memhog --size 150M --passes 1 --threads 2 --figures &\n\
         until pages_out 11000\n\
         ! zramctl --resize 4M zram:0\n\
         {SIZES}\
         wait\n\
         report --figures\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0").says(
        "zramctl: zram:0: resize 4M: what lies above the new end fits neither into memory nor \
         elsewhere in swap; nothing changed",
    );
    let run = area_and_device_have(run, 128);
    assert_eq!((run.figure("errors"), run.figure("killed")), (0, 0));
}
