//! The supervisor against guests that are shell commands: no QEMU here.

use super::*;

const SHORT: Limits =
    Limits { total: Duration::from_millis(1500), silence: Duration::from_millis(300) };
const LONG: Limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(60) };

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    // With `exec`, a killed guest leaves no grandchild behind.
    command.args(["-c", script]);
    command
}

fn run(script: &str, limits: Limits) -> Result<Ended, Failed> {
    supervise(shell(script), limits, &mut |_, _| ())
}

#[test]
fn a_silent_guest_is_ended() {
    let failed = run("echo here; exec sleep 1000", SHORT).expect_err("it never ends itself");
    assert!(matches!(failed.why, Why::Silent(_)), "{failed}");
    assert_eq!(failed.log, "here\n");
}

#[test]
fn a_guest_that_talks_for_ever_is_ended() {
    let failed = run("while :; do echo again; sleep 0.1; done", SHORT).expect_err("it never ends");
    assert!(matches!(failed.why, Why::TooLong(_)), "{failed}");
}

#[test]
fn a_guest_that_floods_the_line_is_ended() {
    let failed = run("exec yes", LONG).expect_err("it never ends");
    assert!(matches!(failed.why, Why::TooLoud), "{}", failed.why);
}

#[test]
fn a_guest_that_closes_its_line_but_stays_is_ended() {
    let failed = run("exec >&- 2>&-; exec sleep 1000", SHORT).expect_err("it never ends itself");
    assert!(matches!(failed.why, Why::TooLong(_)), "{failed}");
}

#[test]
fn a_kernel_panic_is_reported_with_its_message() {
    let script = "echo 'KERNEL PANIC cpu 1: frame 7 freed twice'; echo at frames.rs:10; exit 33";
    let failed = run(script, LONG).expect_err("a panic is never a success");
    assert!(matches!(failed.why, Why::Panicked), "{failed}");
    assert!(failed.log.contains("frame 7 freed twice\nat frames.rs:10\n"), "{failed}");
}

#[test]
fn a_kernel_that_hangs_in_its_panic_is_ended_after_its_last_words() {
    let failed = run("echo KERNEL PANIC cpu 0: lock; exec sleep 1000", LONG).expect_err("hangs");
    assert!(matches!(failed.why, Why::Panicked), "{failed}");
}

/// Attends to a guest that is a shell command with its log in `$LOG`.
fn attend(name: &str, script: &str) -> Result<std::process::ExitStatus, Why> {
    let log = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    let mut command = shell(script);
    command.env("LOG", &log);
    let result = attended::attend(command, &log);
    // It may never have been written.
    let _ = std::fs::remove_file(&log);
    result
}

#[test]
fn a_kernel_that_halts_in_its_panic_before_a_person_is_ended() {
    let script = "printf 'zram> \\r\\nKERNEL PANIC: oom\\r\\n' > $LOG; exec sleep 1000";
    assert!(matches!(attend("panics", script), Err(Why::Panicked)));
}

#[test]
fn a_person_may_speak_of_a_panic() {
    let script = "echo 'zram> echo KERNEL PANIC' > $LOG; sleep 0.5; exit 3";
    let status = attend("speaks", script).expect("it ends by itself");
    assert_eq!(status.code(), Some(3));
}

#[test]
fn status_lines_and_errors_of_the_guest_are_kept() {
    let mut lines = Vec::new();
    let ended =
        supervise(shell("printf 'a\\r\\n\\nb'; echo c >&2; exit 5"), LONG, &mut |line, _| {
            lines.push(line.to_owned());
        })
        .expect("it ends by itself");
    assert_eq!(ended.status, Some(5));
    assert!(!ended.succeeded());
    lines.sort();
    assert_eq!(lines.len(), ended.log.lines().count());
    assert!(lines.iter().any(|line| line == "a") && lines.iter().any(String::is_empty));
    assert!(ended.log.contains('b') && ended.log.contains('c'));
}

#[test]
fn a_missing_program_is_told_from_a_failing_one() {
    let command = Command::new("./no-such-program");
    let failed = supervise(command, LONG, &mut |_, _| ()).expect_err("there is none");
    assert!(matches!(failed.why, Why::NotStarted(_)), "{failed}");
}

#[test]
fn a_guest_does_not_outlive_a_harness_that_is_killed() {
    // A harness in small: it starts a mortal guest and waits for ever. The guest says that it runs.
    let mut guest = mortal("sh");
    guest.args(["-c", "echo up; exec sleep 1000 2>&-"]);
    let words = guest.get_args().map(|word| format!("'{}'", word.to_string_lossy()));
    let words: Vec<String> = words.collect();
    let program = guest.get_program().to_string_lossy();
    let script = format!("{program} {} & wait", words.join(" "));
    let mut harness = shell(&script).stdout(Stdio::piped()).spawn().expect("there is a shell");
    let mut out = io::BufReader::new(harness.stdout.take().expect("it is piped"));
    io::BufRead::read_line(&mut out, &mut String::new()).expect("the guest runs");
    harness.kill().expect("it is ours");
    harness.wait().expect("it is ours");
    // The guest shares the pipe: it closes when the guest is gone.
    let (sender, closed) = channel();
    thread::spawn(move || sender.send(out.read_to_end(&mut Vec::new())));
    assert!(closed.recv_timeout(LONG.total).is_ok(), "the guest lives on");
}

#[test]
fn a_crash_ends_a_run_that_is_to_have_none() {
    let script = "echo 'UNHANDLED EXCEPTION, CPU 0'; echo regs; exec sleep 1000";
    let command = || shell(script);
    let failed = listen_for(Some("UNHANDLED"), command(), LONG, &mut |_, _| ());
    let failed = failed.expect_err("it crashed");
    assert!(matches!(failed.why, Why::Crashed), "{failed}");
    assert!(failed.log.ends_with("regs\n"), "{failed}");
    let failed = listen_for(None, command(), SHORT, &mut |_, _| ()).expect_err("it hangs");
    assert!(matches!(failed.why, Why::Silent(_)), "{failed}");
}

#[test]
fn the_code_of_a_machine_that_resets_is_what_was_told_last() {
    let told = |script| run(script, LONG).expect("it ends").code_told();
    assert_eq!(told("echo 'init: the machine ends with code 7'; echo Reset"), Some(7));
    assert_eq!(told("echo booting"), None);
}
