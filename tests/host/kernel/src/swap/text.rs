//! This kernel's additions to the texts of `swap`, which the glue writes (`swap_pager::files`).

use alloc::string::String;

use swap_pager::files::texts::{self, Memory};
use syscall::error::EINVAL;

use super::pager;
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::text::text;

/// Returns counts, times and sizes.
pub(super) fn statistics(kernel: &mut Kernel) -> String {
    let resident: usize = kernel.spaces.iter().map(|(_, space)| space.resident_pages()).sum();
    let windows = kernel.swap.queues.iter().flatten().filter(|queue| queue.window.is_some());
    let memory = Memory {
        total_pages: kernel.frames.total_count() as u64,
        free_pages: kernel.frames.free_count() as u64,
        resident_pages: resident as u64,
        window_pages: windows.count() as u64 * zram_abi::record::ENTRIES_MAX as u64,
    };
    pager::call(kernel, |pager, _| texts::stat(pager, memory))
}

/// Sets the watermarks that are named; the others stay. A refusal is put in words, for whoever reads
/// `last_error`; success clears them.
///
/// # Errors
///
/// EINVAL for unknown names, no numbers, or marks that are not allowed; nothing changes.
pub(super) fn set_parameters(kernel: &mut Kernel, words: &str) -> SysResult<()> {
    let refused = pager::call(kernel, |pager, _| pager.set_params(words));
    match refused {
        Ok(()) => {
            kernel.swap.last_error.clear();
            Ok(())
        }
        Err(why) => {
            kernel.swap.last_error = text(format_args!("params: {why}\n"));
            fail(EINVAL)
        }
    }
}
