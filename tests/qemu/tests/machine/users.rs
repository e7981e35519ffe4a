//! Users who are not root can see everything and change nothing.

use crate::fixture::{SWAP, boot};

#[test]
fn another_user_than_root_reads_statistics_and_changes_nothing() {
    let script = format!("{SWAP}as 1000 access\necho the rest lives\n");
    boot(2, &script).succeeds().prints("as 1000 access", "access: 0 wrong");
}

#[test]
fn swapon_and_swapoff_tell_another_user_that_they_need_root() {
    let script = format!(
        "{SWAP}\
         echo id=1 disksize=8M > zram:control/hot_add\n\
         ! as 1000 swapon zram:1\n\
         ! as 1000 swapoff zram:0\n\
         swapon\n"
    );
    let run = boot(1, &script).succeeds();
    for command in ["! as 1000 swapon zram:1", "! as 1000 swapoff zram:0"] {
        let output = run.output_of(command);
        assert!(output.iter().any(|line| line.ends_with("this needs root")), "{output:?}");
    }
    assert!(run.output_of("swapon").iter().any(|line| line.ends_with("active")));
}

#[test]
fn zramctl_shows_another_user_every_column() {
    let run = boot(1, &format!("{SWAP}zramctl\nas 1000 zramctl\n")).succeeds();
    let columns = run.output_of("as 1000 zramctl");
    assert!(columns.len() >= 2, "{columns:?}");
    assert_eq!(columns, run.output_of("zramctl"));
}
