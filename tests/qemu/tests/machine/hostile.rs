//! Programs that crash, loop or lie harm no other program; a daemon that dies causes an error and
//! not a hang.

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
fn a_program_that_makes_calls_at_random_harms_nobody() {
    // How each of its children ends is their own affair; the log names the seeds.
    let script = format!("hostile random 1\n{PAGES}echo the rest lives\n");
    boot(2, &script).succeeds().prints("echo the rest lives", "the rest lives");
}

#[test]
fn a_page_that_changes_while_it_is_written_is_stored_as_one_page() {
    let script = "echo disksize=64M > zram:control/hot_add\nhostile changing\ncat zram:0/io_stat\n";
    let run = boot(2, script)
        .succeeds()
        .prints("hostile changing", "hostile: changing: every page was one page");
    let failed_reads = run.output_of("cat zram:0/io_stat")[0].split_whitespace().next();
    assert_eq!(failed_reads, Some("0"));
}

#[test]
fn a_page_that_is_mapped_more_often_than_16_bits_count_is_given_back() {
    is_refused("onepage");
}

#[test]
fn a_large_mapping_of_pages_that_are_there_is_refused() {
    is_refused("sharing");
}

#[test]
fn texts_that_programs_hold_open_are_bounded() {
    is_refused("texts");
}

#[test]
fn file_tables_in_file_tables_are_closed() {
    is_refused("tables");
}

#[test]
fn a_client_that_writes_more_than_there_is_memory_is_refused_and_nobody_is_killed() {
    let script = "echo disksize=512M > zram:control/hot_add\nhostile fill zram:0\necho the rest lives\n\
                  echo 1 > zram:0/reset\necho 64M > zram:0/disksize\npages zram:0\n";
    boot(1, script)
        .succeeds()
        .prints("hostile fill zram:0", "hostile: fill: refused with I/O error (EIO)")
        .prints("echo the rest lives", "the rest lives");
}

/// Runs one lie of `hostile`, and afterwards pages, to see that the machine lives.
#[track_caller]
fn is_refused(lie: &str) {
    let command = format!("hostile {lie}");
    let believed = format!("hostile: {lie}: 0 lies were believed");
    boot(1, &format!("{command}\n{PAGES}")).succeeds().prints(&command, &believed);
}

#[test]
fn a_server_that_asks_for_too_much_is_refused() {
    // Without arguments `hostile` in the daemon's place is a server.
    boot_with_daemon("hostile", 1, "memhog --size 16M --figures\n")
        .succeeds()
        .says("hostile: server: 0 lies were believed");
}

#[test]
fn a_daemon_that_dies_at_its_start_ends_with_an_error_and_not_with_a_hang() {
    // Without arguments `hostile` makes a scheme, does not serve it and ends: no daemon.
    boot_with_daemon("hostile", 2, SWAP).fails().says("init: /bin/zramd has ended");
}

#[test]
fn a_daemon_that_is_killed_costs_those_who_have_pages_in_it_and_nobody_else() {
    // The program has filled its memory when so many pages have come back: it touches lost ones next.
    let script = format!(
        "{SWAP}memhog --size 160M --passes 100 &\n\
         until pages_in 4000\n\
         kill zramd\n\
         ! wait\n\
         ! ls zram:\n\
         memhog --size 16M --figures\n\
         swapoff zram:0\n\
         exit 9\n"
    );
    boot(2, &script)
        .fails()
        .says("init: /bin/zramd was killed")
        .says("killed: it touched a page that is lost in swap")
        .prints("! wait", "sh: memhog was killed")
        .prints("memhog --size 16M --figures", "figure errors 0");
}

#[test]
fn a_daemon_that_never_answers_is_given_up_and_the_shell_lives() {
    // Nothing can leave memory, so the program that needs more of it is the one to go.
    let script = "swapon zram:0\n! memhog --size 160M\nmemhog --size 16M --figures\nexit 9\n";
    boot_with_daemon("mute", 2, script)
        .fails()
        .prints("! memhog --size 160M", "sh: memhog was killed")
        .prints("memhog --size 16M --figures", "figure errors 0");
}

#[test]
fn swapon_of_a_device_that_never_answers_ends_in_time_and_the_next_one_succeeds() {
    let script = "! swapon zram:3\nswapon zram:1\nswapon\n";
    let run = boot_with_daemon("mute", 1, script).succeeds();
    let output = run.output_of("! swapon zram:3");
    assert!(output.iter().any(|line| line.contains("ETIMEDOUT")), "{output:?}");
    let areas = run.output_of("swapon");
    assert!(areas.iter().any(|line| line.starts_with("zram:1")), "{areas:?}");
}

/// Mounts a device of which one queue of CPU 0 never answers, and keeps all the others busy, by a program
/// that does not end by itself: it is killed for a page that is lost or, where the host is so slow that the
/// program still grows when the daemon is given up, for memory.
fn one_silent_queue_is_given_up(device: &str) {
    let load = "! memhog --size 128M --threads 8 --passes 1000";
    let script = format!(
        "swapon {device}\n{load}\nmemhog --size 16M --figures\ncat /scheme/swap/areas\nexit 9\n"
    );
    let run = boot_with_daemon("mute", 2, &script)
        .fails()
        .prints(load, "sh: memhog was killed")
        .prints("memhog --size 16M --figures", "figure errors 0");
    let areas = run.output_of("cat /scheme/swap/areas");
    let is_dead = |line: &&str| line.starts_with(device) && line.ends_with("dead");
    assert!(areas.iter().any(is_dead), "{areas:?}");
}

#[test]
fn a_queue_for_page_ins_that_never_answers_is_given_up_though_the_others_serve() {
    one_silent_queue_is_given_up("zram:1");
}

#[test]
fn a_queue_for_page_outs_that_never_answers_is_given_up_though_the_others_serve() {
    one_silent_queue_is_given_up("zram:2");
}

#[test]
fn a_program_with_the_shells_name_is_killed_for_memory_and_the_shell_lives() {
    boot(2, "hostile impostor 256M\necho the shell lives\n")
        .succeeds()
        .says("process sh (pid")
        .prints("hostile impostor 256M", "hostile: impostor: it was killed")
        .prints("echo the shell lives", "the shell lives");
}

#[test]
fn a_futex_whose_time_limit_is_in_a_page_never_touched_is_answered() {
    boot(1, "faults futex\n").succeeds().says("faults: futex: the kernel answers Err(");
}
