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

const STAT: &str = "cat /scheme/swap/stat";

/// Boots one CPU, on which no program may crash.
fn boot(script: &str) -> Run {
    boot_machine(&machine(MEMORY_MIB), Crashes::Fatal, &format!("{MOUNT}{script}"))
}

/// Boots one CPU, on which a program is to die.
fn boot_with_deaths(script: &str) -> Run {
    boot_machine(&machine(MEMORY_MIB), Crashes::Expected, &format!("{MOUNT}{script}"))
}

/// Boots several CPUs, which take turns.
fn boot_on(cpus: u32, script: &str) -> Run {
    let machine = Machine {
        memory_mib: MEMORY_MIB,
        cpus,
        threading: Threading::Single,
        command_line: String::new(),
    };
    boot_machine(&machine, Crashes::Fatal, &format!("{MOUNT}{script}"))
}

/// Nothing was lost, nobody was killed, and the pager found no fault with itself.
fn is_well(run: Run) -> Run {
    ["lost 0", "killed 0", "closed 0"].iter().fold(run, |run, line| run.prints(STAT, line))
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn a_program_of_half_as_much_again_as_memory_reads_back_every_byte() {
    is_well(boot(&format!("memhog --size 192M\n{STAT}\n")).ends_with(0).says(RIGHT));
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn a_program_of_twice_the_memory_reads_back_every_byte() {
    // A third of its pages are one word repeated: else the store would not fit.
    let script = format!("memhog --size 256M --same-filled 33\n{STAT}\n");
    is_well(boot(&script).ends_with(0).says(RIGHT));
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn two_cpus_and_four_threads_read_back_every_byte() {
    threads_read_back_every_byte(2);
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn four_cpus_and_four_threads_read_back_every_byte() {
    threads_read_back_every_byte(4);
}

/// Has four threads use one and a half times the memory on so many CPUs.
#[track_caller]
fn threads_read_back_every_byte(cpus: u32) {
    let script = format!("memhog --size 192M --threads 4\n{STAT}\n");
    is_well(boot_on(cpus, &script).ends_with(0).says(RIGHT));
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn copies_of_a_swapped_program_show_what_it_had() {
    let script = format!(
        "memhog --size 80M --until-swapoff &\n\
         sleep 5000\n\
         copies 48 3\n\
         {STAT}\n\
         swapoff zram:0\n\
         wait\n"
    );
    is_well(boot(&script).ends_with(0).says("copies: 3 copies of 48 MiB: every page was right"));
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn swapoff_brings_every_page_back() {
    // The second program pushes pages of the first one out, then ends and makes room for them.
    let script = "memhog --size 80M --until-swapoff &\n\
                  sleep 5000\n\
                  memhog --size 56M --passes 2\n\
                  swapoff zram:0\n\
                  cat /scheme/swap/areas\n\
                  wait\n";
    boot(script)
        .ends_with(0)
        .says("memhog has ended with code 0")
        .prints_no("cat /scheme/swap/areas", "zram:0");
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn out_of_memory_kills_the_largest_program_and_the_rest_lives() {
    let script = "! memhog --size 700M\nmemhog --size 64M\nswapoff zram:0\n";
    boot_with_deaths(script).ends_with(0).says("swap: out of memory: kills").says(RIGHT);
}

#[test]
#[ignore = "needs a Redox kernel with swap"]
fn the_shell_outlives_the_daemon_and_what_it_kept() {
    let script = "memhog --size 160M --passes 20 &\n\
                  sleep 8000\n\
                  kill zramd\n\
                  sleep 3000\n\
                  echo the rest lives\n\
                  cat /scheme/swap/areas\n\
                  echo zramd > init:start\n\
                  sleep 1000\n\
                  ls zram:\n\
                  exit 7\n";
    boot_with_deaths(script)
        .ends_with(7)
        .prints("echo the rest lives", "the rest lives")
        .prints("ls zram:", "control");
}
