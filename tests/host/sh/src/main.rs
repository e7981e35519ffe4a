//! `sh`: a small shell for the serial console and for scripts.
//!
//! It reads lines from the console (`editor`) or from the file that is its argument, takes them
//! apart (`line`) and runs a command: one built in (`commands/`, one file each; `output`) or
//! `/bin/NAME`. A
//! script ends at the first line that fails, with that line's code; a line that begins with `!`
//! must fail.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod commands;
mod editor;
mod output;
mod shell;

use alloc::string::String;

use zram_rt::errno::InWords;
use zram_rt::{eprintln, fs, println};

use editor::{Editor, Input};
use shell::{Next, Shell};

zram_rt::entry!(main);

/// What the console shows before a line.
const PROMPT: &str = "zram> ";

/// Longest script, in bytes: some ten thousand lines.
const SCRIPT_MAX: usize = 1 << 20;

/// Exit code of a line that ought to have failed.
const DID_NOT_FAIL: u8 = 3;

fn main() -> u8 {
    match zram_rt::args().nth(1) {
        Some(path) => match fs::read(path, SCRIPT_MAX) {
            Ok(script) => run_script(&String::from_utf8_lossy(&script)),
            Err(error) => {
                match error.errno {
                    syscall::EFBIG => {
                        eprintln!("sh: {path}: it is larger than {} KiB", SCRIPT_MAX >> 10);
                    }
                    _ => eprintln!("sh: {path}: {}", InWords(error)),
                }
                1
            }
        },
        None => run_console(),
    }
}

fn run_script(script: &str) -> u8 {
    let mut shell = Shell::new();
    for text in script.lines().map(str::trim) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        println!("{PROMPT}{text}");
        let must_fail = text.strip_prefix('!');
        match (must_fail, shell.run(must_fail.unwrap_or(text).trim())) {
            (_, Next::Exit(code)) => return code,
            (None, Next::Done(0)) => {}
            (None, Next::Done(code)) => return code,
            (Some(_), Next::Done(0)) => {
                eprintln!("sh: this line had to fail, and did not: {text}");
                return DID_NOT_FAIL;
            }
            (Some(_), Next::Done(_)) => {}
        }
    }
    // What still runs in the background counts as the last line.
    shell.wait_for_all()
}

fn run_console() -> u8 {
    println!("type help for the commands, exit to power off");
    let mut shell = Shell::new();
    let mut editor = Editor::new();
    loop {
        let text = match editor.read_line(PROMPT) {
            Input::Line(text) => text,
            Input::Cancelled => continue,
            Input::End => return 0,
        };
        match shell.run(text.trim()) {
            Next::Exit(code) => return code,
            Next::Done(_) => {}
        }
    }
}
