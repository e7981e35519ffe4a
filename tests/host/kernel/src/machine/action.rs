//! The interface between kernel and machine at every entry.
//!
//! The machine calls the kernel with the kernel lock held (`Kernel::on_syscall`, `on_fault`,
//! `on_exception`, `on_tick`) and then asks `Kernel::next_action` until it is told to run a thread.

use super::paging::{Root, UserPage};
use super::regs::RegsHandle;
use zram_abi::{CpuId, CpuSet};

/// A page fault of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The address that was touched.
    pub(crate) address: u64,
    /// It was a write.
    pub(crate) write: bool,
    /// It was an instruction fetch.
    pub(crate) instruction: bool,
}

/// What a CPU does next.
#[expect(clippy::large_enum_variant, reason = "moved once for each entry; the heap costs more")]
pub(crate) enum Action {
    /// Return to ring 3 with these registers in this address space. Until this CPU enters the kernel
    /// again the thread's registers belong to it. The CPU counts as using `root` until its next `Run`
    /// of another root or its next `Idle`.
    Run {
        /// The thread's registers.
        regs: RegsHandle,
        /// Its address space.
        root: Root,
    },
    /// Make these CPUs forget the translations, without the kernel lock, then call
    /// `Kernel::on_shootdown_done` and ask again.
    Shootdown {
        /// Who may have used the address space; the calling CPU may be among them.
        cpus: CpuSet,
        /// What to forget.
        pages: Pages,
    },
    /// Sleep until an interrupt; the CPU leaves its address space.
    Idle,
    /// Bring another CPU into the kernel, without the kernel lock. If it comes, it calls
    /// `Kernel::on_cpu_arrived`; if not, this CPU calls `Kernel::on_cpu_missing`. One CPU is started
    /// at a time.
    Start {
        /// A CPU that is present and not online.
        cpu: CpuId,
    },
    /// Do nothing until another CPU starts this one again, then call `Kernel::on_cpu_arrived`. From
    /// now on no shootdown may name this CPU; it answers those that were on their way.
    Park,
}

/// Pages that a shootdown names at most; as many as one batch of the pager carries.
pub(crate) const PAGES_MAX: usize = zram_abi::record::ENTRIES_MAX;

/// The translations that a shootdown removes.
#[derive(Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "moved once for each shootdown; the heap costs more")]
pub(crate) enum Pages {
    /// The first `count` of these pages.
    List {
        /// The pages.
        list: [UserPage; PAGES_MAX],
        /// How many of them count.
        count: usize,
    },
    /// All pages; a CPU that is not in ring 3 also leaves the address space, so that afterwards an
    /// address space without running threads can be destroyed.
    All,
}

impl Pages {
    /// Returns no pages.
    pub(crate) const fn none() -> Self {
        Self::List { list: [UserPage::ZERO; PAGES_MAX], count: 0 }
    }

    /// Forgets all pages. It writes no list anew, because every entry of the kernel ends with this.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::List { count, .. } => *count = 0,
            Self::All => *self = Self::none(),
        }
    }

    /// Adds a page; more than [`PAGES_MAX`] become all pages.
    pub(crate) fn push(&mut self, page: UserPage) {
        match self {
            Self::List { list, count } => match list.get_mut(*count) {
                Some(place) => {
                    *place = page;
                    *count += 1;
                }
                None => *self = Self::All,
            },
            Self::All => {}
        }
    }
}
