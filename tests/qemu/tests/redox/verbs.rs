//! The messages of `make redox` and `make test-redox` when they cannot run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use qemu::image::{self, Build};
use qemu::place;

/// Runs a verb with this as the kernel's file, or without any.
fn run(verb: &str, kernel: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qemu"));
    command.arg(verb).env_remove("REDOX_KERNEL");
    if let Some(kernel) = kernel {
        command.env("REDOX_KERNEL", kernel);
    }
    command.output().expect("the harness was built")
}

/// Asserts that both verbs refuse a file for this reason.
#[track_caller]
fn is_refused(kernel: &Path, why: &str) {
    for verb in ["redox", "test-redox"] {
        let output = run(verb, Some(kernel));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let told = said.contains(why) && said.contains(&*kernel.to_string_lossy());
        assert!(told, "{verb}: {said}");
    }
}

#[test]
fn without_a_kernel_both_verbs_say_in_two_lines_what_is_needed() {
    for verb in ["redox", "test-redox"] {
        let output = run(verb, None);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 2), "{said}");
        assert!(said.contains("REDOX_KERNEL=FILE"), "{said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    is_refused(Path::new("/nosuch/kernel"), "No such file");
}

#[test]
fn a_file_that_is_no_elf_is_named_as_such() {
    is_refused(&place::root().join("README.md"), "it is no ELF file");
}

#[test]
fn a_program_is_named_as_such() {
    is_refused(Path::new(env!("CARGO_BIN_EXE_qemu")), "it is a program, and no kernel");
}

#[test]
fn a_kernel_for_another_machine_is_named_as_such() {
    let path = place::under_target("redox-test/other-machine").expect("a folder");
    let mut kernel = crate::image::something_like_a_kernel();
    // The machine's number: AArch64's instead of x86-64's.
    kernel[18] = 183;
    fs::write(&path, kernel).expect("target can be written");
    is_refused(&path, "it is for another machine than x86-64");
}

#[test]
fn the_kernel_of_this_repository_is_named_as_such() {
    let binaries = image::build(Build::Checked).expect("it is built");
    is_refused(&binaries.join("kernel"), "it is a kernel that QEMU starts without a loader");
}
