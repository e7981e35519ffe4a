//! The word of one swap slot: its state, and how many page-table entries name it.
//!
//! A word has two bytes, 3 bits of state and 13 of users. It is shared: the kernel's hooks add and
//! remove users without the pager's lock ([`Entries`](crate::Entries)); only the pager makes all
//! other changes. Each change reads the word, computes the new one with a function below, and
//! writes it by compare-and-set, so hook and pager agree on which of them came first.

use crate::invariant::Invariant;

/// What a swap slot is doing; the number is how many entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nobody's; the daemon holds nothing under it.
    Free,
    /// Its page is on the way out.
    Storing(u16),
    /// The daemon holds the page. Without users it is the pager's to collect.
    Stored(u16),
    /// A LOAD is in flight; users may all have gone meanwhile.
    Loading(u16),
    /// A TAKE is in flight, for the one user that there is.
    Taking(u16),
    /// The page is lost; entries still name it. Without users it is the pager's to collect.
    Lost(u16),
    /// The daemon has yet to be told that it may forget the slot.
    Noticed,
    /// The daemon is being told.
    Noticing,
}

/// Most users of a slot: 13 bits. A space names a slot once, so this many spaces are the bound.
pub(crate) const USERS_MAX: u16 = 0x1fff;

const USERS_BITS: u32 = 13;

/// Why a slot has no further user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoUser {
    /// Its page is on the way out, or to the one user that it has.
    InFlight,
    /// It has [`USERS_MAX`].
    Full,
    /// Nobody names it, so nobody can have copied its entry.
    Broken(Invariant),
}

impl Slot {
    pub(crate) fn pack(self) -> u16 {
        let (tag, users) = match self {
            Self::Free => (0_u16, 0),
            Self::Storing(users) => (1, users),
            Self::Stored(users) => (2, users),
            Self::Loading(users) => (3, users),
            Self::Taking(users) => (4, users),
            Self::Lost(users) => (5, users),
            Self::Noticed => (6, 0),
            Self::Noticing => (7, 0),
        };
        tag << USERS_BITS | users & USERS_MAX
    }

    pub(crate) fn unpack(word: u16) -> Self {
        let users = word & USERS_MAX;
        match word >> USERS_BITS {
            0 => Self::Free,
            1 => Self::Storing(users),
            2 => Self::Stored(users),
            3 => Self::Loading(users),
            4 => Self::Taking(users),
            5 => Self::Lost(users),
            6 => Self::Noticed,
            _ => Self::Noticing,
        }
    }

    /// Returns the slot with one user less.
    pub(crate) fn less_one(self) -> Result<Self, Invariant> {
        let less = |users: u16| users.checked_sub(1).ok_or(Invariant::CountsAgree);
        Ok(match self {
            Self::Storing(users) => Self::Storing(less(users)?),
            Self::Stored(users) => Self::Stored(less(users)?),
            Self::Loading(users) => Self::Loading(less(users)?),
            Self::Taking(users) => Self::Taking(less(users)?),
            Self::Lost(users) => Self::Lost(less(users)?),
            Self::Free | Self::Noticed | Self::Noticing => return Err(Invariant::EntryHasSlot),
        })
    }

    /// Returns the slot with one user more.
    pub(crate) fn more_one(self) -> Result<Self, NoUser> {
        let more = |users: u16| match users {
            0 => Err(NoUser::Broken(Invariant::CountsAgree)),
            USERS_MAX.. => Err(NoUser::Full),
            users => Ok(users.wrapping_add(1)),
        };
        Ok(match self {
            Self::Stored(users) => Self::Stored(more(users)?),
            Self::Loading(users) => Self::Loading(more(users)?),
            Self::Lost(users) => Self::Lost(more(users)?),
            Self::Storing(_) | Self::Taking(_) => return Err(NoUser::InFlight),
            Self::Free | Self::Noticed | Self::Noticing => {
                return Err(NoUser::Broken(Invariant::EntryHasSlot));
            }
        })
    }

    /// Returns the same, but Noticed if the last user has gone and nothing is in flight.
    pub(crate) fn collected(self) -> Self {
        match self {
            Self::Stored(0) | Self::Lost(0) => Self::Noticed,
            Self::Free
            | Self::Storing(_)
            | Self::Stored(_)
            | Self::Loading(_)
            | Self::Taking(_)
            | Self::Lost(_)
            | Self::Noticed
            | Self::Noticing => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_slot_survives_its_word(users in 0..=USERS_MAX) {
            for slot in [
                Slot::Free, Slot::Storing(users), Slot::Stored(users), Slot::Loading(users),
                Slot::Taking(users), Slot::Lost(users), Slot::Noticed, Slot::Noticing,
            ] {
                prop_assert_eq!(Slot::unpack(slot.pack()), slot);
            }
        }
    }

    #[test]
    fn a_slot_counts_no_more_users_than_fit() {
        assert_eq!(Slot::Stored(USERS_MAX).more_one(), Err(NoUser::Full));
        assert_eq!(Slot::Stored(USERS_MAX - 1).more_one(), Ok(Slot::Stored(USERS_MAX)));
    }
}
