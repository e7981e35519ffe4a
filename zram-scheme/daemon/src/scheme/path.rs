//! From a path to a file.
//!
//! Paths come relative to a directory; leading, trailing and double slashes and `.` mean nothing, and
//! `..` is a name like any other that does not exist.

use super::Fault;
use super::file::{ControlFile, File};
use zram_abi::attribute::Attribute;
use zram_lifecycle::{DeviceId, DeviceName};

/// Name of the control directory.
pub(super) const CONTROL: &str = "control";

/// Most bytes of a path, as in the kernel.
pub(super) const PATH_MAX: usize = 1024;

/// Returns the file at `path` below `base`; a device counts as the device, not as its directory.
///
/// # Errors
///
/// [`Fault::NoFile`], [`Fault::NotDirectory`].
pub(super) fn resolve(
    base: File,
    path: &str,
    device: impl Fn(DeviceId) -> Option<DeviceName>,
) -> Result<File, Fault> {
    let mut file = base;
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        file = match file {
            File::Root if part == CONTROL => File::ControlDirectory,
            File::Root => {
                let id = number(part).and_then(DeviceId::new).ok_or(Fault::NoFile)?;
                File::Device(device(id).ok_or(Fault::NoFile)?)
            }
            File::ControlDirectory => {
                File::Control(ControlFile::from_name(part).ok_or(Fault::NoFile)?)
            }
            File::Device(name) | File::DeviceDirectory(name) => {
                File::Attribute(name, Attribute::from_name(part).ok_or(Fault::NoFile)?)
            }
            File::Control(_) | File::Attribute(..) => return Err(Fault::NotDirectory),
        };
    }
    Ok(file)
}

/// Returns the number that is written in exactly this way.
fn number(part: &str) -> Option<u32> {
    let is_canonical = part == "0" || part.starts_with(|first: char| ('1'..='9').contains(&first));
    if is_canonical { part.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Fault, resolve};
    use crate::scheme::file::{ControlFile, File};
    use zram_abi::attribute::Attribute;
    use zram_lifecycle::{DeviceId, DeviceName};

    fn find(path: &str) -> Result<File, Fault> {
        let three = |id: DeviceId| (id.index() == 3).then_some(DeviceName { id, serial: 9 });
        resolve(File::Root, path, three)
    }

    #[test]
    fn paths_lead_to_files() {
        let name = DeviceName { id: DeviceId::new(3).unwrap(), serial: 9 };
        for (path, file) in [
            ("", File::Root),
            ("/", File::Root),
            (".", File::Root),
            ("control", File::ControlDirectory),
            ("control/", File::ControlDirectory),
            ("control//hot_add", File::Control(ControlFile::HotAdd)),
            ("3", File::Device(name)),
            ("/3/./disksize", File::Attribute(name, Attribute::Disksize)),
        ] {
            assert_eq!(find(path), Ok(file), "{path:?}");
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in ["4", "03", "+3", "-1", "3x", "99999999999", "..", "control/x", "3/x", "nosuch"]
        {
            assert_eq!(find(path), Err(Fault::NoFile), "{path:?}");
        }
        assert_eq!(find("3/disksize/x"), Err(Fault::NotDirectory));
        assert_eq!(find("control/exit/1"), Err(Fault::NotDirectory));
    }
}
