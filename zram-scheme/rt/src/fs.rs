//! Files by path.
//!
//! The kernel knows no paths: a path is opened in two steps, `/scheme/NAME` with the namespace
//! manager, which gives the root of that scheme, and the rest with that scheme. Three spellings
//! mean the same: `/scheme/zram/0/mm_stat`, `zram:0/mm_stat`, and for the boot image's files
//! `/bin/sh`, which is `/scheme/initfs/bin/sh`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use syscall::flag::{O_DIRECTORY, O_RDONLY, O_WRONLY};
use syscall::{Error, Result};
use zram_abi::PAGE_SIZE;

use crate::environment;
use crate::fd::Fd;

/// Scheme of paths that name none.
const DEFAULT_SCHEME: &str = "initfs";

/// Most bytes of a text that is read whole: sixteen times what a kernel or daemon of ours ever shows.
pub const TEXT_MAX: usize = 64 << 10;

/// Where the namespace manager lists the schemes.
const SCHEMES: &str = "/scheme";

/// Splits a path into the scheme's name and the rest; nothing for a path that is neither.
pub fn split_path(path: &str) -> Option<(&str, &str)> {
    if let Some(rest) = path.strip_prefix("/scheme/") {
        return Some(rest.split_once('/').unwrap_or((rest, "")));
    }
    if path.starts_with('/') {
        return Some((DEFAULT_SCHEME, path.trim_start_matches('/')));
    }
    path.split_once(':').map(|(scheme, rest)| (scheme, rest.trim_start_matches('/')))
}

/// Opens a file by its path.
///
/// # Errors
///
/// ENOENT for a scheme that nobody registered or a path without one; else what the scheme answers.
pub fn open(path: &str, flags: usize) -> Result<Fd> {
    if path.trim_end_matches('/') == SCHEMES {
        return Fd::open_at(namespace()?, SCHEMES, flags);
    }
    let (scheme, rest) = split_path(path).ok_or(Error::new(syscall::ENOENT))?;
    let root = open_root(scheme)?;
    Fd::open_at(root.raw(), rest, flags)
}

/// Opens the root of a scheme, from which its files are opened.
///
/// # Errors
///
/// ENOENT if nobody registered that name, ENODEV in a program without namespace manager.
fn open_root(scheme: &str) -> Result<Fd> {
    Fd::open_at(namespace()?, &format!("{SCHEMES}/{scheme}"), O_DIRECTORY | O_RDONLY)
}

fn namespace() -> Result<usize> {
    environment::namespace().ok_or(Error::new(syscall::ENODEV))
}

/// Returns the whole content of a file of at most `bytes_max` bytes.
///
/// # Errors
///
/// Those of opening and reading it; EFBIG if it is larger, ENOMEM.
pub fn read(path: &str, bytes_max: usize) -> Result<Vec<u8>> {
    read_all(&open(path, O_RDONLY)?, bytes_max)
}

/// Returns the whole content of a text file; bytes that are no UTF-8 become U+FFFD.
///
/// # Errors
///
/// Those of opening and reading it; EFBIG if it is larger than [`TEXT_MAX`], ENOMEM.
pub fn read_text(path: &str) -> Result<String> {
    read(path, TEXT_MAX).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes `bytes` to a file in one write.
///
/// # Errors
///
/// Those of opening and writing it; EIO if it took a part only.
pub fn write(path: &str, bytes: &[u8]) -> Result<()> {
    let taken = open(path, O_WRONLY)?.write(bytes)?;
    if taken == bytes.len() { Ok(()) } else { Err(Error::new(syscall::EIO)) }
}

/// Returns the names in a directory, which reads as one name a line.
///
/// # Errors
///
/// ENOTDIR for a file; those of opening and reading it; EFBIG for names of more than [`TEXT_MAX`].
pub fn list(path: &str) -> Result<Vec<String>> {
    let bytes = read_all(&open(path, O_RDONLY | O_DIRECTORY)?, TEXT_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(ToString::to_string).collect())
}

/// Reads an open file from its position to its end, which is `bytes_max` bytes away at most.
///
/// # Errors
///
/// What the scheme answers; EFBIG if there is more, ENOMEM.
fn read_all(file: &Fd, bytes_max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.len();
        bytes.try_reserve(PAGE_SIZE).map_err(|_| Error::new(syscall::ENOMEM))?;
        bytes.resize(end + PAGE_SIZE, 0);
        let read = file.read(&mut bytes[end..])?;
        bytes.truncate(end + read);
        if read == 0 {
            return Ok(bytes);
        }
        if bytes.len() > bytes_max {
            return Err(Error::new(syscall::EFBIG));
        }
    }
}
