//! The files of the tree, and who may open them.

use zram_abi::attribute::{Access, Attribute, control};

use zram_lifecycle::DeviceName;

/// A file of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `/`
    Root,
    /// `/control`
    ControlDirectory,
    /// `/control/...`
    Control(ControlFile),
    /// `/N`, opened as a directory.
    DeviceDirectory(DeviceName),
    /// `/N`
    Device(DeviceName),
    /// `/N/...`
    Attribute(DeviceName, Attribute),
}

/// A file under `/control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlFile {
    /// Writing adds a device; reading tells which one this handle added.
    HotAdd,
    /// Tells which device was added last.
    LastAdded,
    /// Writing removes a device.
    HotRemove,
    /// Writing ends the daemon.
    Exit,
    /// In words: why the last write to a control file was refused.
    LastError,
    /// In words: what there is to say of the last write to a control file that was taken.
    LastNote,
}

impl ControlFile {
    /// All files under `/control`, in alphabetical order.
    pub const ALL: [Self; 6] = [
        Self::Exit,
        Self::HotAdd,
        Self::HotRemove,
        Self::LastAdded,
        Self::LastError,
        Self::LastNote,
    ];

    /// Returns the file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HotAdd => control::HOT_ADD,
            Self::LastAdded => control::LAST_ADDED,
            Self::HotRemove => control::HOT_REMOVE,
            Self::Exit => control::EXIT,
            Self::LastError => control::LAST_ERROR,
            Self::LastNote => control::LAST_NOTE,
        }
    }

    /// Returns the file of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.name() == name)
    }

    const fn access(self) -> Access {
        match self {
            Self::HotAdd => Access::ReadWrite,
            Self::LastAdded | Self::LastError | Self::LastNote => Access::ReadOnly,
            Self::HotRemove | Self::Exit => Access::WriteOnly,
        }
    }
}

impl File {
    /// Returns what to call the file in a message.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::ControlDirectory => "control",
            Self::Control(file) => file.name(),
            Self::DeviceDirectory(_) | Self::Device(_) => "device",
            Self::Attribute(_, attribute) => attribute.name(),
        }
    }

    /// Returns what to say to who opened it for something else.
    pub(crate) const fn access_words(self) -> &'static str {
        let access = match self {
            Self::Control(file) => file.access(),
            Self::Attribute(_, attribute) => attribute.access(),
            Self::Root | Self::ControlDirectory | Self::DeviceDirectory(_) => Access::ReadOnly,
            Self::Device(_) => Access::ReadWrite,
        };
        match access {
            Access::ReadOnly | Access::RootReadOnly => "it can only be read",
            Access::WriteOnly => "it can only be written",
            Access::ReadWrite => "only root opens it so",
        }
    }

    /// Returns whether it lists names.
    pub const fn is_directory(self) -> bool {
        match self {
            Self::Root | Self::ControlDirectory | Self::DeviceDirectory(_) => true,
            Self::Control(_) | Self::Device(_) | Self::Attribute(..) => false,
        }
    }

    /// Returns the permission bits: owner root, then everybody else twice.
    pub const fn permissions(self) -> u16 {
        match self {
            Self::Root | Self::ControlDirectory | Self::DeviceDirectory(_) => 0o555,
            // Its pages are other programs' memory.
            Self::Device(_) => 0o600,
            Self::Control(ControlFile::HotAdd) => 0o600,
            Self::Control(file) => of_access(file.access()),
            Self::Attribute(_, attribute) => of_access(attribute.access()),
        }
    }
}

const fn of_access(access: Access) -> u16 {
    match access {
        Access::ReadOnly => 0o444,
        Access::WriteOnly => 0o200,
        Access::ReadWrite => 0o644,
        Access::RootReadOnly => 0o400,
    }
}

#[cfg(test)]
mod tests {
    use super::ControlFile;

    #[test]
    fn every_name_finds_its_control_file() {
        for file in ControlFile::ALL {
            assert_eq!(ControlFile::from_name(file.name()), Some(file));
        }
        assert!(ControlFile::ALL.is_sorted_by_key(|file| file.name()));
        assert_eq!(ControlFile::from_name(""), None);
    }
}
