//! The states of a swap area as people see them: full, limited and so on, and how many areas can
//! exist.

use crate::fixture::{MEMHOG_KIB, Run, SWAP, area_line, boot};

#[test]
fn a_device_of_100_gib_with_a_limit_of_1_mib_is_mounted_and_shown_as_limited() {
    let limited = "echo > zram:control/hot_add\n\
         echo 100G > zram:0/disksize\n\
         echo 1M > zram:0/mem_limit\n\
         swapon zram:0\n";
    let idle = boot(2, &format!("{limited}free\n")).succeeds();
    let size_kib = idle.free_kib() - MEMHOG_KIB;
    // The program touches no page again: one that comes back makes room, and then the area is limited no more.
    let run = boot(
        2,
        &format!(
            "{limited}memhog --size {size_kib}K --until-swapoff --threads 2 &\n\
             until refused_limit 1\n\
             cat swap:areas\n\
             exit 0\n"
        ),
    );
    let run = run.succeeds();
    assert_eq!(area_line(&run, "cat swap:areas")[5], "limited");
}

/// Returns a number of `mm_stat` that the command printed.
#[track_caller]
fn mm_stat(run: &Run, command: &str, column: usize) -> u64 {
    let lines = run.output_of(command);
    let numbers = lines.iter().find(|line| line.split_whitespace().count() == 9);
    let number = numbers.and_then(|line| line.split_whitespace().nth(column)?.parse().ok());
    number.unwrap_or_else(|| panic!("{command}: {lines:?}"))
}

#[test]
fn pages_leave_again_within_two_seconds_of_a_raised_limit() {
    const LIMIT: u64 = 256 << 10;
    let limited = format!("{SWAP}echo 256K > zram:0/mem_limit\n");
    let idle = boot(2, &format!("{limited}free\n")).succeeds();
    // A megabyte less than what fits: the memory is short, and nobody is killed for want of it.
    let size_kib = idle.free_kib() - MEMHOG_KIB - 1024;
    let script = format!(
        "{limited}memhog --size {size_kib}K --passes 40 --threads 2 &\n\
         until refused_limit 1\n\
         cat zram:0/mm_stat\n\
         echo 0 > zram:0/mem_limit\n\
         sleep 2000\n\
         cat /scheme/zram/0/mm_stat\n\
         swapon --noheadings\n\
         exit 0\n"
    );
    let run = boot(2, &script).succeeds();
    let (before, after) =
        (mm_stat(&run, "cat zram:0/mm_stat", 2), mm_stat(&run, "cat /scheme/zram/0/mm_stat", 2));
    assert!(before <= LIMIT, "{before}: the limit was not kept");
    assert!(after > LIMIT, "{after}: no page has left since");
    assert!(area_line(&run, "swapon --noheadings").last().is_some_and(|state| state == "active"));
}

#[test]
fn an_area_without_a_free_slot_is_shown_as_full() {
    let small = "echo disksize=64K > zram:control/hot_add\nswapon zram:0\n";
    let idle = boot(1, &format!("{small}free\n")).succeeds();
    // So much less than what fits that memory is short and nobody is killed for it.
    let size_kib = idle.free_kib() - MEMHOG_KIB - 1024;
    let script = format!(
        "{small}memhog --size {size_kib}K --until-swapoff &\n\
         until pages_out 16\n\
         swapon --noheadings\n\
         swapoff zram:0\n\
         wait\n"
    );
    let run = boot(1, &script).succeeds().says("memhog has ended with code 0");
    let line = area_line(&run, "swapon --noheadings");
    assert_eq!(line[2..4], ["64K", "64K"], "{line:?}");
    assert_eq!(line.last().map(String::as_str), Some("full"));
}

#[test]
fn thirty_two_areas_are_mounted_and_one_more_is_refused_in_words() {
    // The daemon dies under a program that has pages in the first area and touches none of them, so that
    // area stays, and dead.
    let mount: String = (0..32)
        .map(|id| format!("echo id={id} disksize=64K > zram:control/hot_add; swapon zram:{id}\n"))
        .collect();
    let last = "echo id=31 disksize=64K > zram:control/hot_add; swapon zram:31\n";
    let some = mount.replace(last, "");
    let script = format!(
        "{SWAP}memhog --size 80M --until-swapoff &\n\
         until resident_bytes {full}\n\
         memhog --size 56M --passes 2\n\
         kill zramd\n\
         sleep 1500\n\
         echo zramd > init:start\n\
         sleep 3000\n\
         {some}\
         echo id=31 disksize=64K > zram:control/hot_add\n\
         ! swapon zram:31\n\
         ! echo > zram:control/hot_add\n\
         swapon --noheadings --show=NAME,STATE\n\
         swapon --noheadings --show=NAME,PRIO\n\
         exit 0\n",
        full = 80 << 20
    );
    let run = boot(2, &script)
        .succeeds()
        .prints(
            "! swapon zram:31",
            "swapon: zram:31: 32 areas are the most, and so many are mounted",
        )
        .says("echo: zram:control/hot_add: no id is free, 32 devices are the most")
        .prints("swapon --noheadings --show=NAME,STATE", "zram:0  dead")
        .prints("swapon --noheadings --show=NAME,PRIO", "zram:30 -31");
    let areas = run.output_of("swapon --noheadings --show=NAME,STATE");
    assert_eq!(areas.iter().filter(|line| line.starts_with("zram:")).count(), 32, "{areas:?}");
}

#[test]
fn the_area_of_the_higher_priority_is_filled_before_the_other_is_touched() {
    let script = "\
echo id=0 disksize=8M > zram:control/hot_add
echo id=1 disksize=256M > zram:control/hot_add
swapon -p 0 zram:1
swapon -p 100 zram:0
memhog --size 150M --until-swapoff &
until pages_out 1000
swapon --noheadings --bytes --show=NAME,USED
until pages_out 6000
swapon --bytes --noheadings --show=NAME,USED
exit 0
";
    let run = boot(2, script).succeeds();
    let used = |command: &str, name: &str| {
        let lines = run.output_of(command);
        let line = lines.iter().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        number.unwrap_or_else(|| panic!("{command}: {lines:?}"))
    };
    let later = "swapon --bytes --noheadings --show=NAME,USED";
    let soon = "swapon --noheadings --bytes --show=NAME,USED";
    let first_is_full = used(soon, "zram:0") == 8 << 20;
    assert!(used(soon, "zram:1") == 0 || first_is_full, "the other one was touched before");
    assert!(used(later, "zram:1") > 0, "all of it fits into the first");
    // What came back meanwhile may have left a few places of it.
    assert!(used(later, "zram:0") > 7 << 20, "the first one is not full");
}

#[test]
fn a_device_of_100_gib_is_mounted_and_unmounted_again_and_again_and_leaves_nothing() {
    let round = "\
echo 107374182400 > zram:0/disksize
echo 1M > zram:0/mem_limit
swapon zram:0
swapoff zram:0
echo 1 > zram:0/reset
";
    let script = format!(
        "echo > zram:control/hot_add\n{round}sleep 500\nfree\n{}sleep 500\nfree -k\n",
        round.repeat(5)
    );
    let run = boot(1, &script).succeeds();
    let used = |line: &&str| line.split_whitespace().nth(2)?.parse::<u64>().ok();
    let used: Vec<u64> = run.lines_with("Mem:").iter().filter_map(used).collect();
    let [once, six_times] = used[..] else { panic!("{used:?}") };
    assert!(six_times <= once + 16, "{once} KiB in use after one round, {six_times} after six");
}
