//! Opening a file: finding it, checking permission, and counting the open of a device.

use syscall::flag::{O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY};

use super::file::File;
use super::handles::{HandleId, Opened};
use super::{Fault, path};
use crate::daemon::Daemon;
use crate::devices::OpenDeviceError;
use crate::platform::{Client, ClientRequest, Ports};

/// Longest path that any file has, and more; what is longer does not exist.
const EXISTING_PATH_MAX: usize = 128;

/// Opens what an OpenAt names; its words are base, path, path's size, flags.
///
/// # Errors
///
/// Any [`Fault`] of names and permissions.
pub(super) fn open<P: Ports>(daemon: &Daemon<P>, client: &Client<P>) -> Result<HandleId, Fault> {
    let base = daemon.handles.lock().get(HandleId(client.handle()))?.file;
    let mut buffer = [0; EXISTING_PATH_MAX];
    let path = copy_path(client, &mut buffer)?;
    let device = |id| daemon.devices.view(id).map(|view| view.name);
    let flags = client.word(3) as usize;
    let file = as_asked(path::resolve(base, path, device)?, flags)?;
    let opened =
        Opened { file, is_readable: flags & O_RDONLY != 0, is_writable: flags & O_WRONLY != 0 };
    let uid = client.opener_uid();
    let result = open_file(daemon, uid, opened);
    // Words for root alone: others could overwrite what root is about to read.
    if let Err(fault) = result
        && uid == 0
    {
        daemon.note_fault(file, fault);
    }
    result
}

fn open_file<P: Ports>(daemon: &Daemon<P>, uid: u32, opened: Opened) -> Result<HandleId, Fault> {
    check_permissions(opened, uid)?;
    match opened.file {
        File::Device(_) => open_device(daemon, uid, opened),
        File::Root
        | File::ControlDirectory
        | File::Control(_)
        | File::DeviceDirectory(_)
        | File::Attribute(..) => daemon.handles.lock().open(uid, opened),
    }
}

fn copy_path<'a>(client: &impl ClientRequest, buffer: &'a mut [u8]) -> Result<&'a str, Fault> {
    let size = client.payload_size();
    if size > path::PATH_MAX {
        return Err(Fault::NameTooLong);
    }
    let part = buffer.get_mut(..size).ok_or(Fault::NoFile)?;
    let copied = client.copy_payload(0, part);
    core::str::from_utf8(&part[..copied]).map_err(|_| Fault::NoFile)
}

/// Returns the file as the flags ask for it.
fn as_asked(file: File, flags: usize) -> Result<File, Fault> {
    if flags & O_CREAT != 0 && flags & O_EXCL != 0 {
        return Err(Fault::Exists);
    }
    if flags & O_DIRECTORY == 0 || file.is_directory() {
        return Ok(file);
    }
    match file {
        File::Device(name) => Ok(File::DeviceDirectory(name)),
        File::Root
        | File::ControlDirectory
        | File::DeviceDirectory(_)
        | File::Control(_)
        | File::Attribute(..) => Err(Fault::NotDirectory),
    }
}

fn check_permissions(opened: Opened, uid: u32) -> Result<(), Fault> {
    let Opened { file, is_readable, is_writable } = opened;
    if file.is_directory() && is_writable {
        return Err(Fault::IsDirectory);
    }
    // An open device refuses reset and removal, so opening it is not for everybody in any mode.
    let is_for_root = matches!(file, File::Device(_));
    let shift = if uid == 0 { 6 } else { 0 };
    let allowed = file.permissions() >> shift;
    let may_read = allowed & 0o4 != 0;
    let may_write = allowed & 0o2 != 0;
    if (is_readable && !may_read) || (is_writable && !may_write) || (is_for_root && uid != 0) {
        return Err(Fault::Denied);
    }
    Ok(())
}

fn open_device<P: Ports>(daemon: &Daemon<P>, uid: u32, opened: Opened) -> Result<HandleId, Fault> {
    let File::Device(wanted) = opened.file else { return Err(Fault::NotDirectory) };
    let name = daemon.devices.open(wanted.id).map_err(|error| match error {
        OpenDeviceError::Absent => Fault::NoFile,
        OpenDeviceError::Claimed => Fault::Claimed,
    })?;
    let handle = daemon.handles.lock().open(uid, Opened { file: File::Device(name), ..opened });
    handle.inspect_err(|_| daemon.devices.close(name.id))
}
