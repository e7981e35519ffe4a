//! Programs that run on the user's Redox kernel, and end well.

use qemu::machine::redox::Crashes;

use crate::fixture::{boot, boot_managed, boot_with, kernel};

/// Memory of a test's machine.
const MEMORY_MIB: u32 = 256;

/// Memory of a machine that a client's pages are to fill.
const SMALL_MIB: u32 = 128;

/// What the daemon says when it ends with nothing left.
const CLEAN: &str =
    "zramd: ends with instances 0 devices 0 pool_pages 0 table_bytes 0 streams 0 handles 0";

/// Makes a device of 64 MiB.
const DEVICE: &str = "echo > zram:control/hot_add\necho 64M > zram:0/disksize\n";

/// Runs one client on a device, removes that, and asks the daemon to end.
const ROUND: &str = "\
echo > zram:control/hot_add
echo 4M > zram:0/disksize
echo 1 > zram:0/reset
echo 0 > zram:control/hot_remove
echo 1 > zram:control/exit
sleep 200
echo zramd > init:start
sleep 300
";

#[test]
#[ignore = "needs a Redox kernel"]
fn the_shell_comes_up_and_its_exit_code_arrives() {
    boot(MEMORY_MIB, "ls /scheme/zram\nexit 7\n").prints("ls /scheme/zram", "control").ends_with(7);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn memory_files_threads_and_processes_are_what_programs_rely_on() {
    // One of its children is to crash.
    boot_with(MEMORY_MIB, Crashes::Expected, "platform\n").ends_with(0).says("platform: 0 wrong");
}

#[test]
#[ignore = "needs a Redox kernel"]
fn every_attribute_takes_good_writes_and_refuses_bad_ones() {
    boot(MEMORY_MIB, "attributes\n").ends_with(0);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn one_to_eight_clients_at_once_read_back_what_they_wrote() {
    let devices: String = (0..8)
        .map(|device| format!("echo > zram:control/hot_add\necho 64M > zram:{device}/disksize\n"))
        .collect();
    let clients = |count: usize| -> String {
        let others = (1..count).map(|device| format!("pages zram:{device} &\n"));
        let waits = if count > 1 { "wait\n" } else { "" };
        others.collect::<String>() + "pages zram:0\n" + waits
    };
    let all = [1, 2, 4, 8].map(clients).concat();
    boot(MEMORY_MIB, &(devices + &all)).ends_with(0);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn what_a_page_costs_is_told_and_every_byte_comes_back() {
    let run = boot(MEMORY_MIB, &format!("{DEVICE}cost zram:0\n")).ends_with(0);
    assert_eq!(run.count("cost: "), 6);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn programs_that_crash_harm_nobody() {
    let ways = ["crash", "gpf", "undefined", "divide", "writecode", "rundata"];
    let crashes = ways.map(|way| format!("! hostile {way}\n")).concat();
    let script = format!("{crashes}{DEVICE}pages zram:0\n");
    let run = boot_with(MEMORY_MIB, Crashes::Expected, &script).ends_with(0);
    ways.iter()
        .fold(run, |run, way| run.prints(&format!("! hostile {way}"), "sh: hostile was killed"));
}

#[test]
#[ignore = "needs a Redox kernel"]
fn calls_with_wrong_arguments_are_refused_and_the_kernel_lives() {
    // Some contexts that the lies make are to crash.
    let script = format!("! hostile lie\n{DEVICE}pages zram:0\n");
    let run = boot_with(MEMORY_MIB, Crashes::Expected, &script).ends_with(0);
    let others = other_refusals(kernel().has_swap());
    let run = others.iter().fold(run, |run, line| run.prints("! hostile lie", line));
    let count = format!("hostile: lie: {} lies were believed", others.len());
    run.prints("! hostile lie", &count);
}

/// Returns the lies that are refused with another error than this repository's kernel has for them.
fn other_refusals(has_swap: bool) -> Vec<&'static str> {
    let all = [
        "hostile: badfd: dup into a huge number: refused with EEXIST (17)",
        "hostile: badcall: call 0x9b: refused with EINVAL (22)",
        "hostile: onepage: device or resource busy (EBUSY)",
        "hostile: sharing: file exists (EEXIST)",
        "hostile: tables: invalid argument (EINVAL)",
    ];
    // This repository's kernel keeps fewer open texts than a program has descriptors (768), the glue keeps more.
    let of_swap = has_swap.then_some("hostile: texts: too many open files (EMFILE)");
    all.into_iter().chain(of_swap).collect()
}

#[test]
#[ignore = "needs a Redox kernel"]
fn a_client_that_is_killed_leaves_nothing_behind() {
    // It has the device open, and crashes.
    let script = format!("{DEVICE}! hostile client zram:0\npages zram:0\necho 1 > zram:0/reset\n");
    boot_with(MEMORY_MIB, Crashes::Expected, &script).ends_with(0);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn a_hundred_rounds_of_a_daemons_life_end_with_nothing_left() {
    let run = boot(MEMORY_MIB, &ROUND.repeat(100)).ends_with(0);
    assert_eq!(run.count(CLEAN), 100);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn a_daemon_that_is_killed_ends_with_all_its_threads_and_is_started_again() {
    let script = format!(
        "{DEVICE}pages zram:0\n\
         kill zramd\n\
         sleep 300\n\
         ! ls zram:\n\
         echo zramd > init:start\n\
         sleep 300\n\
         {DEVICE}pages zram:0\n"
    );
    boot(MEMORY_MIB, &script).ends_with(0).says("init: /bin/zramd was killed");
}

#[test]
#[ignore = "needs a Redox kernel"]
fn a_client_that_writes_more_than_there_is_memory_is_refused_and_all_live() {
    let script = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
hostile fill zram:0
echo the rest lives
echo 1 > zram:0/reset
echo 64M > zram:0/disksize
pages zram:0
";
    boot(SMALL_MIB, script)
        .prints("hostile fill zram:0", "hostile: fill: refused with I/O error (EIO)")
        .prints("echo the rest lives", "the rest lives")
        .ends_with(0);
}

#[test]
#[ignore = "needs a Redox kernel"]
fn a_program_of_a_process_manager_makes_threads_and_a_scheme_and_ends() {
    boot_managed("sleep 3000\n")
        .says("manager: threads that ran: 8")
        .says("manager: the program has a scheme")
        .says("manager: the process ends with code 7");
}
