//! The shell: its memory is bounded whatever a line asks for, and its code comes out as it is.

use crate::fixture::{Run, boot};

/// Returns what `free` printed as used memory each time, in KiB.
fn used_kib(run: &Run) -> Vec<u64> {
    let used = |line: &&str| line.split_whitespace().nth(2)?.parse().ok();
    run.lines_with("Mem:").iter().filter_map(used).collect()
}

#[test]
fn cat_of_a_device_larger_than_memory_is_refused_in_words_and_the_shell_lives() {
    let script = "\
echo > zram:control/hot_add
echo 1T > zram:0/disksize
! cat zram:0
echo the rest lives
";
    boot(1, script)
        .succeeds()
        .prints("! cat zram:0", "cat: zram:0: it is larger than 4096 KiB")
        .prints("echo the rest lives", "the rest lives");
}

#[test]
fn cat_of_the_sample_succeeds_and_takes_no_memory() {
    let run = boot(1, "free\ncat /pages.bin\nfree\n").succeeds();
    let used = used_kib(&run);
    let [before, after] = used[..] else { panic!("{used:?}") };
    // Tables and stacks of whoever serves the file; collected, it would be four times the sample.
    assert!(after < before + 256, "{before} KiB, then {after} KiB");
}

#[test]
fn what_is_too_long_for_one_write_is_refused_in_words() {
    let script = "! cat /pages.bin > zram:control/hot_add\necho the rest lives\n";
    boot(1, script).succeeds().says("cat: zram:control/hot_add gets one write, of 64 KiB at most");
}

#[test]
fn a_script_that_is_too_long_is_refused_in_words() {
    let script = "# nothing happens here\n".repeat(50_000);
    boot(1, &script).fails().says("sh: /script: it is larger than 1024 KiB");
}

#[test]
fn the_code_of_the_shell_is_told_as_it_is() {
    for code in [16, 126, 127, 200, 255] {
        let run = boot(1, &format!("exit {code}\n")).fails();
        assert_eq!(run.guest_code(), Some(code));
    }
}

#[test]
fn progress_of_memhog_counts_from_its_own_start() {
    let script =
        format!("{}memhog --size 150M\nmemhog --size 150M --seed 2\n", crate::fixture::SWAP);
    let run = boot(2, &script).succeeds();
    let of_second = run.output_of("memhog --size 150M --seed 2");
    let pages_out =
        |line: &&str| line.split_once(" %, pages out ")?.1.split(' ').next()?.parse().ok();
    let shown: Vec<u64> = of_second.iter().filter_map(pages_out).collect();
    let all = run.figure("pages_out");
    assert!(!shown.is_empty(), "no progress was shown");
    assert!(shown.iter().all(|shown| *shown <= all), "{shown:?} of {all}");
}
