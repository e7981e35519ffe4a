//! Programs that crash, loop or lie harm nobody; a daemon that dies is an error and not a hang.

use crate::fixture::{PAGES, SWAP, boot, boot_with_daemon};

#[test]
fn a_program_that_crashes_is_ended_and_harms_nobody() {
    let ways = [
        "crash",
        "gpf",
        "undefined",
        "divide",
        "stack",
        "kernelptr",
        "noncanonical",
        "writecode",
        "rundata",
    ];
    let crashes: String = ways.map(|way| format!("! hostile {way}\n")).concat();
    let script = format!("{crashes}{PAGES}");
    ways.iter().fold(boot(2, &script).succeeds(), |run, way| {
        run.prints(&format!("! hostile {way}"), "sh: hostile was killed")
    });
}

#[test]
fn a_program_that_loops_leaves_time_to_the_others() {
    let script = format!("hostile loop &\n{PAGES}echo the rest lives\nexit\n");
    boot(1, &script).succeeds().prints("echo the rest lives", "the rest lives");
}

#[test]
fn a_program_that_lies_to_the_kernel_is_refused_and_harms_nobody() {
    let script = format!("hostile lie\n{PAGES}");
    boot(2, &script).succeeds().prints("hostile lie", "hostile: lie: 0 lies were believed");
}

#[test]
fn a_daemon_that_dies_at_its_start_ends_with_an_error_and_not_with_a_hang() {
    // Without arguments `hostile` lists what it can do and ends: no daemon.
    boot_with_daemon("hostile", 2, SWAP).fails().says("init: /bin/zramd has ended");
}
