//! `as UID PROGRAM [ARGUMENT...]`: runs a program as another user.
//!
//! This program has root's rights, and the started program has none of them, nor any way to get
//! them: see `zram_rt::process::Command::as_user`.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;

use zram_rt::errno::InWords;
use zram_rt::process::{Command, End};
use zram_rt::{args, eprintln};

zram_rt::entry!(main);

/// Exit code of a program that was killed: Linux's 128 + SIGKILL.
const KILLED_CODE: u8 = 137;

fn main() -> u8 {
    let mut words = args().skip(1);
    let user = words.next().and_then(|word| word.parse().ok());
    let (Some(user), Some(program)) = (user, words.next()) else {
        eprintln!("usage: as UID PROGRAM [ARGUMENT...]");
        return 2;
    };
    let path = format!("/bin/{program}");
    let command =
        words.fold(Command::new(&path).as_user(user), |command, word| command.argument(word));
    match command.spawn().map(|child| child.wait()) {
        Ok(End::Exited(code)) => code,
        Ok(End::Killed) => {
            eprintln!("as: {program} was killed");
            KILLED_CODE
        }
        Err(error) => {
            eprintln!("as: {program}: {}", InWords(error));
            1
        }
    }
}
