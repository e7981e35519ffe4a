//! The shell: its memory is bounded whatever a line asks for, and its code comes out as it is.

use crate::fixture::{Run, boot, type_at_prompt};

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
    let script = format!(
        "{}memhog --size 150M\nmemhog --size 150M --seed 2 --figures\n",
        crate::fixture::SWAP
    );
    let run = boot(2, &script).succeeds();
    let of_second = run.output_of("memhog --size 150M --seed 2 --figures");
    let pages_out =
        |line: &&str| line.split_once(" %, pages out ")?.1.split(' ').next()?.parse().ok();
    let shown: Vec<u64> = of_second.iter().filter_map(pages_out).collect();
    let all = run.figure("pages_out");
    assert!(!shown.is_empty(), "no progress was shown");
    assert!(shown.iter().all(|shown| *shown <= all), "{shown:?} of {all}");
}

#[test]
fn arrow_keys_history_and_completion_work_at_the_prompt() {
    let too_long = "x".repeat(1100);
    let keys = [
        "echo helo\x1b[Dl\r",
        "\x1b[A\x05 again\r",
        "echo gone\x17\x17\x15cat cpu:on\t\r",
        &too_long,
        "\r",
        "exit 7\r",
    ];
    let run = type_at_prompt(2, &keys.concat()).fails();
    for line in ["hello", "hello again", "0-1"] {
        assert_eq!(run.lines_with(line).first(), Some(&line));
    }
    let run = run.says("sh: the line is longer than 1024 characters; nothing of it was run");
    assert_eq!(run.guest_code(), Some(7));
}

#[test]
fn commands_of_a_line_run_in_turn_and_a_file_may_be_written_at_its_end() {
    let script = "\
echo one; echo two
echo disksize=64M > zram:control/hot_add; echo -n 1M >> zram:0/mem_limit; cat zram:0/mm_stat
! cat zram:7/disksize; echo three
";
    let run = boot(1, script).succeeds().prints("echo one; echo two", "two");
    let limit = "echo disksize=64M > zram:control/hot_add; echo -n 1M >> zram:0/mem_limit; cat zram:0/mm_stat";
    assert!(run.output_of(limit).iter().any(|line| line.contains(" 1048576 ")), "no limit");
    run.prints("! cat zram:7/disksize; echo three", "three");
}

#[test]
fn a_failing_script_names_its_file_and_line_and_runs_nothing_behind_it() {
    let run = boot(1, "# first\n\ncat zram:7/disksize; echo never\n").fails();
    let run = run.says("sh: /script, line 3: ended with code 1: cat zram:7/disksize; echo never");
    assert!(run.lines_with("never").is_empty(), "the line went on");
}

#[test]
fn arguments_that_nobody_knows_are_refused_everywhere() {
    let script = "\
! ls -x
! ls a b
! cat -x
! free -x
! free x
! wait x
! exit 256
! exit 1 2
! report --x
! bench --x
! pages zram:0 x
! attributes x
! memhog --size 1M x
! sh -x
! ls | cat
! ls < cat
";
    boot(1, script).succeeds().says("| is not known here");
}

#[test]
fn figures_for_programs_are_printed_on_request_alone() {
    let run = boot(1, "memhog --size 1M\necho behind\nmemhog --size 1M --figures\n").succeeds();
    let without = run.output_of("memhog --size 1M");
    assert!(!without.iter().any(|line| line.starts_with("figure ")), "{without:?}");
    assert_eq!(run.figure("errors"), 0);
}
