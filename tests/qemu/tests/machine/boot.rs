//! The kernel boots with its CPUs, and the scheme exists.

use crate::fixture::{boot, boot_with_daemon};

/// What every machine must do before anything else counts.
fn comes_up_with(cpus: u32) {
    let script = "ls /scheme/zram\ncat /scheme/cpu/online\necho it is up\n";
    let online = if cpus == 1 { "0".to_owned() } else { format!("0-{}", cpus - 1) };
    boot(cpus, script)
        .succeeds()
        .prints("ls /scheme/zram", "control")
        .prints("cat /scheme/cpu/online", &online)
        .prints("echo it is up", "it is up");
}

#[test]
fn the_image_boots_with_1_cpu() {
    comes_up_with(1);
}

#[test]
fn the_image_boots_with_2_cpus() {
    comes_up_with(2);
}

#[test]
fn the_image_boots_with_4_cpus() {
    comes_up_with(4);
}

#[test]
fn memory_files_threads_and_processes_are_what_programs_rely_on() {
    boot(2, "platform\n").succeeds();
}

#[test]
fn a_failing_line_ends_the_script_and_the_machine_says_so() {
    let error = "cat: zram:7/disksize: no such file or directory (ENOENT)";
    boot(1, "cat zram:7/disksize\necho never printed\n")
        .fails()
        .prints("cat zram:7/disksize", error);
}

#[test]
fn the_kernel_under_test_checks_its_assertions() {
    boot(1, "cat /scheme/sys/build\n")
        .succeeds()
        .prints("cat /scheme/sys/build", "assertions true");
}

#[test]
fn a_program_under_test_panics_at_an_overflow_and_at_a_false_assertion() {
    let [sum, claim] = ["let sum =", "debug_assert!"].map(line_of_bug);
    boot(1, "! hostile overflow\n! hostile assertion\n")
        .succeeds()
        .says(&format!("broken.rs:{sum}: attempt to add with overflow"))
        .says(&format!("broken.rs:{claim}: one is larger than two"));
}

/// Returns the number of the one line of the program's bugs that has this in it.
fn line_of_bug(part: &str) -> usize {
    let source = include_str!("../../../programs/probes/src/hostile/broken.rs");
    let mut found = source.lines().zip(1..).filter(|(line, _)| line.contains(part));
    let (Some((_, number)), None) = (found.next(), found.next()) else {
        panic!("not one line has {part:?}")
    };
    number
}

#[test]
fn a_program_of_a_process_manager_makes_threads_and_a_scheme_and_ends() {
    boot_with_daemon("manager", 1, "sleep 3000\n")
        .says("manager: threads that ran: 8")
        .says("manager: the program has a scheme")
        .says("manager: the process ends with code 7");
}
