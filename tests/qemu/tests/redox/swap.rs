//! Swap, on a kernel that has the hook lines of `kernel-glue/redox/HOOKS.md`.
//!
//! `make test-redox` leaves these out when the kernel's file has no `swap:`, and says so.

use qemu::machine::redox::Crashes;
use qemu::machine::{Machine, Threading};

use crate::fixture::{Run, boot_machine, machine};

/// Memory of a test's machine.
const MEMORY_MIB: u32 = 128;

/// Mounts a device that takes all that is needed.
const MOUNT: &str = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
swapon zram:0
";

/// What `memhog` says when nothing was lost on the way.
const RIGHT: &str = "every byte was right";

fn boot(script: &str) -> Run {
    boot_machine(&machine(MEMORY_MIB), Crashes::Fatal, &format!("{MOUNT}{script}"))
}

/// Boots two CPUs, which take turns.
fn boot_two(script: &str) -> Run {
    let machine = Machine {
        memory_mib: MEMORY_MIB,
        cpus: 2,
        threading: Threading::Single,
        command_line: String::new(),
    };
    boot_machine(&machine, Crashes::Fatal, &format!("{MOUNT}{script}"))
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn a_program_of_twice_the_memory_reads_back_every_byte() {
    boot("memhog --size 256M\ncat /scheme/swap/stat\n")
        .ends_with(0)
        .says(RIGHT)
        .prints("cat /scheme/swap/stat", "lost 0")
        .prints("cat /scheme/swap/stat", "killed 0")
        .prints("cat /scheme/swap/stat", "closed 0");
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn two_cpus_and_four_threads_read_back_every_byte() {
    boot_two("memhog --size 192M --threads 4\ncat /scheme/swap/stat\n")
        .ends_with(0)
        .says(RIGHT)
        .prints("cat /scheme/swap/stat", "lost 0")
        .prints("cat /scheme/swap/stat", "killed 0")
        .prints("cat /scheme/swap/stat", "closed 0");
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn what_is_unmounted_is_gone_from_the_table() {
    boot("memhog --size 160M\nswapoff zram:0\n! cat /scheme/swap/areas\n")
        .ends_with(0)
        .says(RIGHT)
        .prints_no("! cat /scheme/swap/areas", "zram:0");
}
