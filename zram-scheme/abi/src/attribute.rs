//! Names of the scheme's files: controls, attributes, statistics.
//!
//! They are Linux zram's names where it has one (admin-guide/blockdev/zram), because people and
//! scripts know those already.

/// What a device's attribute file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Size in bytes; writing it initialises the device.
    Disksize,
    /// Names of the algorithms, the chosen one in brackets.
    CompAlgorithm,
    /// At which level the algorithm compresses, as `key=value ...`.
    AlgorithmParams,
    /// 1 once the device is initialised.
    Initstate,
    /// Writing a number that is not 0 forgets everything.
    Reset,
    /// Writing a size gives the initialised device that size and keeps its content.
    Resize,
    /// Most bytes that the pool may use; 0 is no limit.
    MemLimit,
    /// Writing 0 sets the high-water mark to the present use.
    MemUsedMax,
    /// Bytes of the pool from which on who watches the device is told; 0 is none.
    MemWatermark,
    /// Sizes and counts, in Linux's nine columns.
    MmStat,
    /// Failures and free notices, in Linux's four columns.
    IoStat,
    /// Requests, pages and times, in the block layer's 17 columns.
    Stat,
    /// What is stored and what it takes, as `name value` lines that add up.
    Statistics,
    /// The state of each slot that holds a page, one line for each.
    BlockState,
    /// A version, and free notices that were lost: none ever is.
    DebugStat,
    /// Writing anything moves objects together and frees pool pages.
    Compact,
    /// Which CPUs have a stream and what each did; then the bytes of tables and of streams.
    Streams,
    /// In words: why the last write to this device was refused.
    LastError,
    /// In words: what is odd about the last write to this device that was taken, if anything is.
    LastNote,
}

/// Who may do what with an attribute file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone reads it; nobody writes it.
    ReadOnly,
    /// Uid 0 writes it; nobody reads it.
    WriteOnly,
    /// Anyone reads it; uid 0 writes it.
    ReadWrite,
    /// Uid 0 reads it; nobody writes it.
    RootReadOnly,
}

impl Attribute {
    /// All attributes, in the order in which a listing shows them.
    pub const ALL: [Self; 19] = [
        Self::AlgorithmParams,
        Self::BlockState,
        Self::CompAlgorithm,
        Self::Compact,
        Self::DebugStat,
        Self::Disksize,
        Self::Initstate,
        Self::IoStat,
        Self::LastError,
        Self::LastNote,
        Self::MemLimit,
        Self::MemUsedMax,
        Self::MemWatermark,
        Self::MmStat,
        Self::Reset,
        Self::Resize,
        Self::Stat,
        Self::Statistics,
        Self::Streams,
    ];

    /// Returns the file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disksize => "disksize",
            Self::CompAlgorithm => "comp_algorithm",
            Self::AlgorithmParams => "algorithm_params",
            Self::Initstate => "initstate",
            Self::Reset => "reset",
            Self::Resize => "resize",
            Self::MemLimit => "mem_limit",
            Self::MemUsedMax => "mem_used_max",
            Self::MemWatermark => "mem_watermark",
            Self::Stat => "stat",
            Self::Statistics => "statistics",
            Self::BlockState => "block_state",
            Self::DebugStat => "debug_stat",
            Self::MmStat => "mm_stat",
            Self::IoStat => "io_stat",
            Self::Compact => "compact",
            Self::Streams => "streams",
            Self::LastError => "last_error",
            Self::LastNote => "last_note",
        }
    }

    /// Returns the attribute of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name() == name)
    }

    /// Returns who may do what with the file.
    pub const fn access(self) -> Access {
        match self {
            Self::Disksize | Self::CompAlgorithm | Self::AlgorithmParams | Self::MemWatermark => {
                Access::ReadWrite
            }
            Self::Initstate
            | Self::MmStat
            | Self::IoStat
            | Self::Stat
            | Self::Statistics
            | Self::DebugStat
            | Self::Streams
            | Self::LastError
            | Self::LastNote => Access::ReadOnly,
            // It tells which pages are equal, and costs a walk over all.
            Self::BlockState => Access::RootReadOnly,
            Self::Reset | Self::Resize | Self::MemLimit | Self::MemUsedMax | Self::Compact => {
                Access::WriteOnly
            }
        }
    }
}

/// Files under `control/`.
pub mod control {
    /// Writing creates a device: `key=value ...`, or an empty line for a default one.
    pub const HOT_ADD: &str = "hot_add";
    /// Reading tells the id that the last `hot_add` gave; on the writing handle, its own.
    pub const LAST_ADDED: &str = "last_added";
    /// Writing an id removes that device.
    pub const HOT_REMOVE: &str = "hot_remove";
    /// Writing 1 ends the daemon in order.
    pub const EXIT: &str = "exit";
    /// In words: why the last write to a control file was refused.
    pub const LAST_ERROR: &str = "last_error";
    /// In words: what is odd about the last write to a control file that was taken, if anything is.
    pub const LAST_NOTE: &str = "last_note";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_attribute() {
        for attribute in Attribute::ALL {
            assert_eq!(Attribute::from_name(attribute.name()), Some(attribute));
        }
        assert_eq!(Attribute::from_name("mm_stat "), None);
    }

    #[test]
    fn the_listing_is_in_alphabetical_order() {
        assert!(Attribute::ALL.is_sorted_by_key(|attribute| attribute.name()));
    }
}
