//! Memory is short: every page is read back unchanged, and pages that cannot be saved are reported.

use crate::fixture::{MEMHOG_KIB, MEMORY_MIB, Run, SWAP, area_line, boot, boot_with_words};

/// Fills `size_mib` on `cpus` CPUs with pages that all differ, and checks every byte.
fn comes_back_right(cpus: u32, size_mib: u32) {
    let script = format!(
        "{SWAP}memhog --size {size_mib}M --passes 1 --threads {cpus}\nreport --figures\n\
                          cat swap:stat\n"
    );
    let run = boot(cpus, &script).succeeds().prints("cat swap:stat", "closed 0");
    let size_bytes = u64::from(size_mib) << 20;
    let free_bytes_max = u64::from(MEMORY_MIB) << 20;
    let out_min = (size_bytes - free_bytes_max) / 4096;
    assert!(run.figure("pages_out") >= out_min, "{} pages left", run.figure("pages_out"));
    assert!(run.figure("pages_in") >= out_min, "{} pages came back", run.figure("pages_in"));
}

#[test]
fn half_again_the_memory_comes_back_right_on_2_cpus() {
    comes_back_right(2, MEMORY_MIB * 3 / 2);
}

#[test]
fn a_third_more_than_the_memory_comes_back_right_on_1_cpu() {
    comes_back_right(1, MEMORY_MIB * 13 / 10);
}

#[test]
fn a_third_more_than_the_memory_comes_back_right_on_4_cpus() {
    comes_back_right(4, MEMORY_MIB * 13 / 10);
}

#[test]
fn a_reached_limit_leaves_pages_where_they_are_and_the_machine_alive() {
    // The range between "nothing has to leave" and "does not fit" is narrow without a store, so
    // the size is taken from what a machine of this kind has free.
    let limited = format!("{SWAP}echo 1M > zram:0/mem_limit\n");
    let idle = boot(2, &format!("{limited}free\n")).succeeds();
    let size_kib = idle.free_kib() - MEMHOG_KIB;
    let script = format!(
        "{limited}memhog --size {size_kib}K --passes 1 --threads 2 --report --figures\n\
         echo the rest lives\n"
    );
    let run = boot(2, &script).succeeds().prints("echo the rest lives", "the rest lives");
    assert!(run.figure("refused_limit") > 0, "the limit was not reached");
    assert!(run.figure("pool_bytes") <= 1 << 20, "the limit was not kept");
}

#[test]
fn memory_that_is_really_gone_costs_one_program_and_the_rest_lives() {
    let script = format!("! memhog --size {}M --passes 1 --threads 2\necho here\n", 2 * MEMORY_MIB);
    boot(2, &script).succeeds().says("out of memory");
}

#[test]
fn swapoff_brings_every_page_back() {
    // The second program pushes pages of the first one out, then ends and makes room for them. The
    // first one touches none of them until they are back. The second one begins when the first is
    // full, whichever of them the host would run first.
    let full_bytes = 80 << 20;
    let script = format!(
        "{SWAP}memhog --size 80M --until-swapoff &\n\
         until resident_bytes {full_bytes}\n\
         memhog --size 56M --passes 2\n\
         swapon -s\n\
         swapoff zram:0\n\
         cat /scheme/swap/areas\n\
         wait\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    assert!(area_used_kib(&run, "swapon -s") > Some(0), "nothing was out");
    assert_eq!(area_used_kib(&run, "cat /scheme/swap/areas"), None, "it is still mounted");
}

/// Returns what `command` showed as used of the area of `zram:0`, if there was one.
fn area_used_kib(run: &Run, command: &str) -> Option<u64> {
    let output = run.output_of(command);
    let area = output.iter().find(|line| line.starts_with("zram:0"))?;
    area.split_whitespace().nth(3)?.parse().ok()
}

#[test]
fn watermarks_outside_their_ranges_are_refused_in_words_and_change_nothing() {
    let script = "cat swap:params\n\
                  ! echo reserve=99999999 low=100000000 high=100000001 > swap:params\n\
                  ! echo reserve=100 low=0 > swap:params\n\
                  ! echo batch=33 > swap:params\n\
                  ! echo batch=16 frames=1 > swap:params\n\
                  cat swap:last_error\n\
                  cat swap:params swap:stat\n";
    let run = boot(1, script).succeeds();
    let run = run
        .says("params: reserve=99999999: from 64 to ")
        .says("params: low=0: must be above the reserve, which is 100 pages")
        .says("params: batch=33: from 1 to 32 pages")
        .prints("cat swap:last_error", "params: frames: not reserve, low, high or batch");
    let before = run.output_of("cat swap:params");
    assert_eq!(run.output_of("cat swap:params swap:stat")[..before.len()], before);
}

/// Watermarks at the edge of what is allowed, and a program that leaves little beside them.
fn nobody_is_killed(first: &str, marks: &str) {
    let script = format!(
        "{first}echo {marks} > swap:params\nmemhog --size 64M\necho the shell answers\nreport --figures\n"
    );
    let run = boot(1, &script).succeeds();
    let run = run.prints("echo the shell answers", "the shell answers");
    assert_eq!(run.figure("killed"), 0, "{marks}");
    assert!(run.figure("usable_bytes") < run.figure("total_bytes"), "{marks}");
}

#[test]
fn watermarks_just_below_the_edge_kill_nobody() {
    nobody_is_killed(SWAP, "reserve=2000 low=16000 high=20000");
}

#[test]
fn the_largest_reserve_kills_nobody_though_nothing_is_mounted() {
    nobody_is_killed("", "reserve=15000 low=15001 high=15002");
}

#[test]
fn pages_that_are_refused_count_the_same_for_the_device_and_for_the_pager() {
    // The limit refuses pages, and so does the reserve, because the high mark is far away.
    let script = format!(
        "{SWAP}echo 8M > zram:0/mem_limit\n\
         ! memhog --size 160M --passes 2 --threads 2\n\
         memhog --size 60M --passes 2 --threads 2\n\
         report --figures\ncat zram:0/io_stat\n"
    );
    let run = boot(2, &script).succeeds();
    let refused = run.figure("refused_limit") + run.figure("refused_no_reserve");
    let columns = run.output_of("cat zram:0/io_stat");
    let second = columns.first().and_then(|line| line.split_whitespace().nth(1));
    assert!(refused > 0, "nothing was refused");
    assert_eq!(second.and_then(|text| text.parse().ok()), Some(refused), "{columns:?}");
}

/// So few pieces that a pool of a few thousand pages reaches them when its pages go one by one.
const FEW_PIECES: &str = "grants=300";

#[test]
fn a_pool_in_more_pieces_than_the_kernel_allows_is_given_back_to_its_end() {
    let script = format!(
        "{SWAP}memhog --size 192M --passes 1 --threads 2\n\
         swapoff zram:0\n\
         echo 1 > zram:0/reset\n\
         echo 1 > zram:control/exit\n\
         sleep 300\n"
    );
    boot_with_words(FEW_PIECES, 2, &script)
        .succeeds()
        .says("zramd: ends with instances 0 devices 0 pool_pages 0 ");
}

#[test]
fn pages_that_cannot_be_given_back_are_used_again() {
    let script = format!(
        "{SWAP}memhog --size 160M --passes 2 --threads 2 --figures\n\
         memhog --size 192M --passes 2 --threads 2 --figures\n\
         report --figures\n"
    );
    let run = boot_with_words(FEW_PIECES, 2, &script).succeeds();
    assert_eq!(run.figure("errors"), 0);
}

#[test]
fn a_hundred_devices_leave_no_page_behind() {
    let round = |number: u32| {
        // Pages take most of the time, and what they leave behind shows after ten rounds as well.
        let uses = number <= 2 || number.is_multiple_of(10);
        let [pages, look] = if uses { ["pages zram:0\n", "sleep 300\nfree\n"] } else { ["", ""] };
        let add = "echo disksize=16M > zram:control/hot_add\n";
        format!("{add}{pages}echo 0 > zram:control/hot_remove\n{look}")
    };
    let script: String = (1..=100).map(round).collect();
    let run = boot(2, &script).succeeds();
    let used: Vec<_> = run.lines_with("Mem:").iter().map(|line| used_kib(line)).collect();
    assert_eq!(used.len(), 12);
    assert!(used[1..].iter().all(|kib| *kib == used[1]), "{used:?}");
}

/// Returns the second number of a line of `free`.
fn used_kib(line: &str) -> u64 {
    let used = line.split_whitespace().nth(2).and_then(|word| word.parse().ok());
    used.unwrap_or_else(|| panic!("no used memory in {line:?}"))
}

#[test]
fn the_daemon_answers_in_time_while_memory_is_gone_and_everybody_asks_it() {
    // Each refusal is a line of the log, which has no room for so many.
    let refused = "! echo 1G > zram:0/disksize\n".repeat(40);
    let script = format!(
        "{SWAP}memhog --size 170M --passes 3 --threads 2 --figures &\n\
         until pages_out 2000\n\
         {refused}report\nzramctl\n{refused}report\nzramctl\n\
         wait\n\
         cat swap:areas\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    assert_eq!(run.figure("errors"), 0);
    let areas = run.output_of("cat swap:areas");
    let lives = |line: &&str| line.starts_with("zram:0") && !line.ends_with("dead");
    assert!(areas.iter().any(lives), "it was given up: {areas:?}");
}

#[test]
fn a_mounted_device_grows_and_its_area_with_it_and_every_page_is_right() {
    let run = boot(
        1,
        "echo > zram:control/hot_add\n\
         echo 64M > zram:0/disksize\n\
         swapon zram:0\n\
         echo 100G > zram:0/resize\n\
         cat swap:areas\n\
         memhog --size 150M --passes 1\n\
         swapoff zram:0\n",
    );
    let run = run.succeeds();
    assert_eq!(area_line(&run, "cat swap:areas")[2], "104857600");
}
