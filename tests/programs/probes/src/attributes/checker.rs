//! Makes one write or read, compares the result with the expected one, and prints the line.

use alloc::format;
use alloc::string::String;

use syscall::O_WRONLY;
use zram_rt::errno::{self, Error, Result};
use zram_rt::{fs, println};

use crate::table::{Read, Write};

/// Counts the checks.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    checks: u32,
    wrong: u32,
}

impl Checker {
    pub(crate) fn checks(&self) -> u32 {
        self.checks
    }

    pub(crate) fn wrong(&self) -> u32 {
        self.wrong
    }

    /// Makes all writes of a table in `directory` of the scheme.
    pub(crate) fn writes(&mut self, directory: &str, table: &[Write]) {
        for &(file, text, errno) in table {
            self.write(directory, file, text, errno);
        }
    }

    /// Makes all reads of a table.
    pub(crate) fn reads(&mut self, directory: &str, table: &[Read]) {
        for &(file, text) in table {
            self.read(directory, file, text);
        }
    }

    /// Writes `text`; nothing means that it must be taken whole, else the error it must give.
    pub(crate) fn write(&mut self, directory: &str, file: &str, text: &str, errno: Option<i32>) {
        let path = format!("zram:{directory}/{file}");
        let result = fs::open(&path, O_WRONLY).and_then(|file| file.write(text.as_bytes()));
        let shown: String = text.chars().take(24).collect();
        let what = format!("{directory}/{file} <- {shown:?}");
        match result {
            Ok(taken) if errno.is_none() && taken != text.len() => {
                self.note(false, &what, &format!("took {taken} of {} bytes", text.len()));
            }
            result => self.result(&what, result, errno),
        }
    }

    /// Reads a file that must begin with `wanted`, then blanks or the end.
    pub(crate) fn read(&mut self, directory: &str, file: &str, wanted: &str) {
        let what = format!("{directory}/{file}");
        match fs::read_text(&format!("zram:{directory}/{file}")) {
            Ok(text) => {
                let rest = text.trim_start().strip_prefix(wanted);
                let is_right = rest.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(char::is_whitespace) || wanted.is_empty()
                });
                self.note(is_right, &what, &format!("{:?}", text.trim()));
            }
            Err(error) => self.note(false, &what, name(error)),
        }
    }

    /// Checks that `last_error` has words.
    pub(crate) fn told_why(&mut self, directory: &str) {
        match fs::read_text(&format!("zram:{directory}/last_error")) {
            Ok(text) => self.note(!text.trim().is_empty(), "last_error", text.trim()),
            Err(error) => self.note(false, "last_error", name(error)),
        }
    }

    /// Compares the outcome of some call.
    pub(crate) fn result(&mut self, what: &str, result: Result<usize>, errno: Option<i32>) {
        let is_right = match (result, errno) {
            (Ok(_), None) => true,
            (Err(error), Some(wanted)) => error.errno == wanted,
            (Ok(_), Some(_)) | (Err(_), None) => false,
        };
        match result {
            Ok(_) => self.note(is_right, what, "taken"),
            Err(error) => self.note(is_right, what, name(error)),
        }
    }

    fn note(&mut self, is_right: bool, what: &str, found: &str) {
        self.checks += 1;
        self.wrong += u32::from(!is_right);
        println!("{} {what}: {found}", if is_right { "ok   " } else { "WRONG" });
    }
}

fn name(error: Error) -> &'static str {
    errno::name(error.errno).unwrap_or("an error without a name here")
}
