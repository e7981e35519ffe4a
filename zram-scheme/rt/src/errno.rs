//! Errors of system calls, and how a person reads them.
//!
//! The numbers and texts are `redox_syscall`'s; this file adds the short names (EBUSY) that the
//! documentation of Linux zram speaks of.

use core::fmt;

pub use syscall::{Error, Result};

const NAMES: [(i32, &str); 35] = [
    (syscall::EPERM, "EPERM"),
    (syscall::ENOENT, "ENOENT"),
    (syscall::ESRCH, "ESRCH"),
    (syscall::EINTR, "EINTR"),
    (syscall::EIO, "EIO"),
    (syscall::ENXIO, "ENXIO"),
    (syscall::E2BIG, "E2BIG"),
    (syscall::ENOEXEC, "ENOEXEC"),
    (syscall::EBADF, "EBADF"),
    (syscall::EAGAIN, "EAGAIN"),
    (syscall::ENOMEM, "ENOMEM"),
    (syscall::EACCES, "EACCES"),
    (syscall::EFAULT, "EFAULT"),
    (syscall::EBUSY, "EBUSY"),
    (syscall::EEXIST, "EEXIST"),
    (syscall::ENODEV, "ENODEV"),
    (syscall::ENOTDIR, "ENOTDIR"),
    (syscall::EISDIR, "EISDIR"),
    (syscall::EINVAL, "EINVAL"),
    (syscall::EMFILE, "EMFILE"),
    (syscall::EFBIG, "EFBIG"),
    (syscall::ENOSPC, "ENOSPC"),
    (syscall::ESPIPE, "ESPIPE"),
    (syscall::EROFS, "EROFS"),
    (syscall::EPIPE, "EPIPE"),
    (syscall::ERANGE, "ERANGE"),
    (syscall::ENAMETOOLONG, "ENAMETOOLONG"),
    (syscall::ENOSYS, "ENOSYS"),
    (syscall::ENODATA, "ENODATA"),
    (syscall::EOVERFLOW, "EOVERFLOW"),
    (syscall::EOPNOTSUPP, "EOPNOTSUPP"),
    (syscall::ETIMEDOUT, "ETIMEDOUT"),
    (syscall::ESTALE, "ESTALE"),
    (syscall::ECANCELED, "ECANCELED"),
    (syscall::EOWNERDEAD, "EOWNERDEAD"),
];

/// Returns the short name of an error number, such as `EBUSY`.
pub fn name(errno: i32) -> Option<&'static str> {
    NAMES.iter().find(|&&(number, _)| number == errno).map(|&(_, name)| name)
}

/// An error in words, such as `device or resource busy (EBUSY)`.
#[derive(Clone, Copy, Debug)]
pub struct InWords(pub Error);

impl fmt::Display for InWords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.text();
        let mut letters = text.chars();
        // "I/O error" keeps its capital: its second letter is not a small one.
        let keeps = text.as_bytes().get(1).is_none_or(|byte| !byte.is_ascii_lowercase());
        match letters.next() {
            Some(first) if !keeps => {
                write!(out, "{}{}", first.to_ascii_lowercase(), letters.as_str())?
            }
            Some(_) | None => out.write_str(text)?,
        }
        match name(self.0.errno) {
            Some(name) => write!(out, " ({name})"),
            None => write!(out, " (errno {})", self.0.errno),
        }
    }
}
