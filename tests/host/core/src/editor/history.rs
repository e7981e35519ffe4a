//! The lines that were run, for the arrow keys.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Most lines that are kept: with the longest ones, 64 KiB.
const LINES_MAX: usize = 64;

/// Lines, the newest last, and where among them the person is.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<Vec<u8>>,
    /// How many lines back; 0 is the line that is being typed.
    back: usize,
    /// What was being typed when the first arrow key came.
    draft: Vec<u8>,
}

impl History {
    /// Adds a line, unless it is empty or the last one again.
    pub(super) fn add(&mut self, line: &str) {
        let line = line.trim();
        let is_again = self.lines.back().is_some_and(|last| last == line.as_bytes());
        if line.is_empty() || is_again {
            return;
        }
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line.as_bytes().to_vec());
    }

    /// Goes back to the line that is being typed, a new one.
    pub(super) fn leave(&mut self) {
        self.back = 0;
        self.draft.clear();
    }

    /// Returns the line before, if there is one; `current` is what the person sees.
    pub(super) fn older(&mut self, current: &[u8]) -> Option<Vec<u8>> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            self.draft = current.to_vec();
        }
        self.back += 1;
        self.lines.get(self.lines.len() - self.back).cloned()
    }

    /// Returns the line behind, at last the one that was being typed.
    pub(super) fn newer(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        self.back = self.back.checked_sub(1)?;
        match self.back {
            0 => Some(core::mem::take(&mut self.draft)),
            back => self.lines.get(self.lines.len() - back).cloned(),
        }
    }
}
