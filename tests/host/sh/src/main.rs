//! `sh`: a small shell for the serial console and for scripts.
//!
//! It reads lines from the console (`console`, `completion`) or from the file that is its argument,
//! has them parsed (`host_core::line`) and runs commands (`shell`): one built in (`commands/`, one
//! file each; `output`) or `/bin/NAME`. A script ends at the first command that fails, with that
//! command's exit code and a message that names file and line; a command that begins with `!` must
//! fail.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod commands;
mod completion;
mod console;
mod output;
mod shell;

use alloc::string::String;

use host_core::editor::Input;
use host_core::line::LINE_MAX;
use zram_rt::errno::InWords;
use zram_rt::{eprintln, fs, println};

use console::Console;
use shell::{Next, Shell};

zram_rt::entry!(main);

/// What the console shows before a line.
const PROMPT: &str = "zram> ";

/// Longest script, in bytes: some ten thousand lines.
const SCRIPT_MAX: usize = 1 << 20;

/// Exit code for wrong use.
const WRONG_USE: u8 = 2;

fn main() -> u8 {
    let mut arguments = zram_rt::args().skip(1);
    let (script, more) = (arguments.next(), arguments.next());
    if let Some(unknown) = more.or(script.filter(|word| word.starts_with('-'))) {
        eprintln!("sh: {unknown}: unknown option or argument\nusage: sh [SCRIPT]");
        return WRONG_USE;
    }
    match script {
        Some(path) => match fs::read(path, SCRIPT_MAX) {
            Ok(script) => run_script(path, &String::from_utf8_lossy(&script)),
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

fn run_script(path: &str, script: &str) -> u8 {
    let mut shell = Shell::of_script();
    for (index, text) in script.lines().map(str::trim).enumerate() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        println!("{PROMPT}{text}");
        match shell.run(text) {
            Next::Exit(code) => return code,
            Next::Done(0) => {}
            Next::Done(code) => {
                eprintln!("sh: {path}, line {}: ended with code {code}: {text}", index + 1);
                return code;
            }
        }
    }
    // What still runs in the background counts as the last line.
    shell.wait_for_all()
}

fn run_console() -> u8 {
    println!("type help for the commands, exit to power off");
    let mut shell = Shell::of_console();
    let mut console = Console::new(PROMPT);
    loop {
        let text = match console.read_line() {
            Input::Line(text) => text,
            Input::TooLong => {
                eprintln!(
                    "sh: the line is longer than {LINE_MAX} characters; nothing of it was run"
                );
                continue;
            }
            Input::Cancelled | Input::Complete => continue,
            Input::End => return 0,
        };
        match shell.run(text.trim()) {
            Next::Exit(code) => return code,
            Next::Done(_) => {}
        }
    }
}
