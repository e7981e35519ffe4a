//! Users who are not root: they see everything and change nothing.

use crate::fixture::{SWAP, boot};

#[test]
fn another_user_than_root_reads_statistics_and_changes_nothing() {
    let script = format!("{SWAP}as 1000 access\necho the rest lives\n");
    boot(2, &script).succeeds().prints("as 1000 access", "access: 0 wrong");
}

#[test]
fn swapon_and_swapoff_tell_another_user_that_they_need_root() {
    let script = format!("{SWAP}! as 1000 swapon zram:0\n! as 1000 swapoff zram:0\nswapon\n");
    let run =
        boot(1, &script).succeeds().prints("! as 1000 swapon zram:0", "swapon: this needs root");
    let swapoff = run.output_of("! as 1000 swapoff zram:0");
    assert!(swapoff.iter().any(|line| line.contains("EACCES")), "{swapoff:?}");
    assert!(run.output_of("swapon").iter().any(|line| line.ends_with("active")));
}

#[test]
fn zramctl_shows_another_user_every_column() {
    let run = boot(1, &format!("{SWAP}zramctl\nas 1000 zramctl\n")).succeeds();
    let columns = run.output_of("as 1000 zramctl");
    assert!(columns.len() >= 2, "{columns:?}");
    assert_eq!(columns, run.output_of("zramctl"));
}
