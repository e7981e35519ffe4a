//! Calls that end with EINTR, as they do on Redox without any signal, end no program.

use crate::fixture::{PAGES, boot_with_words, type_with_words};

/// Every third call that may wait is interrupted.
const WORDS: &str = "eintr=3";

#[test]
fn init_the_shell_and_the_daemon_live_with_interrupted_calls() {
    let script = format!("{PAGES}cat zram:0/mm_stat\nsleep 1\necho all live\n");
    boot_with_words(WORDS, 2, &script).succeeds().prints("echo all live", "all live");
}

#[test]
fn pages_go_out_and_come_back_by_interrupted_calls() {
    let script = "\
        echo > zram:control/hot_add\n\
        echo 512M > zram:0/disksize\n\
        swapon zram:0\n\
        memhog --size 160M --passes 1 --threads 2 --figures\n\
        swapoff zram:0\n";
    boot_with_words(WORDS, 2, script).succeeds().says("figure errors 0");
}

#[test]
fn every_fact_of_the_platform_holds_with_interrupted_calls() {
    boot_with_words(WORDS, 2, "platform\n").succeeds().prints("platform", "platform: 0 wrong");
}

#[test]
fn no_text_for_the_console_is_lost_by_interrupted_calls() {
    let names = || (0..30).map(|number| format!("line {number}"));
    let script: String = names().map(|name| format!("echo {name}\n")).collect();
    let run = boot_with_words(WORDS, 1, &script).succeeds();
    for name in names() {
        // A line of the daemon's may be beside it.
        let output = run.output_of(&format!("echo {name}"));
        assert!(output.contains(&name.as_str()), "{name}: {output:?}");
    }
}

#[test]
fn the_prompt_reads_on_after_interrupted_calls() {
    let run = type_with_words(WORDS, 1, "echo typed\rexit 7\r").fails();
    assert_eq!(run.guest_code(), Some(7));
}
