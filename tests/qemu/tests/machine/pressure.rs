//! Memory is short: every page comes back as it was, and what cannot be saved is said.

use crate::fixture::{MEMORY_MIB, SWAP, boot};

/// Fills `size_mib` on `cpus` CPUs with pages that all differ, and checks every byte.
fn comes_back_right(cpus: u32, size_mib: u32) {
    let script = format!("{SWAP}memhog --size {size_mib}M --passes 1 --threads {cpus}\nreport\n");
    let run = boot(cpus, &script).succeeds();
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
    // Fits only because what the device refuses stays in memory.
    let script = format!(
        "{SWAP}echo 4M > zram:0/mem_limit\n\
         memhog --size 104M --passes 1 --threads 2\n\
         cat zram:0/mm_stat\n"
    );
    let run = boot(2, &script).succeeds();
    let mm_stat = run.output_of("cat zram:0/mm_stat").join("\n");
    let columns: Vec<u64> = mm_stat.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    assert_eq!(columns[3], 4 << 20, "mem_limit in {mm_stat}");
    assert!(columns[4] <= 4 << 20, "mem_used_max in {mm_stat}");
    assert!(columns[4] > 3 << 20, "the limit was not reached: {mm_stat}");
}

#[test]
fn memory_that_is_really_gone_costs_one_program_and_the_rest_lives() {
    let script = format!("! memhog --size {}M --passes 1 --threads 2\necho here\n", 2 * MEMORY_MIB);
    boot(2, &script).succeeds().says("out of memory");
}

#[test]
fn swapoff_brings_every_page_back() {
    // The second program pushes pages of the first one out, then ends and makes room for them.
    let script = format!(
        "{SWAP}memhog --size 72M --passes 6 &\n\
         memhog --size 56M\n\
         swapoff zram:0\n\
         cat /scheme/swap/areas\n\
         wait\n"
    );
    let run = boot(2, &script).succeeds().says("memhog has ended with code 0");
    let areas = run.output_of("cat /scheme/swap/areas");
    assert!(!areas.iter().any(|line| line.starts_with("zram:0")), "still mounted: {areas:?}");
    assert!(run.figure("pages_out") > 0);
}
