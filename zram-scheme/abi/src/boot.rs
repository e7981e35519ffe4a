//! The memory that the first program finds at its start, and the numbers of its descriptors.
//!
//! As on Redox, the kernel writes [`METADATA_SIZE`] bytes just below [`METADATA_END`]: a count,
//! that many pairs (scheme id, descriptor) of 8 bytes each, and the descriptor of the
//! scheme-creation capability. The in-tree kernel appends where it mapped the initrd: base and
//! size, 8 bytes each. A Redox kernel appends nothing; there the loader writes the initrd's place
//! into the text of `sys:env` ([`initrd_in_env`]).

/// First address above the metadata.
pub const METADATA_END: usize = 0x8000_0000_0000;

/// Bytes of the metadata.
pub const METADATA_SIZE: usize = 4 * crate::PAGE_SIZE;

/// Marks a descriptor of the upper table.
pub const UPPER: usize = 1 << 62;

/// Descriptor of the scheme-creation capability in the first program.
pub const SCHEME_CREATION_CAP: usize = UPPER | 16;

/// Ids of the kernel's schemes; the first program has the root of each as `UPPER | id`.
pub mod scheme_id {
    /// Console.
    pub const DEBUG: u8 = 1;
    /// Event queues.
    pub const EVENT: u8 = 2;
    /// Memory statistics.
    pub const MEMORY: u8 = 3;
    /// Pipes.
    pub const PIPE: u8 = 4;
    /// Clocks.
    pub const TIME: u8 = 7;
    /// System information and power.
    pub const SYS: u8 = 8;
    /// Contexts and address spaces.
    pub const PROC: u8 = 9;
    /// CPU hotplug; added by our kernel glue.
    pub const CPU: u8 = 20;
    /// Swap areas, queues and statistics; added by our kernel glue.
    pub const SWAP: u8 = 21;
}

/// Names of the kernel's schemes as the namespace manager publishes them, with their ids.
pub const KERNEL_SCHEMES: [(&str, u8); 9] = [
    ("debug", scheme_id::DEBUG),
    ("event", scheme_id::EVENT),
    ("memory", scheme_id::MEMORY),
    ("pipe", scheme_id::PIPE),
    ("time", scheme_id::TIME),
    ("sys", scheme_id::SYS),
    ("proc", scheme_id::PROC),
    ("cpu", scheme_id::CPU),
    ("swap", scheme_id::SWAP),
];

/// Keys of the auxiliary vector that a program finds behind its environment.
///
/// 41 to 44 are Redox's (relibc); those above 0x1000 are ours.
pub mod auxv {
    /// End of the vector.
    pub const NULL: usize = 0;
    /// Descriptor of the `proc` root, for programs that may start others; from Redox's own user space, that of
    /// the program's process.
    pub const PROC_FD: usize = 41;
    /// Descriptor of this program's first context.
    pub const THREAD_FD: usize = 42;
    /// Descriptor of the namespace manager.
    pub const NAMESPACE_FD: usize = 43;
    /// Descriptor of the scheme-creation capability; given to `zramd` only.
    pub const SCHEME_CREATION_CAP: usize = 0x1000;
    /// Descriptor of the pipe that takes the exit code.
    pub const EXIT_PIPE_FD: usize = 0x1001;
    /// Lower descriptors of the creator end below this; what is not given here gets closed.
    pub const FD_LIMIT: usize = 0x1002;
    /// The handles of the creator's threads end below this; they get closed too.
    pub const STATUS_LIMIT: usize = 0x1003;
}

/// The file of the `sys` scheme with what the loader said, a line `NAME=VALUE` for each word.
pub const ENV: &str = "env";

/// Where the initrd lies in the first program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initrd {
    /// Its first byte.
    pub address: usize,
    /// How many bytes.
    pub size: usize,
}

/// Returns where the initrd lies, if the text of [`ENV`] says it, in hexadecimal digits.
pub fn initrd_in_env(text: &str) -> Option<Initrd> {
    let number = |name: &str| {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        usize::from_str_radix(value.trim(), 16).ok()
    };
    Some(Initrd { address: number("INITRD_ADDRESS")?, size: number("INITRD_SIZE")? })
}

/// `/scheme/sys/kstop`: writing `shutdown CODE` powers the machine off; 0 says all went well.
///
/// A Redox kernel takes no code. There it is said on the console before ([`CODE_LINE`]), and [`RESET`] is
/// what ends the machine.
pub const KSTOP: &str = "kstop";

/// What ends a machine whose kernel takes no code.
pub const RESET: &[u8] = b"reset";

/// What comes before the exit code on the console where the kernel takes none; the harness reads it.
pub const CODE_LINE: &str = "init: the machine ends with code ";

#[cfg(test)]
mod tests {
    use super::{Initrd, initrd_in_env};

    #[test]
    fn the_initrd_is_found_among_other_words() {
        let text = "X=1\nINITRD_ADDRESS=205000\nINITRD_SIZE=fb000\n";
        assert_eq!(initrd_in_env(text), Some(Initrd { address: 0x20_5000, size: 0xf_b000 }));
    }

    #[test]
    fn a_text_without_both_words_names_no_initrd() {
        for text in
            ["", "INITRD_ADDRESS=1000\n", "INITRD_SIZE=1\n", "INITRD_ADDRESS=x\nINITRD_SIZE=1"]
        {
            assert_eq!(initrd_in_env(text), None, "{text}");
        }
    }
}
