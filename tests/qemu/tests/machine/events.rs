//! Events: a watcher of `zram:` is told of changes, and makes no request meanwhile.

use crate::fixture::{boot, type_at_prompt};

#[test]
fn every_fact_of_event_queues_holds() {
    boot(2, "events\n").succeeds().prints("events", "events: 0 wrong");
}

#[test]
fn zramctl_waits_for_the_watermark_while_the_device_is_swap() {
    let script = "\
echo disksize=512M mem_watermark=2M > zram:control/hot_add
swapon zram:0
memhog --size 150M &
zramctl watch -b -n 2 zram:0
wait
! zramctl watch -b zram:7
! zramctl watch zram0
";
    let run = boot(2, script)
        .succeeds()
        .prints("zramctl watch -b -n 2 zram:0", "zram:0: disksize 512M")
        .prints("! zramctl watch -b zram:7", "zramctl: zram:7: no such device")
        .says("zramctl: zram0: no device is called so; the name here is zram:0");
    let lines = run.output_of("zramctl watch -b -n 2 zram:0");
    let told = "zram:0: its pool has come to mem_watermark: ";
    assert!(lines.iter().any(|line| line.starts_with(told)), "{lines:?}");
}

#[test]
fn a_key_ends_a_watch_at_the_prompt() {
    let keys =
        "echo id=3 > zram:control/hot_add\rzramctl watch zram:3\rxq\x15echo it has ended\rexit 9\r";
    let run = type_at_prompt(1, keys).fails();
    assert_eq!(run.lines_with("zram:3: it has no disksize").len(), 1);
    assert_eq!(run.lines_with("it has ended").len(), 1);
    assert_eq!(run.guest_code(), Some(9));
}
