//! Programs that run on the user's Redox kernel, and end well.

use qemu::machine::redox::Crashes;

use crate::fixture::{boot, boot_with};

/// Memory of a test's machine.
const MEMORY_MIB: u32 = 256;

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
