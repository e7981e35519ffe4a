//! What unmap, fork and exit do to swap entries.
//!
//! The binding removes entries from page tables and copies them, under the address space's lock;
//! the functions here count them. They take no locks but leaves, so that a hook may be anywhere.
//! The one exception is the beginning of a fork, and its function says so.

use swap_pager::ports::Frame;
use swap_pager::{Duplicate, Fork};
use zram_abi::error::{EAGAIN, ENOMEM};

use crate::fault::Outcome;
use crate::kernel::{Kernel, TableId};
use crate::ports::entry_of;
use crate::state::Glue;
use crate::{Errno, Page};

/// Most frames that a fork has put aside for the tables of the copy: those of 256 MiB, and of sparse
/// programs less. A larger one takes the rest as any kernel-side user does.
const TABLES_MAX: usize = 128;

/// Whether an entry may stand in the copy too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Copied {
    /// There was none.
    NoEntry,
    /// It is counted: it is to be put into the copy.
    Counted,
}

impl<K: Kernel> Glue<K> {
    /// Returns whether this is a swap entry.
    pub fn is_swapped(&self, raw: u64) -> bool {
        self.is_active() && entry_of(raw, K::BITS).is_some()
    }

    /// An entry was taken out of the page table with this root.
    pub fn entry_dropped(&self, root: TableId, raw: u64) {
        let Some((entry, entries)) = entry_of(raw, K::BITS).zip(self.entries()) else { return };
        match self.spaces.find(root) {
            Some(space) => entries.drop_user(space, entry),
            None => self.kernel.say(format_args!("swap: an entry of a space without a number")),
        }
    }

    /// An entry is about to stand in the page table with this root too.
    ///
    /// # Errors
    ///
    /// EAGAIN while its page is on its way; ENOMEM when too many programs have it, or have a number.
    pub fn entry_copied(&self, root: TableId, raw: u64) -> Result<Copied, Errno> {
        let Some((entry, entries)) = entry_of(raw, K::BITS).zip(self.entries()) else {
            return Ok(Copied::NoEntry);
        };
        let space = self.spaces.number(root, entries).ok_or(Errno(ENOMEM))?;
        match entries.add_user(space, entry) {
            Duplicate::Counted => Ok(Copied::Counted),
            Duplicate::InFlight => Err(Errno(EAGAIN)),
            Duplicate::Full => Err(Errno(ENOMEM)),
        }
    }

    /// All mappings of the space with this table are gone; the table is about to be.
    pub fn space_ended(&self, root: TableId) {
        if let Some(entries) = self.entries()
            && let Some(space) = self.spaces.find(root)
        {
            // In this order: the number is not given again before the pager has heard of it.
            entries.space_gone(space);
            self.spaces.forget(root);
        }
    }

    /// A copy of a space is made: the pager is to know it.
    pub fn space_copied(&self, copy: &K::Space) {
        if let Some(entries) = self.entries() {
            let root = self.kernel.look(copy, |tables| tables.root());
            if let Some(number) = self.spaces.find(root)
                && !entries.is_gone(number)
            {
                self.spaces.remember(number, K::downgrade(copy));
            }
        }
    }

    /// A copy of a space is about to be made: waits until no page of it is on its way, and until there
    /// are frames for the copy's page tables. No page of it leaves until the system call is over.
    ///
    /// # Errors
    ///
    /// ENOMEM, also when the context is to die.
    ///
    /// # Context
    ///
    /// Waits. With no lock held.
    pub fn fork_begins(&self, root: TableId) -> Result<(), Errno> {
        // One without a number has no page in swap.
        let Some(number) = self.spaces.find(root) else { return Ok(()) };
        if let Some(space) = self.spaces.get(number) {
            self.tables_awaited(&space)?;
        }
        // None leaves between the wait and the copy.
        self.keep_all(root)?;
        let wait = self.waiting().ok_or(Errno(ENOMEM))?;
        loop {
            let answer = self.call(|pager, machine| pager.fork_begin(number, wait.waiter, machine));
            match answer {
                Some(Fork::Wait) => {
                    if !self.sleep(&wait, "swap: fork") {
                        return Err(Errno(ENOMEM));
                    }
                }
                Some(Fork::Ready) | None => return Ok(()),
            }
        }
    }

    /// Waits for as many frames as the copy needs tables, and lets them go: they are above the reserve,
    /// where no program can take them before others that wait, and the copy is made at once.
    fn tables_awaited(&self, space: &K::Space) -> Result<(), Errno> {
        let wanted = self.kernel.look(space, count_tables);
        let mut frames = [const { None::<Frame> }; TABLES_MAX];
        let mut result = Ok(());
        for place in frames.iter_mut().take(wanted) {
            match self.awaited_frame() {
                Ok(frame) => *place = Some(frame),
                Err(Outcome::Done | Outcome::OutOfMemory | Outcome::Failed) => {
                    result = Err(Errno(ENOMEM));
                    break;
                }
            }
        }
        frames.into_iter().flatten().for_each(|frame| self.kernel.release(frame));
        result
    }
}

/// Returns about how many page tables there are below a root, three of them for the upper levels.
fn count_tables(tables: &dyn crate::Tables) -> usize {
    let (mut at, mut count) = (0_u64, 3_usize);
    while count < TABLES_MAX
        && let Some(span) = tables.next_span(Page(at))
    {
        at = at.max(span.first.0);
        count = count.saturating_add(usize::from(tables.entry(Page(at)).is_some()));
        at = (at | 511).saturating_add(1);
    }
    count
}
