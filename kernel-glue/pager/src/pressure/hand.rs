//! Selection of pages to swap out: a clock hand that goes round all pages of all spaces.
//!
//! Second chance: a page that was used since the hand last passed loses its accessed bit and stays;
//! in the next round it is taken. The hand counts its rounds since reclaim last gained a frame. In
//! the first round accessed bits protect pages; after that they do not. So the second full round
//! has tried every page, and what it did not gain cannot be gained (DESIGN 8.2). The kernel says
//! which pages are candidates; pinned spaces are passed over here.

use crate::ports::{Page, Scan, SpaceId, SpaceKind, Spaces, UserPage};

/// Rounds without gain after which nothing more is to be had.
const ROUNDS_MAX: u8 = 2;

/// What one look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// This page is to leave.
    Victim(UserPage),
    /// Nothing, so far.
    On,
}

/// Where the hand stands.
#[derive(Debug)]
pub(crate) struct Hand {
    space: u32,
    page: Page,
    rounds: u8,
}

impl Hand {
    pub(crate) const fn new() -> Self {
        Self { space: 0, page: Page(0), rounds: 0 }
    }

    /// Returns whether every page was tried since the last gain.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.rounds >= ROUNDS_MAX
    }

    /// Reclaim has gained a frame, or begins anew.
    pub(crate) fn gained(&mut self) {
        self.rounds = 0;
    }

    /// Looks at a bounded part of what lies ahead, of `spaces` spaces.
    pub(crate) fn look(&mut self, spaces: u32, ports: &mut impl Spaces) -> Look {
        let space = SpaceId(self.space);
        match ports.kind(space) {
            Some(SpaceKind::Ordinary | SpaceKind::Protected) => {}
            Some(SpaceKind::Pinned) | None => {
                self.pass(spaces);
                return Look::On;
            }
        }
        match ports.next_candidate(space, self.page) {
            Scan::Found(candidate) => {
                self.page = Page(candidate.page.0.saturating_add(1));
                if candidate.accessed && self.rounds == 0 {
                    ports.clear_accessed(space, candidate.page);
                    return Look::On;
                }
                Look::Victim(UserPage { space, page: candidate.page })
            }
            Scan::Resume(page) => {
                self.page = page;
                Look::On
            }
            Scan::End => {
                self.pass(spaces);
                Look::On
            }
        }
    }

    fn pass(&mut self, spaces: u32) {
        self.page = Page(0);
        self.space = self.space.saturating_add(1);
        if self.space >= spaces {
            self.space = 0;
            self.rounds = self.rounds.saturating_add(1);
        }
    }
}
