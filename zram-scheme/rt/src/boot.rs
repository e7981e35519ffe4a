//! The kernel's data for the first program: roots of its schemes, and the initrd.
//!
//! `zram_abi::boot` defines the layout, in the pages just below `METADATA_END`. On a Redox kernel
//! the place of the initrd is not there but in `sys:env`. Used by `init` alone.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use alloc::vec::Vec;

use zram_abi::boot::{ENV, Initrd, METADATA_END, METADATA_SIZE, UPPER, initrd_in_env, scheme_id};

use crate::environment;
use crate::fd::Fd;
use crate::memory::Mapping;

/// Whether [`take`] was called. Relaxed: only the answer of one swap matters.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// More roots than this do not fit into the metadata, so a larger count is damage.
const ROOTS_MAX: usize = 64;

/// The first program's belongings.
#[derive(Debug)]
pub struct Boot {
    /// The roots of the kernel's schemes.
    pub roots: Vec<Root>,
    /// The initrd; dropping it gives its frames back. Nothing on a kernel that maps none.
    pub initrd: Option<Mapping>,
}

/// The root of a scheme of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// One of `zram_abi::boot::scheme_id`.
    pub scheme: u8,
    /// The descriptor by which the first program has it.
    pub descriptor: usize,
}

/// Returns what the kernel left, once, and only to the first program.
pub fn take() -> Option<Boot> {
    if !environment::is_first_program() || TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    let count = word(0).min(ROOTS_MAX);
    let root = |index| Root {
        scheme: (word(1 + 2 * index) & 0xff) as u8,
        descriptor: word(2 + 2 * index),
    };
    let roots = (0..count).map(root).collect();
    let behind_cap = 1 + 2 * count + 1;
    let initrd = match word(behind_cap) {
        0 => initrd_by_loader(),
        address => Some(Initrd { address, size: word(behind_cap + 1) }),
    };
    let initrd = initrd.and_then(|Initrd { address, size }| {
        let start = NonNull::new(core::ptr::with_exposed_provenance_mut(address))?;
        // SAFETY: the kernel mapped this range for us, readable and writable: apart, or behind this
        // program's segments. `TAKEN` keeps anybody from becoming a second owner.
        Some(unsafe { Mapping::from_parts(start, size) })
    });
    Some(Boot { roots, initrd })
}

/// Bytes of what the loader said that are looked at.
const ENV_MAX: usize = 2048;

/// Returns where the initrd lies, as the loader said it.
fn initrd_by_loader() -> Option<Initrd> {
    let root = UPPER | usize::from(scheme_id::SYS);
    let env = Fd::open_at(root, ENV, syscall::O_RDONLY).ok()?;
    let mut bytes = [0; ENV_MAX];
    let length = env.read(&mut bytes).ok()?;
    initrd_in_env(core::str::from_utf8(bytes.get(..length)?).ok()?)
}

fn word(index: usize) -> usize {
    let at = METADATA_END - METADATA_SIZE + index * size_of::<usize>();
    // SAFETY: the first program has these pages, and `ROOTS_MAX` keeps `index` within them.
    unsafe { core::ptr::with_exposed_provenance::<usize>(at).read() }
}

const _: () = assert!((1 + 2 * ROOTS_MAX + 3) * size_of::<usize>() <= METADATA_SIZE);
