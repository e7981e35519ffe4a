//! The answers of fstat and fsize.

use syscall::data::Stat;
use syscall::flag::{MODE_DIR, MODE_FILE};
use zram_abi::PAGE_SIZE;

use super::Fault;
use super::file::File;
use crate::daemon::Daemon;
use crate::platform::{Client, ClientRequest, Ports};

/// Returns the bytes of a device, and 0 for every other file.
///
/// # Errors
///
/// [`Fault::NoDevice`].
pub(super) fn size<P: Ports>(daemon: &Daemon<P>, file: File) -> Result<u64, Fault> {
    match file {
        File::Device(name) => {
            Ok(daemon.devices.named(name)?.pages.map_or(0, |pages| pages.bytes()))
        }
        File::Root
        | File::ControlDirectory
        | File::Control(_)
        | File::DeviceDirectory(_)
        | File::Attribute(..) => Ok(0),
    }
}

/// Writes what fstat tells into the payload.
///
/// # Errors
///
/// [`Fault::NoDevice`]; [`Fault::BadRange`] for a payload that is too small.
pub(super) fn stat<P: Ports>(
    daemon: &Daemon<P>,
    file: File,
    client: &mut Client<P>,
) -> Result<usize, Fault> {
    let size = size(daemon, file)?;
    let kind = if file.is_directory() { MODE_DIR } else { MODE_FILE };
    let stat = Stat {
        st_mode: kind | file.permissions(),
        st_nlink: 1,
        st_size: size,
        st_blksize: PAGE_SIZE as u32,
        // In units of 512 bytes, as everywhere.
        st_blocks: size / 512,
        ..Stat::default()
    };
    if client.fill_payload(0, &stat) < size_of::<Stat>() {
        return Err(Fault::BadRange);
    }
    Ok(0)
}
