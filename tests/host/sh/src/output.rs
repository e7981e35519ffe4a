//! Where a command's output goes: to the console as it comes, or to a file in one write.
//!
//! An attribute takes its text in one write, so output to a file is collected first; its size is
//! bounded, and so is the shell's memory.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use host_core::line::Target;
use syscall::flag::{O_APPEND, O_WRONLY};
use zram_rt::errno::Error;
use zram_rt::{console, fs};

use crate::commands::Failure;

/// Most bytes for one write to a file; the longest text that an attribute takes is a page.
const WRITE_MAX: usize = fs::TEXT_MAX;

/// The output of one command.
pub(crate) enum Output {
    /// Shown at once.
    Console,
    /// Collected for a file.
    File {
        /// The file as the person wrote it.
        file: String,
        /// Whether it goes behind what is there.
        appends: bool,
        /// What there is so far.
        collected: Vec<u8>,
    },
}

impl Output {
    /// Returns the output to a file, or to the console if there is none.
    pub(crate) fn to(target: Option<&Target>) -> Self {
        target.map_or(Self::Console, |Target { file, appends }| Self::File {
            file: file.clone(),
            appends: *appends,
            collected: Vec::new(),
        })
    }

    /// Takes more text.
    ///
    /// # Errors
    ///
    /// In words, when it is too much for one write.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// Takes more bytes.
    ///
    /// # Errors
    ///
    /// In words, when they are too many for one write.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Console => console::write(bytes),
            Self::File { collected, .. } if collected.len() + bytes.len() <= WRITE_MAX => {
                collected.extend_from_slice(bytes);
            }
            Self::File { file, .. } => {
                let kib = WRITE_MAX >> 10;
                return Err(Failure::words(format!("{file} gets one write, of {kib} KiB at most")));
            }
        }
        Ok(())
    }

    /// Writes what is still to be written.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match self {
            Self::Console => Ok(()),
            Self::File { file, appends, collected } => {
                let write = if appends { append } else { fs::write };
                write(&file, &collected).map_err(|error| Failure::of_file(&file, error))
            }
        }
    }
}

/// Writes `bytes` in one write to a file that was opened for writing at its end.
fn append(file: &str, bytes: &[u8]) -> Result<(), Error> {
    let taken = fs::open(file, O_WRONLY | O_APPEND)?.write(bytes)?;
    if taken == bytes.len() { Ok(()) } else { Err(Error::new(syscall::EIO)) }
}
