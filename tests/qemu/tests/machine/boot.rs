//! The kernel comes up with its CPUs, and the scheme is there.

use crate::fixture::boot;

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
fn a_failing_line_ends_the_script_and_the_machine_says_so() {
    let error = "cat: zram:7/disksize: no such file or directory (ENOENT)";
    boot(1, "cat zram:7/disksize\necho never printed\n")
        .fails()
        .prints("cat zram:7/disksize", error);
}
