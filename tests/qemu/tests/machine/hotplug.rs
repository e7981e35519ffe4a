//! CPUs go, come back and are inserted; the daemon's streams follow, and no byte is wrong.

use qemu::machine::monitor::{Monitor, Report};

use crate::fixture::{CpuCounts, Run, SWAP, boot, boot_with_spares};

/// A program that is larger than the machine, until pages have left.
const LOAD: &str = "memhog --size 150M --passes 1 --threads 2 &\nuntil pages_out 2000\n";

/// Does what a line of the guest asks for.
fn attend(line: &str, monitor: &mut Monitor) {
    match line {
        "insert a cpu" => monitor.insert_cpu().expect("there is a free slot"),
        "ask it back" => monitor.ask_cpu_back().expect("a cpu was inserted"),
        _ => {}
    }
}

/// Returns how many pages the stream of `cpu` has compressed, as `command` showed; nothing if it has
/// no stream.
fn compressed(run: &Run, command: &str, cpu: &str) -> Option<u64> {
    let output = run.output_of(command);
    let rows = output.iter().map(|line| line.split_whitespace());
    let mut row = rows.filter_map(|mut row| (row.next()? == cpu).then_some(row)).next()?;
    row.next()?.parse().ok()
}

#[test]
fn a_cpu_goes_and_comes_back_and_its_streams_follow() {
    let script = format!(
        "{SWAP}\
         echo 0 > /scheme/cpu/1/online\n\
         cat /scheme/cpu/online\n\
         cat zram:0/streams\n\
         echo 1 > /scheme/cpu/1/online\n\
         cat cpu:online\n\
         cat /scheme/zram/0/streams\n"
    );
    let run = boot(2, &script)
        .succeeds()
        .prints("cat /scheme/cpu/online", "0")
        .prints("cat cpu:online", "0-1");
    assert_eq!(compressed(&run, "cat zram:0/streams", "0"), Some(0));
    assert_eq!(compressed(&run, "cat zram:0/streams", "1"), None);
    assert_eq!(compressed(&run, "cat /scheme/zram/0/streams", "1"), Some(0));
}

#[test]
fn the_first_cpu_cannot_go_and_nonsense_is_refused() {
    let script = "\
! echo 0 > /scheme/cpu/0/online
! echo 2 > /scheme/cpu/1/online
! echo 0 > /scheme/cpu/2/online
cat cpu:online
cat cpu:0/last_error cpu:1/last_error
echo 1 > cpu:1/online
cat cpu:1/last_error
";
    let run = boot(2, script)
        .succeeds()
        .says("echo: /scheme/cpu/0/online: the first cpu cannot go")
        .says("echo: /scheme/cpu/1/online: write 1 to bring the cpu up, 0 to take it down")
        .says("echo: /scheme/cpu/2/online: no such file or directory (ENOENT)")
        .prints("cat cpu:online", "0-1")
        .prints(
            "cat cpu:0/last_error cpu:1/last_error",
            "online: write 1 to bring the cpu up, 0 to take it down",
        );
    // The last refusal alone is kept, and none after a write that was taken.
    assert_eq!(run.output_of("cat cpu:0/last_error cpu:1/last_error").len(), 1);
    assert_eq!(run.output_of("cat cpu:1/last_error"), Vec::<&str>::new());
}

#[test]
fn twenty_cycles_change_no_counter() {
    let script = "\
echo > zram:control/hot_add
echo 64M > zram:0/disksize
pages zram:0
cat zram:0/streams
hotplug --cycles 20
cat /scheme/zram/0/streams
";
    let run = boot(2, script).succeeds();
    let counters = |command: &str| {
        let output = run.output_of(command);
        let counters = output.iter().filter(|line| !line.starts_with("zramd: "));
        let is_table = |line: &&String| line.starts_with("table_bytes ");
        let lines: Vec<String> = counters.map(|line| (*line).to_owned()).collect();
        let table =
            lines.iter().find(is_table).and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let others: Vec<String> = lines.iter().filter(|line| !is_table(line)).cloned().collect();
        (others, table.unwrap_or_else(|| panic!("no table_bytes in {lines:?}")))
    };
    let (before, table_before): (_, u64) = counters("cat zram:0/streams");
    let (after, table_after) = counters("cat /scheme/zram/0/streams");
    assert_eq!(before, after);
    // The pool compacts by itself after `pages`, so its tables may get smaller meanwhile.
    assert!(table_after <= table_before, "{table_before}, then {table_after}");
}

#[test]
fn every_byte_is_right_while_a_cpu_goes_and_comes_50_times() {
    let script = format!("{SWAP}{LOAD}hotplug --cycles 50 --figures\nwait\n");
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    assert_eq!(run.figure("hotplug_cycles"), 50);
}

#[test]
fn every_cpu_but_one_may_go_under_load() {
    let script = format!(
        "{SWAP}{LOAD}\
         hotplug --all --cycles 3\n\
         echo 0 > /scheme/cpu/1/online\n\
         echo 0 > /scheme/cpu/2/online\n\
         echo 0 > /scheme/cpu/3/online\n\
         wait\n\
         cat cpu:online\n"
    );
    let run = boot(4, &script).succeeds().says("memhog has ended with code 0");
    run.prints("cat cpu:online", "0");
}

#[test]
fn a_cpu_that_is_inserted_compresses_pages() {
    let script = format!(
        "{SWAP}{LOAD}\
         echo insert a cpu\n\
         hotplug --wait-for 0-1\n\
         cat cpu:present\n\
         wait\n\
         cat zram:0/streams\n"
    );
    let (run, reports) = boot_with_spares(CpuCounts { cpus: 1, spares: 1 }, &script, &mut attend);
    let run = run.succeeds().says("memhog has ended with code 0").prints("cat cpu:present", "0-1");
    assert!(compressed(&run, "cat zram:0/streams", "1") > Some(0), "it did nothing");
    assert_eq!(reports, [Report::INSERTED]);
}

#[test]
fn a_cpu_that_is_asked_back_goes_offline_and_the_owner_is_told() {
    let script = "\
echo insert a cpu
hotplug --wait-for 0-1
echo ask it back
hotplug --wait-for 0
cat cpu:present
";
    let (run, reports) = boot_with_spares(CpuCounts { cpus: 1, spares: 1 }, script, &mut attend);
    run.succeeds().prints("cat cpu:present", "0-1");
    assert_eq!(reports, [Report::INSERTED, Report::GIVEN_BACK]);
}

#[test]
fn a_listener_that_never_answers_blocks_nothing_for_ever() {
    boot(2, "hotplug --mute\n").succeeds().says("silence took time and blocked nothing");
}

#[test]
fn cpus_go_and_come_after_the_daemon_was_killed() {
    let script = format!("{SWAP}kill zramd\nhotplug --cycles 3\ncat cpu:online\nexit 9\n");
    boot(2, &script).fails().prints("cat cpu:online", "0-1");
}

#[test]
fn a_cpu_comes_back_right_after_the_reset_of_a_device_with_pages() {
    let script = format!(
        "{SWAP}\
         echo id=1 disksize=256M > zram:control/hot_add\n\
         pages zram:1\n\
         echo 0 > /scheme/cpu/1/online\n\
         echo 1 > zram:1/reset\n\
         echo 1 > /scheme/cpu/1/online\n\
         cat zram:1/initstate\n\
         cat cpu:online\n"
    );
    boot(2, &script).succeeds().prints("cat zram:1/initstate", "0").prints("cat cpu:online", "0-1");
}

#[test]
fn a_cpu_goes_and_comes_while_devices_with_pages_are_reset() {
    let round = "pages zram:1\necho 1 > zram:1/reset\necho 256M > zram:1/disksize\n".repeat(4);
    let script = format!(
        "{SWAP}\
         echo id=1 disksize=256M > zram:control/hot_add\n\
         hotplug --cycles 300 --figures &\n\
         {round}\
         wait\n\
         cat cpu:online\n"
    );
    let run = boot(2, &script).succeeds().prints("cat cpu:online", "0-1");
    assert_eq!(run.figure("hotplug_cycles"), 300);
}
